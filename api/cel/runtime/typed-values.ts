import { semanticEqual } from '../../equal.ts';
import { additionalOf, itemsOf, type JsonSchema } from '../../structural/json-schema.ts';
import { escapeFieldName } from '../field-names.ts';
import { withObjectMeta } from '../schema-types.ts';
import { noSuchOverload } from './arithmetic.ts';
import { elementAt, elements, mapFind, mapSize } from './collections.ts';
import { equal } from './equality.ts';
import { goJsonType, intOrString, scalarView, type View } from './typed-scalars.ts';
import {
  type AnyList,
  type AnyMap,
  CelError,
  Double,
  ListView,
  MapView,
  type Result,
  Special,
  TypeValue,
  type Value,
} from './values.ts';

/**
 * Makes values of a custom resource's JSON as its schema says: numbers, times and bytes by their format, fields under the names
 * that expressions use, sets and lists of keyed objects with their own equality. `isRoot`: it is a whole object of the API.
 */
export function createValueView(schema: JsonSchema, isRoot = false): View {
  const view = viewOf(isRoot ? withObjectMeta(schema) : schema);
  const { nullable } = schema;
  return (raw) => {
    if (raw !== null && raw !== undefined) return view(raw);
    return nullable === true ? null : new CelError('invalid data, got null for schema with nullable=false');
  };
}

function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** Made when a value is first there, so that schemas that nothing looks into cost nothing. */
function lazily(schema: JsonSchema): View {
  let view: View | undefined;
  return (raw) => {
    view ??= createValueView(schema, isEmbedded(schema));
    return view(raw);
  };
}

function viewOf(schema: JsonSchema): View {
  if (schema['x-kubernetes-int-or-string'] === true) return intOrString;
  if (schema.type === 'object') return objectView(schema);
  if (schema.type === 'array') return arrayView(schema);
  const scalar = scalarView(schema);
  if (scalar !== undefined) return scalar;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return (raw) => new Preserved(raw);
  return () => {
    return new CelError(
      'invalid type, expected object, array, number, integer, boolean or string, or no type with ' +
        `x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ${schema.type ?? ''}`,
    );
  };
}

interface Shape {
  /** Fields by the name that expressions use; undefined for a map, whose keys are any. */
  readonly fields: ReadonlyMap<string, readonly [name: string, view: View]> | undefined;
  readonly names: ReadonlyMap<string, View>;
  readonly any: View | undefined;
}

function objectView(schema: JsonSchema): View {
  const properties = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, lazily(each)] as const);
  const additional = additionalOf(schema);
  const isMapType = schema.properties === undefined && additional !== undefined;
  const shape: Shape = {
    names: new Map(properties),
    fields: isMapType
      ? undefined
      : new Map(properties.map(([name, view]) => [escapeFieldName(name) ?? '', [name, view] as const])),
    any: isMapType ? lazily(additional) : undefined,
  };
  return (raw) => {
    if (typeof raw === 'object' && !Array.isArray(raw)) return new TypedMap(raw as Record<string, unknown>, shape);
    return new CelError('invalid data, expected a map for the provided schema with type=object');
  };
}

/** An object or map of a schema. */
class TypedMap extends MapView {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly #shape: Shape;

  constructor(raw: Readonly<Record<string, unknown>>, shape: Shape) {
    super();
    this.raw = raw;
    this.#shape = shape;
  }

  find(key: Value): Result | undefined {
    if (typeof key !== 'string') return noSuchOverload;
    const { fields, any } = this.#shape;
    if (fields === undefined) return Object.hasOwn(this.raw, key) && any !== undefined ? any(this.raw[key]) : undefined;
    const field = fields.get(key);
    if (field === undefined) return undefined;
    const [name, view] = field;
    const raw = Object.hasOwn(this.raw, name) ? this.raw[name] : undefined;
    // A null is as good as nothing.
    return raw === undefined || raw === null ? undefined : view(raw);
  }

  keys(): readonly Value[] {
    const keys = Object.keys(this.raw);
    const { names, fields } = this.#shape;
    return fields === undefined ? keys : keys.filter((key) => names.has(key)).map((key) => escapeFieldName(key) ?? key);
  }

  override size(): number {
    return Object.keys(this.raw).length;
  }

  override get mismatch(): Result {
    return noSuchOverload;
  }

  override equalsMap(other: AnyMap): Result {
    if (this.size() !== mapSize(other)) return false;
    for (const key of Object.keys(this.raw)) {
      const same = this.#equalsAt(key, other);
      if (same !== true) return same;
    }
    return true;
  }

  #equalsAt(key: string, other: AnyMap): Result {
    const { names, fields } = this.#shape;
    if (fields !== undefined && !names.has(key)) {
      if (!(other instanceof TypedMap)) return noSuchOverload;
      return !Object.hasOwn(other.raw, key) || semanticEqual(this.raw[key], other.raw[key]);
    }
    const name = fields === undefined ? key : (escapeFieldName(key) ?? key);
    const ours = this.find(name);
    const theirs = mapFind(other, name);
    if (ours === undefined || theirs === undefined) return ours === theirs;
    return equalResults(ours, theirs);
  }
}

function equalResults(a: Result, b: Result): Result {
  if (a instanceof CelError) return a;
  return b instanceof CelError ? b : equal(a, b);
}

function arrayView(schema: JsonSchema): View {
  const itemSchema = itemsOf(schema);
  if (itemSchema === undefined) {
    return () => new CelError('invalid array type, expected Items with a non-empty Schema');
  }
  const view = lazily(itemSchema);
  const kind = schema['x-kubernetes-list-type'];
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as readonly string[];
  const keyNames = keys.map((key) => escapeFieldName(key) ?? key);
  return (raw) => {
    if (!Array.isArray(raw))
      return new CelError('invalid data, expected an array for the provided schema with type=array');
    if (kind === 'set') return new TypedSet(raw, view, (element) => element);
    if (kind === 'map') return new TypedSet(raw, view, (element) => keyOf(element, keyNames), true);
    return new TypedList(raw, view);
  };
}

class TypedList extends ListView {
  readonly raw: readonly unknown[];
  readonly view: View;

  constructor(raw: readonly unknown[], view: View) {
    super();
    this.raw = raw;
    this.view = view;
  }

  get length(): number {
    return this.raw.length;
  }

  at(index: number): Result {
    return this.view(this.raw[index]);
  }

  override get mismatch(): Result {
    return noSuchOverload;
  }
}

function keyOf(element: unknown, names: readonly string[]): unknown {
  if (typeof element !== 'object' || element === null) return goJsonType(element);
  return JSON.stringify(names.map((name) => (element as Record<string, unknown>)[name] ?? null));
}

/** JSON that a value was made of, where it was made of any. */
function rawOf(value: Result): unknown {
  if (value instanceof TypedMap || value instanceof TypedList) return value.raw;
  return value instanceof Double ? value.value : value;
}

/** A list whose order does not count: a set, or objects told apart by their keys. */
class TypedSet extends TypedList {
  readonly #key: (raw: unknown) => unknown;
  readonly #isKeyed: boolean;

  constructor(raw: readonly unknown[], view: View, key: (raw: unknown) => unknown, isKeyed = false) {
    super(raw, view);
    this.#key = key;
    this.#isKeyed = isKeyed;
  }

  override readonly equalsList = (other: AnyList): Result => {
    if (this.length !== other.length) return false;
    const byKey = new Map(this.raw.map((raw) => [this.#key(raw), raw]));
    for (const element of elements(other)) {
      const key = this.#key(rawOf(element));
      if (!byKey.has(key)) return false;
      if (!this.#isKeyed) continue;
      const same = equalResults(this.view(byKey.get(key)), element);
      if (same !== true) return same;
    }
    return true;
  };

  /** Elements of the other replace those of the same key, in their place; the rest is appended. */
  override readonly plus = (other: AnyList): Result => {
    const raw = [...this.raw];
    const places = new Map(raw.map((element, index) => [this.#key(element), index]));
    for (let index = 0; index < other.length; index++) {
      const element = rawOf(elementAt(other, index));
      const place = places.get(this.#key(element));
      if (place !== undefined) {
        if (this.#isKeyed) raw[place] = element;
        continue;
      }
      if (!this.#isKeyed) places.set(this.#key(element), raw.length);
      raw.push(element);
    }
    return new TypedSet(raw, this.view, this.#key, this.#isKeyed);
  };
}

const unknownType = new TypeValue('unknown');

/** What a schema keeps without knowing it: it can only be compared. */
class Preserved extends Special {
  readonly raw: unknown;
  constructor(raw: unknown) {
    super();
    this.raw = raw;
  }
  get type(): TypeValue {
    return unknownType;
  }
  override equals(other: Value): boolean {
    return semanticEqual(this.raw, other instanceof Preserved ? other.raw : other);
  }
}
