import { accumulator, type Expr, operators } from '../ast.ts';
import type { ComprehensionParts, TreeBuilder } from './tree-builder.ts';

/** What a macro sees of a call; offset is that of its opening parenthesis. */
export interface MacroCall {
  readonly build: TreeBuilder;
  readonly offset: number;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

/** undefined: the macro leaves the call alone. */
export type Macro = (call: MacroCall) => Expr | undefined;

/** By `name:argument count:has a target`. */
export type Macros = ReadonlyMap<string, Macro>;

/** An argument that the macro cannot take. */
export class MacroError extends Error {
  override readonly name = 'MacroError';
  readonly offset: number;

  constructor(at: Expr, message: string) {
    super(message);
    this.offset = at.offset;
  }
}

export const standardMacros: readonly (readonly [string, Macro])[] = [
  ['has:1:false', has],
  ['all:2:true', (call) => fold(call, 1, allParts)],
  ['exists:2:true', (call) => fold(call, 1, existsParts)],
  ['exists_one:2:true', (call) => fold(call, 1, existsOneParts)],
  ['map:2:true', mapMacro],
  ['map:3:true', mapMacro],
  ['filter:2:true', filterMacro],
];

export const optionalMacros: readonly (readonly [string, Macro])[] = [
  ['optMap:2:true', (call) => optionalMap(call, 'optMap', true)],
  ['optFlatMap:2:true', (call) => optionalMap(call, 'optFlatMap', false)],
];

export const bindingMacros: readonly (readonly [string, Macro])[] = [['bind:3:true', bind]];

export const listMacros: readonly (readonly [string, Macro])[] = [['sortBy:2:true', sortBy]];

const oldAccumulator = '__result__';
const unused = '#unused';

function argument(call: MacroCall, index: number): Expr {
  const found = call.args[index];
  if (found === undefined) throw new Error('a macro is found by its number of arguments');
  return found;
}

function variable(call: MacroCall, index: number, message: string): string {
  const expr = argument(call, index);
  if (expr.kind !== 'ident') throw new MacroError(expr, message);
  if (expr.name === accumulator || expr.name === oldAccumulator) {
    throw new MacroError(expr, 'iteration variable overwrites accumulator variable');
  }
  return expr.name;
}

function has(call: MacroCall): Expr {
  const expr = argument(call, 0);
  if (expr.kind !== 'select') throw new MacroError(expr, 'invalid argument to has() macro');
  return call.build.select(call.offset, expr.operand, expr.field, true);
}

export type FoldParts = Pick<ComprehensionParts, 'accuInit' | 'loopCondition' | 'loopStep' | 'result'>;

/** A comprehension over the target whose variables are the first arguments. */
export function fold(call: MacroCall, variables: 1 | 2, parts: (call: MacroCall) => FoldParts): Expr {
  const name = 'argument must be a simple name';
  const names = variables === 1 ? { iterVar: variable(call, 0, name) } : twoVariables(call, name);
  return comprehension(call, { ...names, ...parts(call) });
}

function twoVariables(call: MacroCall, message: string): { iterVar: string; iterVar2: string } {
  const [first, second] = [argument(call, 0), argument(call, 1)];
  if (first.kind !== 'ident') throw new MacroError(first, message);
  if (second.kind !== 'ident') throw new MacroError(second, message);
  if (first.name === second.name) {
    throw new MacroError(second, `duplicate variable name: ${first.name}`);
  }
  return { iterVar: variable(call, 0, message), iterVar2: variable(call, 1, message) };
}

function comprehension(call: MacroCall, parts: Omit<ComprehensionParts, 'iterRange' | 'accuVar'>): Expr {
  const { build, offset, target } = call;
  if (target === undefined) throw new Error('a macro over a range has a target');
  return build.comprehension(offset, { ...parts, iterRange: target, accuVar: accumulator });
}

/** Shorthands for the nodes that a macro invents, all at its own place. */
export function nodesAt({ build, offset }: MacroCall) {
  return {
    accu: () => build.ident(offset, accumulator),
    bool: (value: boolean) => build.constant(offset, { type: 'bool', value }),
    int: (value: bigint) => build.constant(offset, { type: 'int', value }),
    call: (name: string, ...args: Expr[]) => build.call(offset, name, args),
    member: (name: string, target: Expr, ...args: Expr[]) => build.call(offset, name, args, target),
    list: (...elements: Expr[]) => build.list(offset, elements),
    ident: (name: string) => build.ident(offset, name),
  };
}

/** The predicate is the last argument, of one variable and of two. */
function lastArgument(call: MacroCall): Expr {
  return argument(call, call.args.length - 1);
}

export function allParts(call: MacroCall): FoldParts {
  const at = nodesAt(call);
  return {
    accuInit: at.bool(true),
    loopCondition: at.call(operators.notStrictlyFalse, at.accu()),
    loopStep: at.call(operators.and, at.accu(), lastArgument(call)),
    result: at.accu(),
  };
}

export function existsParts(call: MacroCall): FoldParts {
  const at = nodesAt(call);
  return {
    accuInit: at.bool(false),
    loopCondition: at.call(operators.notStrictlyFalse, at.call(operators.not, at.accu())),
    loopStep: at.call(operators.or, at.accu(), lastArgument(call)),
    result: at.accu(),
  };
}

export function existsOneParts(call: MacroCall): FoldParts {
  const at = nodesAt(call);
  const increment = at.call(operators.add, at.accu(), at.int(1n));
  return {
    accuInit: at.int(0n),
    loopCondition: at.bool(true),
    loopStep: at.call(operators.conditional, lastArgument(call), increment, at.accu()),
    result: at.call(operators.equals, at.accu(), at.int(1n)),
  };
}

function mapMacro(call: MacroCall): Expr {
  const iterVar = variable(call, 0, 'argument is not an identifier');
  const at = nodesAt(call);
  const append = at.call(operators.add, at.accu(), at.list(lastArgument(call)));
  const loopStep =
    call.args.length === 3 ? at.call(operators.conditional, argument(call, 1), append, at.accu()) : append;
  return comprehension(call, {
    iterVar,
    accuInit: at.list(),
    loopCondition: at.bool(true),
    loopStep,
    result: at.accu(),
  });
}

function filterMacro(call: MacroCall): Expr {
  const iterVar = variable(call, 0, 'argument is not an identifier');
  const at = nodesAt(call);
  const append = at.call(operators.add, at.accu(), at.list(argument(call, 0)));
  return comprehension(call, {
    iterVar,
    accuInit: at.list(),
    loopCondition: at.bool(true),
    loopStep: at.call(operators.conditional, argument(call, 1), append, at.accu()),
    result: at.accu(),
  });
}

/** `result` with a name for `value`: a fold over nothing. */
function binding(call: MacroCall, name: string, value: Expr, result: Expr): Expr {
  const at = nodesAt(call);
  return call.build.comprehension(call.offset, {
    iterVar: unused,
    iterRange: at.list(),
    accuVar: name,
    accuInit: value,
    loopCondition: at.bool(false),
    loopStep: at.ident(name),
    result,
  });
}

function optionalMap(call: MacroCall, macro: string, wrap: boolean): Expr {
  const { build, target } = call;
  const name = argument(call, 0);
  if (target === undefined || name.kind !== 'ident') {
    throw new MacroError(name, `${macro}() variable name must be a simple identifier`);
  }
  const at = nodesAt(call);
  const value = at.member('value', build.copy(target));
  const mapped = binding(call, name.name, value, argument(call, 1));
  const some = wrap ? at.call('optional.of', mapped) : mapped;
  return at.call(operators.conditional, at.member('hasValue', target), some, at.call('optional.none'));
}

function bind(call: MacroCall): Expr | undefined {
  if (call.target?.kind !== 'ident' || call.target.name !== 'cel') return undefined;
  const name = argument(call, 0);
  if (name.kind !== 'ident') {
    throw new MacroError(name, 'cel.bind() variable names must be simple identifiers');
  }
  return binding(call, name.name, argument(call, 1), argument(call, 2));
}

function sortBy(call: MacroCall): Expr {
  const { target } = call;
  const sortable = ['list', 'select', 'ident', 'comprehension', 'call'];
  if (target === undefined || !sortable.includes(target.kind)) {
    throw new MacroError(
      target ?? argument(call, 0),
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    );
  }
  const input = '@__sortBy_input__';
  const at = nodesAt(call);
  const keys = mapMacro({ ...call, target: at.ident(input) });
  return binding(call, input, target, at.member('@sortByAssociatedKeys', at.ident(input), keys));
}
