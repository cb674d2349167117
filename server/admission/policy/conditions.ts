import { conditionsBudget, evaluateAll, type Inputs, OutOfBudget } from './evaluate.ts';
import type { Runnable } from './programs.ts';

export type ConditionsOutcome = 'match' | 'skip' | { readonly error: string };

/** Go's aggregate: one error is itself, several stand in brackets. */
export function aggregate(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length === 1 ? `${distinct[0]}` : `[${distinct.join(', ')}]`;
}

/** All must be true; what cannot be told is up to the failure policy, unless another is false. */
export async function meetsConditions(
  conditions: readonly Runnable[],
  inputs: Inputs,
  {
    variables,
    ignoresFailures,
  }: { readonly variables: ReadonlyMap<string, Runnable>; readonly ignoresFailures: boolean },
): Promise<ConditionsOutcome> {
  const failed = (error: string): ConditionsOutcome => (ignoresFailures ? 'skip' : { error });
  try {
    // Conditions do not see the namespace.
    const seen = { ...inputs, namespaceObject: null };
    const { outcomes } = await evaluateAll(conditions, seen, { variables, budget: conditionsBudget });
    if (outcomes.some((outcome) => outcome?.error === undefined && outcome?.value === false)) return 'skip';
    const errors = outcomes.flatMap((outcome) => (outcome?.error === undefined ? [] : [outcome.error]));
    return errors.length === 0 ? 'match' : failed(aggregate(errors));
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message);
    throw error;
  }
}
