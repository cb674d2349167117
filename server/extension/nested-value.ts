import { StatusError } from '../../api/status.ts';

export type NestedType = 'number' | 'string';

/** The value at a path of members, undefined where there is none. What is of another type is an error in upstream's words. */
export function nestedValue(object: unknown, path: readonly string[], wanted: NestedType): unknown {
  let value: unknown = object;
  for (const [i, name] of path.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const shown = `.${path.slice(0, i + 1).join('.')}`;
      throw new StatusError(
        '',
        `${shown} accessor error: ${goText(value)} is of the type ${goType(value)}, expected map[string]interface{}`,
      );
    }
    value = (value as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return undefined;
  }
  if (typeof value === wanted && (wanted === 'string' || Number.isInteger(value))) return value;
  const type = wanted === 'number' ? 'int64' : 'string';
  throw new StatusError(
    '',
    `.${path.join('.')} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${type}`,
  );
}

function goText(value: unknown): string {
  if (value === null) return '<nil>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
