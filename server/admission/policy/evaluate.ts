import { type AuthorizerValues, evaluateWithAuthorizer } from '../../../api/cel/library/authorizer.ts';
import type { Activation } from '../../../api/cel/runtime/frame.ts';
import { CelError, type Value } from '../../../api/cel/runtime/values.ts';
import type { Runnable } from './programs.ts';
import { perCallLimit, Variables } from './variables.ts';

/** For the expressions of one policy and one of its bindings. */
export const costBudget = 10_000_000;
export const conditionsBudget = 2_500_000;

/** What the expressions of a policy may see of a request. */
export interface Inputs {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
  readonly namespaceObject: unknown;
  readonly params: unknown;
  readonly authorizer: AuthorizerValues;
  readonly requestResource: Value;
}

export type Outcome = { readonly value: Value; readonly error?: never } | { readonly error: string };

export interface Outcomes {
  /** Undefined where there was no expression. */
  readonly outcomes: readonly (Outcome | undefined)[];
  readonly remaining: number;
}

/** All expressions together cost more than they may. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

function activationOf(inputs: Inputs, variables: Variables, hasAuthorizer: boolean): Activation {
  const { authorizer, requestResource } = inputs;
  return (name) => {
    switch (name) {
      case 'object':
        return inputs.object;
      case 'oldObject':
        return inputs.oldObject;
      case 'request':
        return inputs.request;
      case 'namespaceObject':
        return inputs.namespaceObject;
      case 'params':
        return inputs.params;
      case 'variables':
        return variables;
      case 'authorizer':
        return hasAuthorizer ? authorizer.authorizer : undefined;
      case 'authorizer.requestResource':
        return hasAuthorizer ? requestResource : undefined;
      default:
        return undefined;
    }
  };
}

export interface EvaluationOptions {
  readonly variables: ReadonlyMap<string, Runnable>;
  readonly budget: number;
  readonly hasAuthorizer?: boolean;
}

function evaluateOnce(
  runnables: readonly (Runnable | undefined)[],
  inputs: Inputs,
  { variables: declared, budget, hasAuthorizer = true }: EvaluationOptions,
): Outcomes {
  const variables = new Variables(declared);
  const activation = activationOf(inputs, variables, hasAuthorizer);
  variables.activation = activation;
  let remaining = budget;
  const spend = (cost: number): void => {
    if (cost > remaining) throw new OutOfBudget();
    remaining -= cost;
  };
  const outcomes = runnables.map((runnable): Outcome | undefined => {
    if (runnable === undefined) return undefined;
    const { expression, program, error } = runnable;
    if (program === undefined) return { error: `compilation error: ${error}` };
    const { value, cost } = program.evaluate(activation, { costLimit: perCallLimit });
    spend(variables.cost);
    variables.cost = 0;
    spend(cost);
    return value instanceof CelError
      ? { error: `expression '${expression}' resulted in error: ${value.message}` }
      : { value };
  });
  return { outcomes, remaining };
}

/** One after the other, within one budget. Throws OutOfBudget. */
export function evaluateAll(
  runnables: readonly (Runnable | undefined)[],
  inputs: Inputs,
  options: EvaluationOptions,
): Promise<Outcomes> {
  return evaluateWithAuthorizer(inputs.authorizer, () => evaluateOnce(runnables, inputs, options));
}
