import type { Answer } from './table.ts';

function shown(value: unknown): string {
  return value === undefined ? '(absent)' : JSON.stringify(value);
}

function compareAt(path: string, expected: unknown, actual: unknown, out: string[]): void {
  if (Object.is(expected, actual)) return;
  const bothObjects =
    typeof expected === 'object' && typeof actual === 'object' && expected !== null && actual !== null;
  if (!bothObjects || Array.isArray(expected) !== Array.isArray(actual)) {
    out.push(`${path}: expected ${shown(expected)}, got ${shown(actual)}`);
    return;
  }
  const left = expected as Record<string, unknown>;
  const right = actual as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const at = Array.isArray(expected)
      ? `${path}[${key}]`
      : /^[\w$-]+$/.test(key)
        ? `${path}.${key}`
        : `${path}["${key}"]`;
    compareAt(at, left[key], right[key], out);
  }
}

/** The differences of one answer from the recorded one, a line each; [] when they agree. Order of fields does not count. */
export function compareAnswer(expected: Answer | undefined, actual: Answer): string[] {
  if (expected === undefined) return ['not recorded'];
  const out: string[] = [];
  compareAt('status', expected.status, actual.status, out);
  compareAt('Content-Type', expected.contentType, actual.contentType, out);
  compareAt('Warning', expected.warnings, actual.warnings, out);
  compareAt('body', expected.body, actual.body, out);
  return out;
}

/** The differences of two values below a name, a line each. */
export function differingPlaces(name: string, expected: unknown, actual: unknown): string[] {
  const out: string[] = [];
  compareAt(name, expected, actual, out);
  return out;
}
