import { numericKey } from './collections.ts';
import { constant, type Step } from './planner.ts';
import { CelError, Double, isInt, type Result, Uint, type Value } from './values.ts';

const isNumber = (value: Value) => isInt(value) || value instanceof Uint || value instanceof Double;

/** `x in [1, 2, 3]` of constants is a look-up, which costs no more than `x`; undefined when an element is not simple. */
export function memberOfConstants(argument: Step, elements: readonly Result[]): Step | undefined {
  if (elements.length === 0) return constant(false);
  const members = new Set<unknown>();
  for (const element of elements) {
    if (element instanceof CelError) return undefined;
    if (typeof element !== 'string' && typeof element !== 'boolean' && !isNumber(element)) return undefined;
    members.add(keyOf(element));
  }
  members.delete(Number.NaN);
  const { evaluate } = argument;
  return {
    evaluate: (frame) => {
      const value = evaluate(frame);
      return value instanceof CelError ? value : members.has(keyOf(value));
    },
  };
}

function keyOf(value: Value): unknown {
  return typeof value === 'object' ? numericKey(value) : value;
}
