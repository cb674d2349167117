import type { Expr } from '../ast.ts';
import type { Type } from '../types.ts';
import type { Estimate } from './estimate.ts';

/** An operand of a call as estimates see it. */
export interface Operand {
  /**
   * The way to it from a variable: names of fields, `@items`, `@keys`, `@values`; undefined when it is not
   * reached that way.
   */
  readonly path: readonly string[] | undefined;
  readonly type: Type;
  readonly expr: Expr | undefined;
  /** What the expression itself says about its size. */
  readonly size: Estimate | undefined;
}

/** A size that the schema of a value says; undefined when unknown. */
export type SizeHint = (path: readonly string[], type: Type) => Estimate | undefined;

export interface CallEstimate {
  /** Without that of the arguments. */
  readonly cost: Estimate;
  /** Of a result that is a list, a map, a string or bytes. */
  readonly resultSize?: Estimate | undefined;
}

export interface EstimatedCall {
  readonly name: string;
  readonly overload: string;
  readonly target: Operand | undefined;
  readonly args: readonly Operand[];
  readonly sizeOf: (operand: Operand | undefined) => Estimate;
}

export const listCost = 10n;
export const mapCost = 30n;
export const structCost = 40n;
/** Of a character that is looked at once. */
export const traversalFactor = 0.1;
/** Of a character of a regular expression. */
export const regexFactor = 0.25;
