import type { FieldSchema, SchemaDocument, TypeSchema } from '../schema/schema.ts';
import type { FieldOfType, FieldType, JsonObject, ListKey, MapType } from './field-type.ts';

const none: ReadonlyMap<string, FieldOfType> = new Map();

function untypedWith(mapAtomic: boolean): FieldType {
  const atomic: { -readonly [K in keyof FieldType]: FieldType[K] } = { scalar: 'untyped' };
  atomic.list = { atomic: true, keys: [], items: atomic };
  atomic.map = { atomic: true, fields: none, items: atomic, nulls: [] };
  if (mapAtomic) return atomic;
  const deduced: { -readonly [K in keyof FieldType]: FieldType[K] } = { scalar: 'untyped', list: atomic.list };
  deduced.map = { atomic: false, fields: none, items: deduced, nulls: [] };
  return deduced;
}

/** Values of any shape that are one field whatever they hold. */
export const untypedAtomic: FieldType = untypedWith(true);
/** Values of any shape whose maps are merged member by member. */
export const untypedDeduced: FieldType = untypedWith(false);

const scalars: Partial<Record<FieldSchema['k'], FieldType>> = {
  string: { scalar: 'string' },
  bytes: { scalar: 'string' },
  duration: { scalar: 'string' },
  int32: { scalar: 'numeric' },
  int64: { scalar: 'numeric' },
  float64: { scalar: 'numeric' },
  bool: { scalar: 'boolean' },
  time: { scalar: 'untyped' },
  microTime: { scalar: 'untyped' },
  quantity: { scalar: 'untyped' },
  intOrString: { ...untypedDeduced },
};

/** Types by their OpenAPI names, compiled when first asked for. */
export interface SchemaTypes {
  typeNamed(name: string): FieldType | undefined;
  /** The object of a type in which nothing is set: what a create is compared with. */
  emptyObject(name: string): JsonObject;
}

export function createSchemaTypes(schema: SchemaDocument): SchemaTypes {
  const compiled = new Map<string, FieldType>();

  const typeNamed = (name: string): FieldType | undefined => {
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const type = schema.types[name];
    if (type === undefined) return undefined;
    const made: { map?: MapType } = {};
    compiled.set(name, made);
    made.map = structType(type);
    return made;
  };

  const structType = (type: TypeSchema): MapType => {
    const atomic = type.mapType === 'atomic';
    if (type.fields === undefined) return { atomic, fields: none, items: untypedDeduced, nulls: [] };
    const fields = new Map<string, FieldOfType>();
    const nulls: string[] = [];
    for (const [name, field] of Object.entries(type.fields)) {
      fields.set(name, { type: fieldType(field), key: `f:${name}` });
      if (field.zero === 'emit' && field.nil === true) nulls.push(name);
    }
    return { atomic, fields, nulls };
  };

  const anyType = (field: FieldSchema): FieldType => {
    if (field.go === 'runtime.RawExtension') return untypedAtomic;
    return field.go === 'v1.FieldsV1' ? { map: untypedDeduced.map ?? structType({ go: '' }) } : untypedDeduced;
  };

  const fieldType = (field: FieldSchema): FieldType => {
    const scalar = scalars[field.k];
    if (scalar !== undefined) return scalar;
    if (field.k === 'struct') {
      const type = typeNamed(field.ref ?? '') ?? untypedDeduced;
      if (field.mapType === undefined || type.map === undefined) return type;
      return { map: { ...type.map, atomic: field.mapType === 'atomic' } };
    }
    if (field.items === undefined) return anyType(field);
    const items = fieldType(field.items);
    if (field.k === 'map') return { map: { atomic: field.mapType === 'atomic', fields: none, items, nulls: [] } };
    const atomic = field.list === undefined || field.list === 'atomic';
    return { list: { atomic, keys: listKeys(field), items } };
  };

  const listKeys = (field: FieldSchema): ListKey[] => {
    if (field.list !== 'map') return [];
    const fields = schema.types[field.items?.ref ?? '']?.fields;
    return [...(field.keys ?? [])].sort().map((name) => {
      const fallback = fields?.[name]?.default;
      return fallback === undefined ? { name } : { name, default: fallback };
    });
  };

  const emptyObject = (name: string): JsonObject => {
    const object: JsonObject = {};
    for (const [key, field] of Object.entries(schema.types[name]?.fields ?? {})) {
      if (field.zero !== 'emit') continue;
      if (field.nil === true) object[key] = null;
      else object[key] = emptyValue(field);
    }
    return object;
  };

  const emptyValue = (field: FieldSchema): unknown => {
    if (field.k === 'struct') return emptyObject(field.ref ?? '');
    if (field.k === 'list') return [];
    if (field.k === 'map') return {};
    if (field.k === 'bool') return false;
    if (field.k === 'quantity') return '0';
    return ['int32', 'int64', 'float64', 'intOrString'].includes(field.k) ? 0 : '';
  };

  return { typeNamed, emptyObject };
}
