import { elementAt, mapFind } from './collections.ts';
import { charge, type Eval, type Frame } from './frame.ts';
import { goText } from './go-print.ts';
import {
  adapt,
  CelError,
  Double,
  isInt,
  isList,
  isMap,
  Optional,
  optionalNone,
  type Result,
  Special,
  typeOf,
  Uint,
  type Value,
} from './values.ts';

/** One step into a value: `.field`, `[key]`, `[?key]`, or the last of a has(). */
export type Qualifier =
  | { readonly key: Value; readonly optional: boolean; readonly testOnly: boolean }
  | { readonly index: Eval; readonly optional: boolean };

/**
 * A variable or a computed value and the steps into it, resolved in one go: what is missing on the way makes it absent when a
 * step is optional. Steps are added while the expression is planned.
 */
export interface Attribute {
  readonly base: Eval;
  readonly qualifiers: Qualifier[];
  /** A conditional: the steps are added to both of its branches. */
  readonly branches?: readonly [whenTrue: Attribute, whenFalse: Attribute];
}

export function addQualifier(attribute: Attribute, qualifier: Qualifier): void {
  if (attribute.branches === undefined) attribute.qualifiers.push(qualifier);
  else for (const branch of attribute.branches) addQualifier(branch, qualifier);
}

/** Without the cost of the access itself, which only a whole attribute has, not one that is a step or a branch. */
export function resolveAttribute(attribute: Attribute, frame: Frame): Result {
  const base = attribute.base(frame);
  const { branches, qualifiers } = attribute;
  if (branches !== undefined) {
    if (base === true) return resolveAttribute(branches[0], frame);
    if (base === false) return resolveAttribute(branches[1], frame);
    return base instanceof CelError ? base : new CelError('no such overload');
  }
  if (base instanceof CelError) return base;
  let object: Value = base;
  let isOptional = false;
  if (object instanceof Optional) {
    if (object.value === undefined) return object;
    object = object.value;
    isOptional = true;
  }
  for (const qualifier of qualifiers) {
    isOptional ||= qualifier.optional;
    const next = isOptional ? qualifyIfPresent(qualifier, object, frame) : qualify(qualifier, object, frame);
    if (next === undefined) return optionalNone;
    if (next instanceof CelError) return next;
    object = next;
  }
  return isOptional ? new Optional(object) : object;
}

function qualify(qualifier: Qualifier, object: Value, frame: Frame): Result {
  let result: Result;
  if ('index' in qualifier) {
    const key = qualifier.index(frame);
    result = key instanceof CelError ? key : (checkKey(key) ?? step(object, key));
  } else if (qualifier.testOnly) {
    const found = find(object, qualifier.key);
    result = found instanceof CelError ? found : found !== undefined;
  } else {
    result = step(object, qualifier.key);
  }
  charge(frame, 1);
  return result;
}

/** Undefined when there is nothing. */
function qualifyIfPresent(qualifier: Qualifier, object: Value, frame: Frame): Result | undefined {
  let result: Result | undefined;
  if ('index' in qualifier) {
    const key = qualifier.index(frame);
    result = key instanceof CelError ? key : (checkKey(key) ?? find(object, key));
  } else {
    result = find(object, qualifier.key);
    if (qualifier.testOnly && result !== undefined && !(result instanceof CelError)) result = null;
  }
  if (result !== undefined && !(result instanceof CelError)) charge(frame, 1);
  return result;
}

const goTypes: Readonly<Record<string, string>> = {
  null_type: 'types.Null',
  bool: 'types.Bool',
  string: 'types.String',
  int: 'types.Int',
  bytes: 'types.Bytes',
  list: '*types.baseList',
  map: '*types.baseMap',
  uint: 'types.Uint',
  double: 'types.Double',
  optional_type: '*types.Optional',
  type: '*types.Type',
  'google.protobuf.Timestamp': 'types.Timestamp',
  'google.protobuf.Duration': 'types.Duration',
};

/** The name of Go's type, which a few messages show. */
export function goTypeName(value: Value): string {
  const { name } = typeOf(value);
  return goTypes[name] ?? name;
}

export function checkKey(key: Value): CelError | undefined {
  const type = typeof key;
  if (type === 'string' || type === 'boolean' || isInt(key) || key instanceof Uint || key instanceof Double)
    return undefined;
  return new CelError(`invalid qualifier type: ${goTypeName(key)}`);
}

/** A step that must find something. */
function step(object: Value, key: Value): Result {
  if (typeof key === 'string' && typeof object === 'object' && object !== null && !(object instanceof Special)) {
    if (!Array.isArray(object) && Object.hasOwn(object, key)) return adapt((object as Record<string, unknown>)[key]);
  }
  const found = find(object, key);
  if (found !== undefined) return found;
  if (object instanceof Special && object.missingField !== undefined) return object.missingField;
  return new CelError(isList(object) ? `index out of bounds: ${goText(key)}` : `no such key: ${goText(key)}`);
}

/** Undefined when there is nothing at the key, or the value has no keys. */
function find(object: Value, key: Value): Result | undefined {
  if (isList(object)) {
    const index = indexOrError(key);
    if (index instanceof CelError) return index;
    return index >= 0 && index < object.length ? elementAt(object, index) : undefined;
  }
  if (isMap(object)) return mapFind(object, key);
  return object instanceof Special ? object.field(key) : undefined;
}

export function indexOrError(key: Value): number | CelError {
  if (isInt(key)) return Number(key);
  if (key instanceof Uint || key instanceof Double) {
    const index = Number(key.value);
    if (Number.isSafeInteger(index)) return index;
    return new CelError(`unsupported index value ${goText(key)} in list`);
  }
  return new CelError(`unsupported index type '${typeOf(key)}' in list`);
}
