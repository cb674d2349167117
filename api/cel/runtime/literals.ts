import type { ListExpr, MapExpr, StructExpr } from '../ast.ts';
import { CelMap } from './collections.ts';
import { charge, type Eval, type Frame } from './frame.ts';
import { goText } from './go-print.ts';
import { constant, type Planner, planAll, type Scope, type Step } from './planner.ts';
import { CelError, Optional, type Result, type Value } from './values.ts';

const listCost = 10;
const mapCost = 30;
const structCost = 40;

/** Made of constants alone, it is one itself, and costs nothing. */
function folded(parts: readonly Step[], evaluate: Eval): Step {
  if (!parts.every((part) => part.constant !== undefined)) return { evaluate };
  const frame: Frame = {
    resolve: () => undefined,
    locals: [],
    limit: Number.POSITIVE_INFINITY,
    interrupted: undefined,
    cost: 0,
    iterations: 0,
  };
  return constant(evaluate(frame));
}

function charged(cost: number, build: Eval): Eval {
  return (frame) => {
    const result = build(frame);
    charge(frame, cost);
    return result;
  };
}

export function planList(planner: Planner, expr: ListExpr, scope: Scope): Step {
  const parts = planAll(planner, expr.elements, scope);
  const optional = new Set(expr.optionalIndices);
  const build = (frame: Frame): Result => {
    const values: Value[] = [];
    for (const [index, { evaluate }] of parts.entries()) {
      const value = evaluate(frame);
      if (value instanceof CelError) return value;
      if (!optional.has(index)) {
        values.push(value);
        continue;
      }
      if (!(value instanceof Optional)) {
        return new CelError(`cannot initialize optional list element from non-optional value ${goText(value)}`);
      }
      if (value.value !== undefined) values.push(value.value);
    }
    return values;
  };
  return folded(parts, charged(listCost, build));
}

function notOptional(field: string, value: Value): CelError {
  return new CelError(`cannot initialize optional entry '${field}' from non-optional value ${goText(value)}`);
}

export function planMap(planner: Planner, expr: MapExpr, scope: Scope): Step {
  const entries = expr.entries.map((entry) => ({
    key: planner.plan(entry.key, scope),
    value: planner.plan(entry.value, scope),
    optional: entry.optional,
  }));
  const build = (frame: Frame): Result => {
    const map = new CelMap();
    for (const entry of entries) {
      const key = entry.key.evaluate(frame);
      if (key instanceof CelError) return key;
      const value = entry.value.evaluate(frame);
      if (value instanceof CelError) return value;
      if (!entry.optional) map.set(key, value);
      else if (!(value instanceof Optional)) return notOptional(goText(key), value);
      else if (value.value === undefined) map.delete(key);
      else map.set(key, value.value);
    }
    return map;
  };
  return folded(
    entries.flatMap(({ key, value }) => [key, value]),
    charged(mapCost, build),
  );
}

export function planStruct(planner: Planner, expr: StructExpr, scope: Scope): Step {
  const fields = expr.fields.map(({ name, value, optional }) => ({
    name,
    optional,
    value: planner.plan(value, scope),
  }));
  const build = (frame: Frame): Result => {
    const values = new Map<string, Value>();
    for (const { name, value: step, optional } of fields) {
      const value = step.evaluate(frame);
      if (value instanceof CelError) return value;
      if (!optional) values.set(name, value);
      else if (!(value instanceof Optional)) return notOptional(name, value);
      else if (value.value === undefined) values.delete(name);
      else values.set(name, value.value);
    }
    return planner.newObject(expr.typeName, values);
  };
  return { evaluate: charged(structCost, build) };
}
