/**
 * Values as expressions see them. JSON is used as it stands: null, booleans, strings, arrays and plain objects are
 * themselves, an int is a number as long as it is a safe integer and else a bigint. What JSON has no word for (a double, a
 * uint, a timestamp …) is an instance of Special.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly unknown[] | JsonMap | Special;

export interface JsonMap {
  readonly [key: string]: unknown;
}

/** An error is a value too: `||` and `&&` may absorb it. */
export class CelError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export type Result = Value | CelError;

/** Stops an evaluation at once: nothing absorbs it. */
export class EvaluationCancelled extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EvaluationCancelled';
  }
}

export abstract class Special {
  abstract readonly type: TypeValue;
  /** Numbers, optionals, lists and maps are compared by `equal`, which asks all others. */
  equals(other: Value): Result {
    return this === other;
  }
  /** As Go prints it in messages. */
  toString(): string {
    return this.type.name;
  }
  /** What size() and costs count; undefined for what has no size. */
  size(): number | undefined {
    return undefined;
  }
  isZero(): boolean | undefined {
    return undefined;
  }
  /** What is at a field of an object that is no map; undefined when nothing is. */
  field(_name: Value): Result | undefined {
    return undefined;
  }
  /** What an access to a field that is not there gives; undefined for an error. */
  get missingField(): Value | undefined {
    return undefined;
  }
  /** What type() gives. */
  get typeAsValue(): TypeValue {
    return this.type;
  }
  get costsOneToCompare(): boolean {
    return false;
  }
}

/** A type as a value: type(1), int. */
export class TypeValue extends Special {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  get type(): TypeValue {
    return typeValues.type;
  }
  override equals(other: Value): boolean {
    return other instanceof TypeValue && other.name === this.name;
  }
  override toString(): string {
    return this.name;
  }
}

export const typeValues = {
  bool: new TypeValue('bool'),
  bytes: new TypeValue('bytes'),
  double: new TypeValue('double'),
  duration: new TypeValue('google.protobuf.Duration'),
  int: new TypeValue('int'),
  list: new TypeValue('list'),
  map: new TypeValue('map'),
  null: new TypeValue('null_type'),
  optional: new TypeValue('optional_type'),
  string: new TypeValue('string'),
  timestamp: new TypeValue('google.protobuf.Timestamp'),
  type: new TypeValue('type'),
  uint: new TypeValue('uint'),
} as const;

export class Uint extends Special {
  readonly value: bigint;
  constructor(value: bigint) {
    super();
    this.value = value;
  }
  get type(): TypeValue {
    return typeValues.uint;
  }
  override isZero(): boolean {
    return this.value === 0n;
  }
}

export class Double extends Special {
  readonly value: number;
  constructor(value: number) {
    super();
    this.value = value;
  }
  get type(): TypeValue {
    return typeValues.double;
  }
  override isZero(): boolean {
    return this.value === 0;
  }
}

export class Optional extends Special {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    super();
    this.value = value;
  }
  get type(): TypeValue {
    return typeValues.optional;
  }
}

export const optionalNone = new Optional(undefined);

/** A list that is no array: elements are made when asked for. */
export abstract class ListView extends Special {
  get type(): TypeValue {
    return typeValues.list;
  }
  abstract readonly length: number;
  abstract at(index: number): Result;
  override size(): number {
    return this.length;
  }
  override isZero(): boolean {
    return this.length === 0;
  }
  /** What a comparison with something that is no list gives. */
  get mismatch(): Result {
    return false;
  }
  /** Set where a list has an equality or a sum of its own (a set, a list of keyed objects). */
  readonly equalsList?: (other: AnyList) => Result;
  readonly plus?: (other: AnyList) => Result;
}

/** A map that is no plain object. */
export abstract class MapView extends Special {
  get type(): TypeValue {
    return typeValues.map;
  }
  abstract find(key: Value): Result | undefined;
  abstract keys(): readonly Value[];
  /** What a comparison with something that is no map gives. */
  get mismatch(): Result {
    return false;
  }
  /** Set where a map has an equality of its own. */
  equalsMap?(other: AnyMap): Result;
  abstract override size(): number;
  override isZero(): boolean {
    return this.size() === 0;
  }
}

export type AnyList = readonly unknown[] | ListView;
export type AnyMap = JsonMap | MapView;

/** A JSON number read from a document: integers are ints, the rest doubles. Values pass unchanged. */
export function adapt(raw: unknown): Value {
  if (typeof raw === 'number' && !Number.isSafeInteger(raw)) return new Double(raw);
  return raw as Value;
}

export function isList(value: unknown): value is AnyList {
  return Array.isArray(value) || value instanceof ListView;
}

export function isMap(value: unknown): value is AnyMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return value instanceof Special ? value instanceof MapView : !(value instanceof Uint8Array);
}

export function isInt(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

export function typeOf(value: Value): TypeValue {
  switch (typeof value) {
    case 'boolean':
      return typeValues.bool;
    case 'string':
      return typeValues.string;
    case 'number':
    case 'bigint':
      return typeValues.int;
    default:
      if (value === null) return typeValues.null;
      if (Array.isArray(value)) return typeValues.list;
      if (value instanceof Special) return value.type;
      return value instanceof Uint8Array ? typeValues.bytes : typeValues.map;
  }
}
