import { isInteger, isNearlyInteger } from './check-numbers.ts';
import { reportType, type Walk } from './findings.ts';
import type { JsonSchema } from './json-schema.ts';

interface Kind {
  readonly type: string;
  /** What upstream's validator takes for the value's own format. */
  readonly format: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  boolean: { type: 'boolean', format: '' },
  string: { type: 'string', format: '' },
  list: { type: 'array', format: '' },
  object: { type: 'object', format: '' },
  integer: { type: 'integer', format: 'int64' },
  float: { type: 'number', format: 'float64' },
};

function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return kinds[isInteger(value) ? 'integer' : 'float'];
  if (typeof value === 'object') return kinds[Array.isArray(value) ? 'list' : 'object'];
  return kinds[typeof value];
}

export function typesOf(schema: JsonSchema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined || schema.type === '' ? [] : [schema.type];
}

/** Checks a value's type; undefined when the schema has neither type nor format. A match counts one. */
export function typeCheck(schema: JsonSchema, format: string): ((value: unknown, walk: Walk) => void) | undefined {
  const types = typesOf(schema);
  if (types.length === 0 && format === '') return undefined;
  const isNullable = schema.nullable === true || types.length === 0;
  const isNumeric = types.includes('number') || types.includes('integer');
  return (value, walk) => {
    if (value === null) {
      if (isNullable) walk.found.matches += 1;
      else reportType(walk, types.join(','), 'null');
      return;
    }
    const kind = kindOf(value);
    const found = kind?.type ?? '';
    const fits =
      types.includes(found) ||
      (found === 'number' && types.includes('integer') && isNearlyInteger(Number(value))) ||
      (found === 'integer' && types.includes('number'));
    const isText = found === 'string' || found === 'array';
    if (format !== '' && !isText && !fits && kind?.format !== format) reportType(walk, format, kind?.format ?? '');
    else if (!(format !== '' && isText && !isNumeric) && !fits) reportType(walk, types.join(','), found);
    else walk.found.matches += 1;
  };
}
