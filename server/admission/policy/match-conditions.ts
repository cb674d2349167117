import { createExpressionCompiler } from '../../resources/admissionregistration/expression-compiler.ts';
import type { ConditionMatcher } from '../webhook/match.ts';
import { meetsConditions } from './conditions.ts';
import type { ExpressionAuthorizer } from './deps.ts';
import { authorizerOf, inputsOf } from './inputs.ts';
import { createPrograms, type Runnable } from './programs.ts';

const noVariables: ReadonlyMap<string, Runnable> = new Map();

/** The matchConditions of webhooks; each list of them is compiled once. */
export function createMatchConditions(authorizer: ExpressionAuthorizer): ConditionMatcher {
  const compiler = createExpressionCompiler();
  const programOf = createPrograms();
  const compiled = new WeakMap<object, readonly Runnable[]>();
  return async (conditions, { ignoresFailures }, { request, place, object, oldObject }) => {
    let runnables = compiled.get(conditions);
    if (runnables === undefined) {
      const options = { hasParams: false, hasAuthorizer: true };
      runnables = conditions.map(({ expression }) =>
        programOf(compiler.compile('matchCondition', expression.trim(), options)),
      );
      compiled.set(conditions, runnables);
    }
    const seen = { object, oldObject };
    const parts = { request, place, seen, namespace: undefined, params: undefined };
    const inputs = inputsOf({ ...parts, authorizer: authorizerOf(authorizer, request) });
    return meetsConditions(runnables, inputs, { variables: noVariables, ignoresFailures });
  };
}
