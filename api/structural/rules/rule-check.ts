import { createEnvironment } from '../../cel/environment.ts';
import type { FieldErrors, FieldPath } from '../../field-error.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Node } from '../structural.ts';
import { definitionRuleErrors } from './definition-rules.ts';
import { evaluateRules, type RuleRun, type RuleSubject } from './evaluate-rules.ts';
import { costPerObject } from './rule.ts';
import { compileRuleTree } from './rule-tree.ts';

export interface RuleOutcome {
  readonly errors: FieldErrors;
  /** Errors that were there before the update: clients are told, and no more. */
  readonly warnings: readonly string[];
  /** What is left of the budget; negative when it ran out. */
  readonly budget: number;
}

/** Runs the rules of a schema; without a budget it is that of one object. */
export type RuleCheck = (subject: RuleSubject, budget?: number) => RuleOutcome;

/** Compiles the rules of schemas; one serves all schemas, since what expressions may call is read once. */
export interface RuleCompiler {
  compile(node: Node, isResource: boolean): RuleCheck;
  /** What is wrong with the rules of a definition's schema; `found`: errors of the schema itself. */
  check(schema: JsonSchema, path: FieldPath, found: FieldErrors): FieldErrors;
}

export function createRuleCompiler(): RuleCompiler {
  const environment = createEnvironment();
  return {
    check: (schema, path, found) => definitionRuleErrors(schema, path, found, environment),
    compile: (node, isResource) => {
      const tree = compileRuleTree(environment, node, isResource);
      return (subject, budget = costPerObject) => {
        const run: RuleRun = { budget, errors: [], warnings: [] };
        if (tree !== undefined) evaluateRules(tree, subject, run);
        return run;
      };
    },
  };
}
