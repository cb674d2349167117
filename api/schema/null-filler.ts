import type { FieldSchema, SchemaDocument } from './schema.ts';

/** Gives the value back, or a copy where it must not be written to. */
type Fill = (value: unknown, isWhole?: boolean) => unknown;
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
  return createVisitor(schema, {
    // Storage does not tell an empty list from none.
    concerns: (value) => value === undefined || (Array.isArray(value) && value.length === 0),
    apply(object, name) {
      object[name] = null;
      return object;
    },
  });
}

/** Takes those nulls out of an object that was stored with them, in place; nulls inside free-form fields stay. */
export function createNullClearer(schema: SchemaDocument): NullVisitor {
  return createVisitor(schema, {
    concerns: (value) => value === null,
    apply(object, name, isWhole) {
      // What something is deleted from becomes a slow and large dictionary: parts are made anew without it.
      if (!isWhole) return without(object, name);
      delete object[name];
      return object;
    },
  });
}

interface Visit {
  concerns(value: unknown): boolean;
  /** Writes to it, or gives another one: not of the whole. */
  apply(object: JsonObject, name: string, isWhole: boolean): JsonObject;
}

function without(object: Readonly<JsonObject>, name: string): JsonObject {
  const rest: JsonObject = {};
  for (const key in object) if (key !== name) rest[key] = object[key];
  return rest;
}

/** Parts taken over from a stored object are frozen and shared: they are copied before they are written to. */
function writable<T extends object>(value: T): T {
  if (!Object.isFrozen(value)) return value;
  return (Array.isArray(value) ? [...value] : { ...value }) as T;
}

/** Every element through `fill`, in place where nothing is shared. */
function fillEach<T extends JsonObject | unknown[]>(container: T, fill: Fill): T {
  let result = container as JsonObject;
  for (const key in container) {
    const part: unknown = result[key];
    const filled = fill(part);
    if (filled === part) continue;
    result = writable(result);
    result[key] = filled;
  }
  return result as T;
}

function createVisitor(schema: SchemaDocument, visit: Visit): NullVisitor {
  const fillers = new Map<string, Fill | undefined>();

  const ofField = (field: FieldSchema): Fill | undefined => {
    if (field.k === 'struct') return ofType(field.ref ?? '');
    if ((field.k !== 'list' && field.k !== 'map') || field.items === undefined) return undefined;
    const fill = ofField(field.items);
    if (fill === undefined) return undefined;
    return (container) => fillEach(container as JsonObject | unknown[], fill);
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
    return (value, isWhole = false) => {
      let object = value as JsonObject;
      for (const name of nulls) {
        if (!visit.concerns(object[name])) continue;
        object = visit.apply(writable(object), name, isWhole);
      }
      for (const [name, fill] of parts) {
        const part = object[name];
        if (part === undefined || part === null) continue;
        const filled = fill(part);
        if (filled === part) continue;
        object = writable(object);
        object[name] = filled;
      }
      return object;
    };
  };

  const ofType = (typeName: string): Fill | undefined => {
    if (fillers.has(typeName)) return fillers.get(typeName);
    // A type that contains itself finds this while it is being compiled.
    fillers.set(typeName, (value) => fillers.get(typeName)?.(value) ?? value);
    const fill = compile(typeName);
    fillers.set(typeName, fill);
    return fill;
  };

  return (typeName, object) => {
    ofType(typeName)?.(object, true);
  };
}
