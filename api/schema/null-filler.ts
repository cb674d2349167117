import type { FieldSchema, SchemaDocument } from './schema.ts';

type Fill = (value: unknown) => void;
type JsonObject = Record<string, unknown>;

/** What Go writes as null when it is absent: nil lists, maps and pointers without omitempty, and zero times. */
function isNullWhenAbsent(field: FieldSchema): boolean {
  return field.zero === 'emit' && (field.nil === true || field.k === 'time' || field.k === 'microTime');
}

export type NullVisitor = (typeName: string, object: object) => void;

/**
 * Writes the nulls that upstream prints (`rules: null` of an empty Role) into an object about to be encoded, in place.
 * Decoded objects carry none, so that nobody has to think of them; types without such fields cost nothing.
 */
export function createNullFiller(schema: SchemaDocument): NullVisitor {
  return createVisitor(schema, (object, name) => {
    if (object[name] === undefined) object[name] = null;
  });
}

/** Takes those nulls out of an object that was stored with them, in place; nulls inside free-form fields stay. */
export function createNullClearer(schema: SchemaDocument): NullVisitor {
  return createVisitor(schema, (object, name) => {
    if (object[name] === null) delete object[name];
  });
}

function createVisitor(schema: SchemaDocument, visit: (object: JsonObject, name: string) => void): NullVisitor {
  const fillers = new Map<string, Fill | undefined>();

  const ofField = (field: FieldSchema): Fill | undefined => {
    if (field.k === 'struct') return ofType(field.ref ?? '');
    if ((field.k !== 'list' && field.k !== 'map') || field.items === undefined) return undefined;
    const fill = ofField(field.items);
    if (fill === undefined) return undefined;
    if (field.k === 'list') return (list) => (list as unknown[]).forEach(fill);
    return (map) => Object.values(map as JsonObject).forEach(fill);
  };

  const compile = (typeName: string): Fill | undefined => {
    const nulls: string[] = [];
    const parts: [name: string, fill: Fill][] = [];
    for (const [name, field] of Object.entries(schema.types[typeName]?.fields ?? {})) {
      if (isNullWhenAbsent(field)) nulls.push(name);
      const fill = ofField(field);
      if (fill !== undefined) parts.push([name, fill]);
    }
    if (nulls.length === 0 && parts.length === 0) return undefined;
    return (value) => {
      const object = value as JsonObject;
      for (const name of nulls) visit(object, name);
      for (const [name, fill] of parts) {
        const part = object[name];
        if (part !== undefined && part !== null) fill(part);
      }
    };
  };

  const ofType = (typeName: string): Fill | undefined => {
    if (fillers.has(typeName)) return fillers.get(typeName);
    // A type that contains itself finds this while it is being compiled.
    fillers.set(typeName, (value) => fillers.get(typeName)?.(value));
    const fill = compile(typeName);
    fillers.set(typeName, fill);
    return fill;
  };

  return (typeName, object) => ofType(typeName)?.(object);
}
