import { EvaluationCancelled, type Result } from './values.ts';

/** Finds a variable by name: JSON, a value or an error; undefined when there is none. */
export type Activation = (name: string) => unknown;

/** What one evaluation carries along. */
export interface Frame {
  readonly resolve: Activation;
  /** Variables of comprehensions, by the slot they were planned for. */
  readonly locals: unknown[];
  readonly limit: number;
  readonly interrupted: (() => boolean) | undefined;
  cost: number;
  iterations: number;
}

export type Eval = (frame: Frame) => Result;

export const costLimitMessage = 'operation cancelled: actual cost limit exceeded';

export function charge(frame: Frame, cost: number): void {
  frame.cost += cost;
  if (frame.cost > frame.limit) throw new EvaluationCancelled(costLimitMessage);
}

const checkFrequency = 100;

export function isInterrupted(frame: Frame): boolean {
  if (frame.interrupted === undefined) return false;
  frame.iterations += 1;
  return frame.iterations % checkFrequency === 0 && frame.interrupted();
}
