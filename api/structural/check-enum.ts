import { isInteger } from './check-numbers.ts';
import { addFinding, nameOf, type Walk } from './findings.ts';
import { sortedJson } from './go-print.ts';
import type { JsonSchema } from './json-schema.ts';

/** Upstream converts the value to the type of what is allowed: fractions go, and integers become characters. */
function isSame(value: unknown, allowed: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean') return value === allowed;
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (typeof allowed === 'string') return isInteger(value) && isCharacter(Number(value), allowed);
    if (typeof allowed !== 'number' && typeof allowed !== 'bigint') return false;
    if (typeof value === 'bigint') return value === allowed;
    return isInteger(allowed) ? Math.trunc(value) === allowed : value === allowed;
  }
  return typeof allowed === 'object' && allowed !== null && sortedJson(value) === sortedJson(allowed);
}

function isCharacter(code: number, text: string): boolean {
  return code >= 0 && code <= 0x10ffff && String.fromCodePoint(code) === text;
}

export function enumCheck(schema: JsonSchema): ((value: unknown, walk: Walk) => void) | undefined {
  const values = schema.enum ?? [];
  if (values.length === 0) return undefined;
  return (value, walk) => {
    if (value !== null && values.some((allowed) => allowed !== null && isSame(value, allowed))) return;
    const name = nameOf(walk.way);
    const text = `${name} in body should be one of ${sortedJson(values)}`;
    addFinding(walk.found, { kind: 'enum', name, value, values, text });
  };
}
