import { type FieldError, type FieldErrors, FieldPath, required } from '../field-error.ts';
import { isDNS1035Label, nameIsPathSegment } from '../names.ts';
import type { ObjectMeta } from '../object.ts';
import { DecodeError } from '../schema/decode.ts';
import { validateObjectMeta } from '../validation/object-meta.ts';
import { valueError } from './go-print.ts';
import { isJsonObject, type JsonObject, type Node, type Structural } from './structural.ts';

/** Types the metadata of an object in place: `decoder.decode('io.k8s…ObjectMeta', …)`. Throws DecodeError. */
export type DecodeMetadata = (metadata: unknown) => {
  readonly object: Record<string, unknown>;
  readonly unknown: readonly string[];
};

export interface CoerceOptions {
  /** Malformed metadata is dropped instead of refused: objects read from the store. Default false. */
  readonly dropInvalid?: boolean;
  /** The value is a whole resource, like an embedded one. Default false: its apiVersion, kind and metadata are not looked at. */
  readonly isResource?: boolean;
}

export interface Coerced {
  /** Upstream answers BadRequest with this error's text. */
  readonly error?: FieldError;
  /** Strict errors of embedded metadata: `spec.template.metadata.foo`, sorted. */
  readonly unknown: readonly string[];
}

/** Ends coercing at the first error. */
class Refused extends Error {
  readonly error: FieldError;

  constructor(error: FieldError) {
    super(error.detail);
    this.error = error;
  }
}

interface Coercer {
  readonly decode: DecodeMetadata;
  readonly dropInvalid: boolean;
  readonly unknown: string[];
}

type Step = string | number | { readonly key: string };

function childOf(path: FieldPath | undefined, step: Step): FieldPath {
  if (typeof step === 'string') return path === undefined ? FieldPath.of(step) : path.child(step);
  const parent = path ?? FieldPath.of();
  return typeof step === 'number' ? parent.index(step) : parent.key(step.key);
}

function refuse(path: FieldPath, value: unknown, detail: string): never {
  throw new Refused(valueError('FieldValueInvalid', path.toString(), value, detail));
}

/** What decoding keeps of malformed metadata: the members that are fine each by itself. */
function salvage(metadata: unknown, coercer: Coercer): JsonObject | undefined {
  if (!isJsonObject(metadata)) return undefined;
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(metadata)) {
    try {
      Object.assign(kept, coercer.decode({ [name]: value }).object);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  return kept;
}

function coerceMetadata(object: JsonObject, path: FieldPath, coercer: Coercer): void {
  const { metadata } = object;
  try {
    if (!isJsonObject(metadata) && metadata !== null) {
      const found = Array.isArray(metadata) ? 'array' : typeof metadata === 'boolean' ? 'bool' : typeof metadata;
      throw new DecodeError(`json: cannot unmarshal ${found} into Go value of type v1.ObjectMeta`);
    }
    const decoded = coercer.decode(structuredClone(metadata ?? {}));
    for (const each of decoded.unknown) {
      const name = /^unknown field "(.*)"$/.exec(each)?.[1];
      if (name !== undefined) coercer.unknown.push(`${path}.${name}`);
    }
    object['metadata'] = decoded.object;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    if (!coercer.dropInvalid) refuse(path, metadata, error.message);
    const kept = salvage(metadata, coercer);
    if (kept !== undefined) object['metadata'] = kept;
  }
}

function coerceResource(object: JsonObject, path: FieldPath | undefined, coercer: Coercer): void {
  for (const name of ['apiVersion', 'kind']) {
    if (!Object.hasOwn(object, name) || typeof object[name] === 'string') continue;
    if (coercer.dropInvalid) delete object[name];
    else refuse(childOf(path, name), object[name], 'must be a string');
  }
  if (Object.hasOwn(object, 'metadata')) coerceMetadata(object, childOf(path, 'metadata'), coercer);
}

function coerceValue(value: unknown, node: Node, path: FieldPath | undefined, coercer: Coercer, isResource: boolean) {
  if (!node.has.embedded && !isResource) return;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return;
    value.forEach((item, i) => {
      coerceValue(item, items, childOf(path, i), coercer, false);
    });
    return;
  }
  if (!isJsonObject(value)) return;
  if (node.isEmbedded || isResource) coerceResource(value, path, coercer);
  if (node.has.embedded)
    eachMember(value, node, (member, inner, step) => {
      coerceValue(member, inner, childOf(path, step), coercer, false);
    });
}

function eachMember(object: JsonObject, node: Node, visit: (value: unknown, node: Node, step: Step) => void): void {
  const { additional } = node;
  for (const name of Object.keys(object)) {
    const property = node.properties.get(name);
    if (property !== undefined) visit(object[name], property, name);
    else if (additional !== undefined && additional !== true) visit(object[name], additional, { key: name });
  }
}

export function coerceNode(
  object: unknown,
  node: Node,
  path: FieldPath | undefined,
  decode: DecodeMetadata,
  options: CoerceOptions = {},
): Coerced {
  const { dropInvalid = false, isResource = false } = options;
  const coercer: Coercer = { decode, dropInvalid, unknown: [] };
  try {
    coerceValue(object, node, path, coercer, isResource);
    return { unknown: coercer.unknown.sort() };
  } catch (refused) {
    if (refused instanceof Refused) return { error: refused.error, unknown: [] };
    throw refused;
  }
}

/** Types apiVersion, kind and metadata of the resources embedded in an object, in place. */
export function coerceEmbedded(
  object: unknown,
  structural: Structural,
  decode: DecodeMetadata,
  options: CoerceOptions = {},
): Coerced {
  return coerceNode(object, structural.root(), undefined, decode, options);
}

function typeMetaErrors(object: JsonObject, path: FieldPath | undefined): FieldErrors {
  const errors: FieldErrors = [];
  const invalid = (name: string, value: unknown, detail: string) =>
    errors.push(valueError('FieldValueInvalid', childOf(path, name).toString(), value, detail));
  for (const name of ['apiVersion', 'kind'])
    if (!Object.hasOwn(object, name)) errors.push(required(childOf(path, name)));
  const { apiVersion, kind } = object;
  if (apiVersion === '') invalid('apiVersion', '', 'must not be empty');
  else if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    invalid('apiVersion', apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else if (apiVersion !== undefined && typeof apiVersion !== 'string')
    invalid('apiVersion', apiVersion, 'must be a string');
  if (kind === undefined) return errors;
  if (typeof kind !== 'string') invalid('kind', kind, 'must be a string');
  else if (kind === '') invalid('kind', '', 'must not be empty');
  else {
    const messages = isDNS1035Label(kind.toLowerCase());
    if (messages.length > 0)
      invalid('kind', kind, `may have mixed case, but should otherwise match: ${messages.join(',')}`);
  }
  return errors;
}

function resourceErrors(object: JsonObject, path: FieldPath | undefined): FieldErrors {
  const errors = typeMetaErrors(object, path);
  if (!isJsonObject(object['metadata'])) return errors;
  const metadata: ObjectMeta = { ...object['metadata'] };
  if (!metadata.name) metadata.name = 'fakename';
  const rules = { namespaced: Boolean(metadata.namespace), validateName: nameIsPathSegment, anyFinalizer: true };
  return [...errors, ...validateObjectMeta(metadata, rules, childOf(path, 'metadata'))];
}

/** The rules of the resources embedded in a value, which is one itself with `isResource`. */
export function embeddedErrors(
  value: unknown,
  node: Node,
  path: FieldPath | undefined,
  isResource = false,
): FieldErrors {
  if (!node.has.embedded && !isResource) return [];
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? [] : value.flatMap((item, i) => embeddedErrors(item, items, childOf(path, i)));
  }
  if (!isJsonObject(value)) return [];
  const errors = node.isEmbedded || isResource ? resourceErrors(value, path) : [];
  eachMember(value, node, (member, inner, step) => {
    errors.push(...embeddedErrors(member, inner, childOf(path, step)));
  });
  return errors;
}
