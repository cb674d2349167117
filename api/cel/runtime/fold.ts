import type { ComprehensionExpr } from '../ast.ts';
import { goTypeName } from './attribute.ts';
import { CelMap, elementAt, GrowingList, mapFind, mapKeys, mapSize } from './collections.ts';
import { type Eval, type Frame, isInterrupted } from './frame.ts';
import type { Planner, Scope, Step } from './planner.ts';
import { CelError, EvaluationCancelled, isList, isMap, type Result, type Value } from './values.ts';

const unset = Symbol('unset');

interface Fold {
  readonly range: Eval;
  readonly condition: Eval;
  readonly step: Eval;
  readonly result: Eval;
  readonly accumulator: number;
  readonly first: number;
  readonly second: number | undefined;
}

export function planFold(planner: Planner, expr: ComprehensionExpr, scope: Scope): Step {
  const accumulator = planner.slots++;
  const first = planner.slots++;
  const second = expr.iterVar2 === undefined || expr.iterVar2 === '' ? undefined : planner.slots++;
  const range = planner.plan(expr.iterRange, scope).evaluate;
  const initial = planner.plan(expr.accuInit, scope).evaluate;
  const after = new Map(scope).set(expr.accuVar, accumulated(accumulator, initial));
  const within = new Map(after).set(expr.iterVar, local(first));
  if (second !== undefined) within.set(expr.iterVar2 ?? '', local(second));
  // The accumulator's name wins where it is also that of the variable.
  within.set(expr.accuVar, accumulated(accumulator, initial));
  const fold: Fold = {
    range,
    condition: planner.plan(expr.loopCondition, within).evaluate,
    step: planner.plan(expr.loopStep, within).evaluate,
    result: planner.plan(expr.result, after).evaluate,
    accumulator,
    first,
    second,
  };
  return { evaluate: (frame) => run(fold, frame) };
}

function local(slot: number): Eval {
  return (frame) => frame.locals[slot] as Result;
}

/** The initial value is computed when it is first asked for; an empty list or map then grows in place. */
function accumulated(slot: number, initial: Eval): Eval {
  return (frame) => {
    const value = frame.locals[slot];
    if (value !== unset) return value as Result;
    let start = initial(frame);
    if (isList(start) && start.length === 0) start = new GrowingList();
    else if (isMap(start) && mapSize(start) === 0) start = new CelMap([], true);
    frame.locals[slot] = start;
    return start;
  };
}

function run(fold: Fold, frame: Frame): Result {
  const range = fold.range(frame);
  frame.locals[fold.accumulator] = unset;
  if (range instanceof CelError) return range;
  const interrupted = iterate(fold, range, frame);
  if (interrupted !== undefined) return interrupted;
  const result = fold.result(frame);
  if (result instanceof GrowingList) return Array.from(result);
  return result instanceof CelMap && result.growing ? new CelMap(result.entries()) : result;
}

function iterate(fold: Fold, range: Value, frame: Frame): CelError | undefined {
  if (isList(range)) {
    return forEach(fold, frame, range.length, (index) => [index, elementAt(range, index)]);
  }
  if (isMap(range)) {
    const keys = mapKeys(range);
    return forEach(fold, frame, keys.length, (index) => {
      const key = keys[index] ?? null;
      return [key, fold.second === undefined ? key : (mapFind(range, key) ?? null)];
    });
  }
  const type = goTypeName(range);
  return new CelError(
    fold.second === undefined
      ? `got '${type}', expected iterable type`
      : `unsupported comprehension range type: ${type}`,
  );
}

/** `entry` gives the index and the element, or the key and the value; with one variable, what it holds is second. */
function forEach(
  fold: Fold,
  frame: Frame,
  count: number,
  entry: (index: number) => readonly [Value, Result],
): CelError | undefined {
  const { first, second, condition, step, accumulator } = fold;
  const { locals } = frame;
  for (let index = 0; index < count; index++) {
    const [key, value] = entry(index);
    locals[first] = second === undefined ? value : key;
    if (second !== undefined) locals[second] = value;
    if (condition(frame) === false) return undefined;
    locals[accumulator] = step(frame);
    if (isInterrupted(frame)) throw new EvaluationCancelled('operation interrupted');
  }
  return undefined;
}
