import { createEnvironment, type Environment } from '../../cel/environment.ts';
import type { FieldErrors } from '../../field-error.ts';
import type { Node } from '../structural.ts';
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
  readonly environment: Environment;
  compile(node: Node, isResource: boolean): RuleCheck;
}

export function createRuleCompiler(): RuleCompiler {
  const environment = createEnvironment();
  return {
    environment,
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
