import type { CheckedAst } from '../ast.ts';
import { type Activation, costLimitMessage } from './frame.ts';
import type { FunctionTable } from './functions.ts';
import { createPlanner } from './plan.ts';
import type { NewObject, Planner } from './planner.ts';
import { CelError, EvaluationCancelled, type Result } from './values.ts';

export interface ProgramOptions {
  readonly functions: FunctionTable;
  /** Makes the objects that an expression constructs; without it, it constructs none. */
  readonly newObject?: NewObject;
  /** A function whose pattern is a constant; text when that is no regular expression. */
  readonly withPattern: Planner['withPattern'];
}

export interface EvaluateOptions {
  /** What the evaluation may cost; without it, anything. */
  readonly costLimit?: number;
  /** Asked every hundred steps of comprehensions. */
  readonly interrupted?: () => boolean;
}

export interface Evaluation {
  readonly value: Result;
  readonly cost: number;
}

export interface Program {
  evaluate(activation: Activation, options?: EvaluateOptions): Evaluation;
}

/** Throws ProgramError for what a check cannot see: a constant conversion that fails, a pattern that is none. */
export function createProgram(ast: CheckedAst, options: ProgramOptions): Program {
  const planner = createPlanner({
    ast,
    functions: options.functions,
    newObject: options.newObject ?? ((name) => new CelError(`unknown type '${name}'`)),
    withPattern: options.withPattern,
  });
  const { evaluate } = planner.plan(ast.expr, new Map());
  return {
    evaluate(resolve, { costLimit = Number.POSITIVE_INFINITY, interrupted } = {}) {
      const locals = new Array<unknown>(planner.slots);
      const frame = { resolve, locals, limit: costLimit, interrupted, cost: 0, iterations: 0 };
      try {
        const value = evaluate(frame);
        return { value, cost: frame.cost };
      } catch (error) {
        if (!(error instanceof EvaluationCancelled)) throw error;
        return { value: new CelError(error.message), cost: frame.cost };
      }
    },
  };
}

/** Whether an evaluation ended because it cost too much. */
export function exceededCost({ value }: Evaluation): boolean {
  return value instanceof CelError && value.message === costLimitMessage;
}
