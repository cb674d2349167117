import type { Type } from './types.ts';

/** The tree of one expression, macros already expanded. Ids are unique in the tree; offsets count UTF-16 units of the source. */
export type Expr = ConstExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | ComprehensionExpr;

interface Node {
  readonly id: number;
  readonly offset: number;
}

export type Constant =
  | { readonly type: 'null'; readonly value: null }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'uint'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array };

export interface ConstExpr extends Node {
  readonly kind: 'const';
  readonly constant: Constant;
}

export interface IdentExpr extends Node {
  readonly kind: 'ident';
  /** May begin with a dot before the check, never after it. */
  readonly name: string;
}

export interface SelectExpr extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** Set by has(). */
  readonly testOnly: boolean;
}

export interface CallExpr extends Node {
  readonly kind: 'call';
  /** A plain name, an operator of `operators`, or after the check a qualified one ("ip.isCanonical"). */
  readonly name: string;
  readonly target?: Expr;
  readonly args: readonly Expr[];
}

export interface ListExpr extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expr[];
  /** Indices of the elements written `?e`. */
  readonly optionalIndices: readonly number[];
}

export interface MapEntry extends Node {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface MapExpr extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

export interface StructField extends Node {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface StructExpr extends Node {
  readonly kind: 'struct';
  readonly typeName: string;
  readonly fields: readonly StructField[];
}

/**
 * A fold. Over a list the one variable is the element, of two the index and the element; over a map the key, or
 * the key and the value.
 */
export interface ComprehensionExpr extends Node {
  readonly kind: 'comprehension';
  readonly iterVar: string;
  readonly iterVar2?: string;
  readonly iterRange: Expr;
  readonly accuVar: string;
  readonly accuInit: Expr;
  readonly loopCondition: Expr;
  readonly loopStep: Expr;
  readonly result: Expr;
}

/** Names of operators as functions. */
export const operators = {
  conditional: '_?_:_',
  and: '_&&_',
  or: '_||_',
  not: '!_',
  negate: '-_',
  index: '_[_]',
  optIndex: '_[?_]',
  optSelect: '_?._',
  notStrictlyFalse: '@not_strictly_false',
  add: '_+_',
  equals: '_==_',
} as const;

/** The accumulator that macros use; two-variable macros and sortBy have their own names. */
export const accumulator = '@result';

/** What an identifier or a call of a checked tree means. */
export type Reference =
  | { readonly kind: 'ident'; readonly name: string; readonly typeValue?: Type }
  | { readonly kind: 'function'; readonly overloads: readonly string[] };

/**
 * A checked expression. The tree is rewritten: a qualified identifier is one `ident`, a namespaced call has no
 * target. `types` and `references` are by node id; an identifier that names a type has its `typeValue`.
 */
export interface CheckedAst {
  readonly expr: Expr;
  readonly types: ReadonlyMap<number, Type>;
  readonly references: ReadonlyMap<number, Reference>;
  readonly outputType: Type;
}
