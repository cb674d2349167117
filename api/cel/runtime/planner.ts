import type { CallExpr, CheckedAst, Expr } from '../ast.ts';
import { type Attribute, addQualifier, checkKey, resolveAttribute } from './attribute.ts';
import { charge, type Eval, type Frame } from './frame.ts';
import type { FunctionTable, Implementation } from './functions.ts';
import { CelError, type Result, type Value } from './values.ts';

/** A tree that cannot become a program: its constants do not convert, a pattern is none. */
export class ProgramError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProgramError';
  }
}

/** A part of a program. */
export interface Step {
  readonly evaluate: Eval;
  /** Set when it is known before anything is evaluated; costs nothing then. */
  readonly constant?: Result;
  /** Set for what further steps into the value may be added to. */
  readonly attribute?: Attribute;
}

export type NewObject = (typeName: string, fields: ReadonlyMap<string, Value>) => Result;

/** What planning knows: the checked tree, the functions, and the variables of enclosing comprehensions. */
export interface Planner {
  readonly ast: CheckedAst;
  readonly functions: FunctionTable;
  readonly newObject: NewObject;
  readonly withPattern: (name: string, pattern: string) => Implementation | string;
  readonly plan: (expr: Expr, scope: Scope) => Step;
  /** How many slots comprehensions have taken. */
  slots: number;
}

export type Scope = ReadonlyMap<string, Eval>;

export function constant(value: Result): Step {
  return { evaluate: () => value, constant: value };
}

/** An attribute as a whole, whose own cost is 1, or nothing for a conditional: there, the branch taken has it all. */
export function attributeStep(attribute: Attribute): Step {
  const own = attribute.branches === undefined ? 1 : 0;
  return {
    attribute,
    evaluate: (frame) => {
      const result = resolveAttribute(attribute, frame);
      charge(frame, own);
      return result;
    },
  };
}

export function attributeOf(step: Step): Attribute {
  return step.attribute ?? { base: step.evaluate, qualifiers: [] };
}

/** `a[b]`, `a[?b]` and `a.?b`. */
export function planIndex(operand: Step, index: Step, optional: boolean): Step {
  const attribute = attributeOf(operand);
  if (index.constant !== undefined) {
    const key = index.constant;
    const error = key instanceof CelError ? key : checkKey(key);
    if (error !== undefined || key instanceof CelError) throw new ProgramError(error?.message ?? '');
    addQualifier(attribute, { key, optional, testOnly: false });
  } else {
    addQualifier(attribute, { index: valueOfIndex(index), optional });
  }
  return operand.attribute === undefined ? attributeStep(attribute) : operand;
}

function valueOfIndex({ attribute, evaluate }: Step): Eval {
  return attribute === undefined ? evaluate : (frame: Frame) => resolveAttribute(attribute, frame);
}

export function planAll(planner: Planner, exprs: readonly Expr[], scope: Scope): Step[] {
  return exprs.map((expr) => planner.plan(expr, scope));
}

/** The overload of a call when only one can be meant. */
export function overloadOf({ ast }: Planner, expr: CallExpr): string | undefined {
  const reference = ast.references.get(expr.id);
  return reference?.kind === 'function' && reference.overloads.length === 1 ? reference.overloads[0] : undefined;
}
