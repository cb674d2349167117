import type { FieldSchema, SchemaDocument } from './schema.ts';

/** What stands for an absent or null value of a kind where one must stand; undefined where nothing may (times, nil). */
export function zeroValue(field: FieldSchema, zeroStruct: (typeName: string) => unknown): unknown {
  switch (field.k) {
    case 'string':
    case 'bytes':
    case 'duration':
      return '';
    case 'int32':
    case 'int64':
    case 'float64':
    case 'intOrString':
      return 0;
    case 'bool':
      return false;
    case 'quantity':
      return '0';
    case 'list':
      return [];
    case 'map':
      return {};
    case 'struct':
      return zeroStruct(field.ref ?? '');
    case 'time':
    case 'microTime':
    case 'any':
      return undefined;
  }
}

export function isZeroValue(value: unknown): boolean {
  if (value === '' || value === 0 || value === false || value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value) if (!isZeroValue((value as Record<string, unknown>)[key])) return false;
  return true;
}

/** A function that makes the zero struct of a type: its always-written fields and nothing else. A fresh one each time. */
export function zeroStructs(schema: SchemaDocument): (typeName: string) => Record<string, unknown> {
  const makers = new Map<string, [name: string, make: () => unknown][]>();
  const make = (typeName: string): Record<string, unknown> => {
    let fields = makers.get(typeName);
    if (fields === undefined) {
      fields = Object.entries(schema.types[typeName]?.fields ?? {})
        .filter(([, field]) => field.zero === 'emit' && field.nil !== true)
        .map(([name, field]) => [name, () => zeroValue(field, make)]);
      makers.set(typeName, fields);
    }
    const struct: Record<string, unknown> = {};
    for (const [name, zero] of fields) {
      const value = zero();
      if (value !== undefined) struct[name] = value;
    }
    return struct;
  };
  return make;
}
