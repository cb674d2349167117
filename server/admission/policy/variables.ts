import type { Activation } from '../../../api/cel/runtime/frame.ts';
import { CelError, type Result, Special, TypeValue, type Value } from '../../../api/cel/runtime/values.ts';
import type { Runnable } from './programs.ts';

const variablesType = new TypeValue('kubernetes.variables');
/** What one evaluation of an expression may cost. */
export const perCallLimit = 1_000_000;

/** The variables of a policy: each is evaluated when an expression first asks for it. */
export class Variables extends Special {
  readonly type = variablesType;
  readonly #runnables: ReadonlyMap<string, Runnable>;
  readonly #values = new Map<string, Result>();
  /** What evaluations have cost since it was last set to 0. */
  cost = 0;
  /** Set once: variables see what expressions see, the variables before them included. */
  activation: Activation = () => undefined;

  constructor(runnables: ReadonlyMap<string, Runnable>) {
    super();
    this.#runnables = runnables;
  }

  override field(name: Value): Result | undefined {
    if (typeof name !== 'string') return undefined;
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const runnable = this.#runnables.get(name);
    if (runnable === undefined) return undefined;
    const value = this.#evaluate(name, runnable);
    this.#values.set(name, value);
    return value;
  }

  #evaluate(name: string, { program, error }: Runnable): Result {
    if (program === undefined) return new CelError(`composited variable "${name}" fails to compile: ${error}`);
    const { value, cost } = program.evaluate(this.activation, { costLimit: perCallLimit });
    this.cost += cost;
    return value instanceof CelError
      ? new CelError(`composited variable "${name}" fails to evaluate: ${value.message}`)
      : value;
  }
}
