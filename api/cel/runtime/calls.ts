import type { CallExpr } from '../ast.ts';
import { operators } from '../ast.ts';
import { type CallCost, callCost, equalityCost } from './call-cost.ts';
import { elements } from './collections.ts';
import { equal } from './equality.ts';
import { charge, type Eval } from './frame.ts';
import type { FunctionBinding } from './functions.ts';
import {
  attributeOf,
  attributeStep,
  constant,
  overloadOf,
  type Planner,
  ProgramError,
  planAll,
  planIndex,
  type Scope,
  type Step,
} from './planner.ts';
import { memberOfConstants } from './set-membership.ts';
import { CelError, isList, Optional, type Result, type Value } from './values.ts';

const conversions = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
]);

export function planCall(planner: Planner, expr: CallExpr, scope: Scope): Step {
  const args = planAll(planner, expr.target === undefined ? expr.args : [expr.target, ...expr.args], scope);
  const [first = constant(null), second = constant(null), third = constant(null)] = args;
  const overload = overloadOf(planner, expr);
  switch (expr.name) {
    case operators.and:
      return { evaluate: conjunction(first.evaluate, second.evaluate, false) };
    case operators.or:
      return { evaluate: conjunction(first.evaluate, second.evaluate, true) };
    case operators.conditional:
      return attributeStep({
        base: first.evaluate,
        qualifiers: [],
        branches: [attributeOf(second), attributeOf(third)],
      });
    case operators.equals:
      return { evaluate: equality(first.evaluate, second.evaluate, true) };
    case '_!=_':
      return { evaluate: equality(first.evaluate, second.evaluate, false) };
    case operators.index:
      return planIndex(first, second, false);
    case operators.optIndex:
    case operators.optSelect:
      return planIndex(first, second, true);
    case operators.notStrictlyFalse:
      return { evaluate: notStrictlyFalse(first.evaluate) };
    case 'or':
      if (overload === 'optional_or_optional')
        return { evaluate: firstPresent(first.evaluate, second.evaluate, false) };
      break;
    case 'orValue':
      if (overload === 'optional_orValue_value')
        return { evaluate: firstPresent(first.evaluate, second.evaluate, true) };
      break;
    case '@in':
      if (overload === 'in_list' && isList(second.constant)) {
        const step = memberOfConstants(first, [...elements(second.constant)]);
        if (step !== undefined) return step;
      }
  }
  return planFunction(planner, expr, args, overload);
}

function planFunction(planner: Planner, expr: CallExpr, args: readonly Step[], overload: string | undefined): Step {
  const binding = patternBinding(planner, expr, args) ?? planner.functions(expr.name, overload);
  if (binding === undefined) throw new ProgramError(`no such overload: ${expr.name}`);
  const [first, second] = args;
  const cost = callCost(expr.name, overload);
  if (first !== undefined && args.length === 1 && conversions.has(expr.name) && first.constant !== undefined) {
    const value = first.constant;
    const result = value instanceof CelError ? value : binding.call([value]);
    if (result instanceof CelError) throw new ProgramError(result.message);
    return constant(result);
  }
  if (args.length === 1 && first !== undefined) return { evaluate: unary(binding, first.evaluate, cost) };
  if (args.length === 2 && first !== undefined && second !== undefined && !binding.stopsAtError) {
    return { evaluate: binary(binding, first.evaluate, second.evaluate, cost) };
  }
  return { evaluate: variadic(binding, args, cost) };
}

const patternFunctions = new Set(['matches', 'find', 'findAll']);

/** A constant pattern is compiled once. */
function patternBinding(planner: Planner, { name }: CallExpr, args: readonly Step[]): FunctionBinding | undefined {
  const pattern = args[1]?.constant;
  if (typeof pattern !== 'string' || !patternFunctions.has(name)) return undefined;
  const implementation = planner.withPattern(name, pattern);
  if (typeof implementation === 'string') throw new ProgramError(implementation);
  return { call: (values) => implementation(...values), stopsAtError: true };
}

function costOf(cost: CallCost, args: readonly Result[], result: Result): number {
  return typeof cost === 'number' ? cost : cost(args, result);
}

function unary({ call, direct }: FunctionBinding, argument: Eval, cost: CallCost): Eval {
  return (frame) => {
    const value = argument(frame);
    const result = value instanceof CelError ? value : direct === undefined ? call([value]) : direct(value);
    charge(frame, typeof cost === 'number' ? cost : cost([value], result));
    return result;
  };
}

function binary({ call, direct }: FunctionBinding, left: Eval, right: Eval, cost: CallCost): Eval {
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    let result: Result;
    if (a instanceof CelError) result = a;
    else if (b instanceof CelError) result = b;
    else result = direct === undefined ? call([a, b]) : direct(a, b);
    charge(frame, typeof cost === 'number' ? cost : cost([a, b], result));
    return result;
  };
}

/** An error among the arguments ends the call at once: unless it was the last, the call itself costs nothing. */
function variadic({ call }: FunctionBinding, args: readonly Step[], cost: CallCost): Eval {
  return (frame) => {
    const values: Value[] = [];
    for (const [index, { evaluate }] of args.entries()) {
      const value = evaluate(frame);
      if (value instanceof CelError) {
        if (index === args.length - 1) charge(frame, costOf(cost, [...values, value], value));
        return value;
      }
      values.push(value);
    }
    const result = call(values);
    charge(frame, costOf(cost, values, result));
    return result;
  };
}

function equality(left: Eval, right: Eval, wanted: boolean): Eval {
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    let result: Result;
    if (a instanceof CelError) result = a;
    else if (b instanceof CelError) result = b;
    else {
      const same = equal(a, b);
      // An inequality is whatever is not equal, even when the comparison failed.
      result = wanted ? same : same !== true;
    }
    charge(frame, equalityCost(a, b, wanted));
    return result;
  };
}

/** `&&` and `||`: the deciding value wins over an error on either side. */
function conjunction(left: Eval, right: Eval, deciding: boolean): Eval {
  return (frame) => {
    const a = left(frame);
    if (a === deciding) return deciding;
    const b = right(frame);
    if (b === deciding) return deciding;
    if (a !== !deciding) return a instanceof CelError ? a : new CelError('no such overload');
    if (b !== !deciding) return b instanceof CelError ? b : new CelError('no such overload');
    return !deciding;
  };
}

function notStrictlyFalse(argument: Eval): Eval {
  return (frame) => {
    const value = argument(frame);
    charge(frame, 1);
    return typeof value === 'boolean' ? value : true;
  };
}

function firstPresent(left: Eval, right: Eval, unwrap: boolean): Eval {
  return (frame) => {
    const optional = left(frame);
    if (!(optional instanceof Optional)) return optional;
    if (optional.value === undefined) return right(frame);
    return unwrap ? optional.value : optional;
  };
}
