import type { RuleCheck, RuleCompiler } from './rules/rule-check.ts';
import type { Structural } from './structural.ts';

/** Gives the compiler of CEL rules, which is loaded when the first schema with rules comes. */
export type RuleLoader = () => Promise<RuleCompiler>;

/** One for all schemas of a server. */
export function createRuleLoader(): RuleLoader {
  let loading: Promise<RuleCompiler> | undefined;
  return () => {
    loading ??= import('./rules/rule-check.ts').then(({ createRuleCompiler }) => createRuleCompiler());
    return loading;
  };
}

/** Compiles the CEL rules of a schema that has some; must have ended before its objects are validated. Costs nothing without rules. */
export async function prepareRules(structural: Structural, loader: RuleLoader): Promise<void> {
  const root = structural.root();
  if (!root.has.rules) return;
  const compiler = await loader();
  structural.memo<RuleCheck>('rules', () => compiler.compile(root, true));
}

/** The rules of a schema that has some. */
export function preparedRules(structural: Structural): RuleCheck {
  return structural.memo<RuleCheck>('rules', () => {
    throw new Error('prepareRules must have ended before a custom object is validated');
  });
}
