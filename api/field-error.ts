import { goJson, goQuote } from './go-text.ts';

/** Where a field stands: printed as upstream does, `spec.containers[0].env[name]`. Building one allocates a node and no string. */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #segment: string | number;
  readonly #isField: boolean;

  private constructor(parent: FieldPath | undefined, segment: string | number, isField: boolean) {
    this.#parent = parent;
    this.#segment = segment;
    this.#isField = isField;
  }

  /** `FieldPath.of('spec', 'template')` is `spec.template`; without arguments the path of the object itself. */
  static of(...names: string[]): FieldPath {
    const [first = '', ...rest] = names;
    return rest.reduce((path: FieldPath, name) => path.child(name), new FieldPath(undefined, first, true));
  }

  child(name: string, ...more: string[]): FieldPath {
    const path = new FieldPath(this, name, true);
    return more.length === 0 ? path : more.reduce((parent: FieldPath, next) => parent.child(next), path);
  }

  index(i: number): FieldPath {
    return new FieldPath(this, i, false);
  }

  key(k: string): FieldPath {
    return new FieldPath(this, k, false);
  }

  toString(): string {
    const before = this.#parent?.toString() ?? '';
    if (!this.#isField) return `${before}[${this.#segment}]`;
    return before === '' ? `${this.#segment}` : `${before}.${this.#segment}`;
  }
}

/** metav1 cause reasons of a field error. */
export type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  readonly reason: FieldErrorReason;
  readonly field: string;
  /** The part of the message after the path: `Invalid value: "x": must be …`. */
  readonly detail: string;
}

export type FieldErrors = FieldError[];

// Go's %v for structs and %q for strings is what clients see; only strings, numbers, booleans and JSON shapes are needed.
function printed(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'object') return goJson(value);
  return String(value);
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

export function required(path: FieldPath, detail = ''): FieldError {
  return { reason: 'FieldValueRequired', field: path.toString(), detail: withDetail('Required value', detail) };
}

export function invalid(path: FieldPath, value: unknown, detail: string): FieldError {
  return {
    reason: 'FieldValueInvalid',
    field: path.toString(),
    detail: withDetail(`Invalid value: ${printed(value)}`, detail),
  };
}

export function typeInvalid(path: FieldPath, value: unknown, detail: string): FieldError {
  return {
    reason: 'FieldValueTypeInvalid',
    field: path.toString(),
    detail: withDetail(`Invalid value: ${printed(value)}`, detail),
  };
}

/** `supported` is printed in the order given: upstream sorts most lists, so callers pass them sorted. */
export function notSupported(path: FieldPath, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.length === 0 ? '' : `: supported values: ${supported.map(goQuote).join(', ')}`;
  return {
    reason: 'FieldValueNotSupported',
    field: path.toString(),
    detail: `Unsupported value: ${printed(value)}${list}`,
  };
}

export function forbidden(path: FieldPath, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field: path.toString(), detail: withDetail('Forbidden', detail) };
}

export function duplicate(path: FieldPath, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field: path.toString(), detail: `Duplicate value: ${printed(value)}` };
}

export function notFound(path: FieldPath, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field: path.toString(), detail: `Not found: ${printed(value)}` };
}

/** `max` below 0 leaves the number out. Upstream: field.TooLong. */
export function tooLong(path: FieldPath, max: number): FieldError {
  const detail = max >= 0 ? `may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}` : 'value is too long';
  return { reason: 'FieldValueTooLong', field: path.toString(), detail: `Too long: ${detail}` };
}

export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  const item = max === 1 ? 'item' : 'items';
  const detail = max >= 0 ? `must have at most ${max} ${item}` : 'has too many items';
  return { reason: 'FieldValueTooMany', field: path.toString(), detail: `Too many: ${actual}: ${detail}` };
}

export function internalError(path: FieldPath, message: string): FieldError {
  return { reason: 'InternalError', field: path.toString(), detail: `Internal error: ${message}` };
}

/** The text of one error as it stands in a Status message. */
export function fieldErrorMessage(error: FieldError): string {
  return error.field === '' ? error.detail : `${error.field}: ${error.detail}`;
}
