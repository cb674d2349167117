import { JsonSyntaxError, type ParsedJson, parseJsonForDecoding } from '../json.ts';
import { apiVersionOf, type GroupVersionKind } from '../object.ts';
import { badRequest, StatusError, unsupportedMediaType } from '../status.ts';
import type { ParsedYaml } from '../yaml.ts';
import { YamlError } from '../yaml-scalars.ts';
import { DecodeError, type Decoder } from './decode.ts';
import { createKnownKinds } from './known-kinds.ts';
import type { SchemaDocument } from './schema.ts';
import { readTypeMeta, withDefaults } from './type-meta.ts';

export interface DecodedBody {
  /** Canonical, with apiVersion and kind set. */
  readonly object: Record<string, unknown>;
  readonly gvk: GroupVersionKind;
  /** In upstream's order; YAML's repeated keys are one error together. Pass them to `applyFieldValidation`. */
  readonly strictErrors: readonly string[];
  /** The body's metadata.managedFields is an empty list, which decoding drops. */
  readonly forgetsManagers?: boolean;
}

export interface BodyLimits {
  readonly maxBytes: number;
}

/** Upstream's limit of a request body: 3 MiB. */
export const defaultLimits: BodyLimits = { maxBytes: 3 * 1024 * 1024 };

/** The envelope of a protobuf body, and its message as the JSON it stands for. Errors are DecodeErrors. */
export interface ProtobufReader {
  readEnvelope(bytes: Uint8Array): { readonly apiVersion: string; readonly kind: string; readonly raw: Uint8Array };
  /** undefined: the type has no protobuf form. */
  readMessage(typeName: string, raw: Uint8Array): unknown;
}

export interface BodyDecoder {
  /** Reads a body for an endpoint that expects `expected`. Throws StatusErrors in upstream's words. */
  decodeRequestBody(
    contentType: string,
    bytes: Uint8Array,
    expected: GroupVersionKind,
    limits?: BodyLimits,
  ): DecodedBody;
  /** DeleteOptions of any group; strictness is not asked of them. An empty body is not a body: do not pass it. */
  decodeDeleteOptions(contentType: string, bytes: Uint8Array, limits?: BodyLimits): DecodedBody;
  /** For kinds without a schema (custom resources): metadata is typed, everything else as it came. */
  decodeCustomResource(
    contentType: string,
    bytes: Uint8Array,
    expected: GroupVersionKind,
    limits?: BodyLimits,
  ): DecodedBody;
}

type MediaType = 'json' | 'yaml' | 'protobuf';

const mediaTypes: Readonly<Record<string, MediaType>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
// What upstream's error calls its table of types.
const scheme = 'pkg/runtime/scheme.go:111';
const internalPackages: Readonly<Record<string, string>> = {
  '': 'core',
  'events.k8s.io': 'core',
  'internal.apiserver.k8s.io': 'apiserverinternal',
};
const deleteOptions: GroupVersionKind = { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' };
const deleteOptionsType = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';
const summaryLength = 30;

/** What the parsers of the three formats have in common. */
interface Read {
  readonly value: unknown;
  readonly gvk: GroupVersionKind;
  readonly repeated?: ParsedJson['repeated'];
  readonly duplicates: readonly string[];
  readonly raw?: Uint8Array;
}

function mediaTypeOf(contentType: string): MediaType {
  const base = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  const found = contentType === '' ? 'json' : mediaTypes[base];
  if (found !== undefined) return found;
  const accepted = Object.keys(mediaTypes).join(', ');
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

function summary(bytes: Uint8Array, text: (bytes: Uint8Array) => string): string {
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, summaryLength);
  const shown = head[0] === 0x7b ? text(head) : Array.from(head, (b) => b.toString(16).padStart(2, '0')).join('');
  return bytes.length > summaryLength ? `${shown} ...` : shown;
}

function isBodyError(error: unknown): error is DecodeError | JsonSyntaxError | YamlError {
  return error instanceof DecodeError || error instanceof JsonSyntaxError || error instanceof YamlError;
}

function notRegistered(gvk: GroupVersionKind): DecodeError {
  const version = JSON.stringify(apiVersionOf(gvk));
  return new DecodeError(
    `no kind ${JSON.stringify(gvk.kind)} is registered for version ${version} in scheme ${JSON.stringify(scheme)}`,
  );
}

const internalPackage = (group: string) => internalPackages[group] ?? group.split('.')[0] ?? group;

export function createBodyDecoder(deps: {
  readonly schema: SchemaDocument;
  readonly decoder: Decoder;
  readonly protobuf?: ProtobufReader;
  /** Throws YamlError. Handed in, since few servers need it and its library is big. */
  readYaml(text: string): ParsedYaml;
}): BodyDecoder {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const text = (bytes: Uint8Array) => utf8.decode(bytes);
  const kinds = createKnownKinds(deps.schema);

  const readJson = (bytes: Uint8Array): Read => {
    try {
      const { value, repeated, duplicates } = parseJsonForDecoding(text(bytes));
      return {
        value,
        gvk: readTypeMeta(value),
        repeated,
        duplicates: duplicates.map((d) => `duplicate field ${JSON.stringify(d)}`),
      };
    } catch (error) {
      if (error instanceof JsonSyntaxError)
        throw new DecodeError(`couldn't get version/kind; json parse error: ${error.message}`);
      throw error;
    }
  };
  const readYaml = (bytes: Uint8Array): Read => {
    const { value, duplicates } = deps.readYaml(text(bytes));
    const errors = duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`];
    return { value, gvk: readTypeMeta(value), duplicates: errors };
  };
  const readProtobuf = (bytes: Uint8Array): Read => {
    if (deps.protobuf === undefined) throw new DecodeError('protobuf bodies are not supported here');
    const { apiVersion, kind, raw } = deps.protobuf.readEnvelope(bytes);
    return { value: {}, gvk: readTypeMeta({ apiVersion, kind }), duplicates: [], raw };
  };
  const readers = { json: readJson, yaml: readYaml, protobuf: readProtobuf };

  const read = (contentType: string, bytes: Uint8Array, limits: BodyLimits): Read => {
    const reader = readers[mediaTypeOf(contentType)];
    if (bytes.length > limits.maxBytes) {
      throw new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${limits.maxBytes}`);
    }
    try {
      return reader(bytes);
    } catch (error) {
      // Deeper than our own recursion reaches, and so than anything that upstream keeps.
      if (error instanceof RangeError) throw new DecodeError("invalid character '[' exceeded max depth");
      throw error;
    }
  };

  const unrecognized = (error: Error, expected: GroupVersionKind, bytes: Uint8Array) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${error.message} (${summary(bytes, text)})`,
    );

  const readFor = (contentType: string, bytes: Uint8Array, expected: GroupVersionKind, limits: BodyLimits): Read => {
    try {
      const found = read(contentType, bytes, limits);
      return { ...found, gvk: withDefaults(found.gvk, expected) };
    } catch (error) {
      if (isBodyError(error)) throw unrecognized(error, expected, bytes);
      throw error;
    }
  };

  /** Without a schema nothing stands in for a kind that is missing. */
  const readUnstructured = (
    contentType: string,
    bytes: Uint8Array,
    expected: GroupVersionKind,
    limits: BodyLimits,
  ): Read => {
    try {
      const found = read(contentType, bytes, limits);
      if (found.gvk.kind === '') throw new DecodeError(`Object 'Kind' is missing in '${text(bytes)}'`);
      return found;
    } catch (error) {
      if (isBodyError(error)) throw unrecognized(error, expected, bytes);
      throw error;
    }
  };

  const wrongVersion = (gvk: GroupVersionKind, expected: GroupVersionKind) =>
    badRequest(
      `the API version in the data (${apiVersionOf(gvk)}) does not match the expected API version (${apiVersionOf(expected)})`,
    );

  const decodeTyped = (found: Read, typeName: string): DecodedBody => {
    const value = found.raw === undefined ? found.value : deps.protobuf?.readMessage(typeName, found.raw);
    if (value === undefined)
      throw new DecodeError(`object *v1.${found.gvk.kind} does not implement the protobuf marshalling interface`);
    const forgetsManagers = hasEmptyManagedFields(value);
    const { object, unknown } = deps.decoder.decode(typeName, value, found.repeated);
    // JSON's own repeated keys are told by the decoder, where they matter and in its order.
    const strictErrors = found.repeated === undefined ? [...found.duplicates, ...unknown] : unknown;
    return { object: withTypeMeta(object, found.gvk), gvk: found.gvk, strictErrors, forgetsManagers };
  };

  const decodeAs = (found: Read, expected: GroupVersionKind): DecodedBody => {
    const { gvk } = found;
    const known = kinds.find(gvk, expected.group);
    if (known === undefined) throw notRegistered(gvk);
    const decoded = known === 'retired' ? undefined : decodeTyped(found, known.typeName);
    if (gvk.kind !== expected.kind) {
      const target = `${internalPackage(expected.group)}.${expected.kind}`;
      throw new DecodeError(`converting (${gvk.version}.${gvk.kind}) to (${target}): unknown conversion`);
    }
    if (decoded === undefined || kinds.takenAs(gvk) !== apiVersionOf(expected)) throw wrongVersion(gvk, expected);
    return decoded;
  };

  return {
    decodeRequestBody(contentType, bytes, expected, limits = defaultLimits) {
      const found = readFor(contentType, bytes, expected, limits);
      try {
        return decodeAs(found, expected);
      } catch (error) {
        if (isBodyError(error)) throw cannotBeHandled(found.gvk, expected, error.message);
        throw error;
      }
    },

    decodeDeleteOptions(contentType, bytes, limits = defaultLimits) {
      try {
        const found = read(contentType, bytes, limits);
        const gvk = withDefaults(found.gvk, deleteOptions);
        if (gvk.kind !== deleteOptions.kind) throw notRegistered(gvk);
        return { ...decodeTyped({ ...found, gvk: deleteOptions }, deleteOptionsType), strictErrors: [] };
      } catch (error) {
        if (isBodyError(error)) throw badRequest(error.message);
        throw error;
      }
    },

    decodeCustomResource(contentType, bytes, expected, limits = defaultLimits) {
      const found = readUnstructured(contentType, bytes, expected, limits);
      if (found.raw !== undefined) {
        const accepted = 'application/json, application/yaml';
        throw unsupportedMediaType(
          `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
        );
      }
      try {
        const forgetsManagers = hasEmptyManagedFields(found.value);
        const { object, unknown } = deps.decoder.decodeUnstructured(found.value, found.repeated);
        const own = unknown.filter((u) => !found.duplicates.includes(u));
        return {
          object: withTypeMeta(object, found.gvk),
          gvk: found.gvk,
          strictErrors: [...found.duplicates, ...own],
          forgetsManagers,
        };
      } catch (error) {
        if (isBodyError(error)) throw cannotBeHandled(found.gvk, expected, error.message);
        throw error;
      }
    },
  };
}

/** An empty list of managers asks for them to be forgotten; `value` is not decoded yet. */
export function hasEmptyManagedFields(value: unknown): boolean {
  const { metadata } = (value ?? {}) as { metadata?: { managedFields?: unknown } | null };
  const managers = typeof metadata === 'object' ? metadata?.managedFields : undefined;
  return Array.isArray(managers) && managers.length === 0;
}

function withTypeMeta(object: Record<string, unknown>, gvk: GroupVersionKind): Record<string, unknown> {
  object['kind'] = gvk.kind;
  object['apiVersion'] = apiVersionOf(gvk);
  return object;
}

export function cannotBeHandled(gvk: GroupVersionKind, expected: GroupVersionKind, message: string): StatusError {
  return badRequest(
    `${gvk.kind} in version ${JSON.stringify(gvk.version)} cannot be handled as a ${expected.kind}: ${message}`,
  );
}

const yamlErrors = 'yaml: unmarshal errors:\n';

/**
 * What the request's fieldValidation makes of the strict errors: Strict throws them as one BadRequest,
 * Warn (the default, '') returns them as warnings, Ignore drops them.
 */
export function applyFieldValidation(body: DecodedBody, expectedKind: string, directive: string): readonly string[] {
  if (body.strictErrors.length === 0 || directive === 'Ignore') return [];
  if (directive === 'Strict') {
    const message = `strict decoding error: ${body.strictErrors.join(', ')}`;
    throw cannotBeHandled(body.gvk, { ...body.gvk, kind: expectedKind }, message);
  }
  return body.strictErrors.flatMap((error) =>
    error.startsWith(yamlErrors)
      ? error
          .slice(yamlErrors.length)
          .split('\n')
          .map((line) => line.trim())
      : [error],
  );
}
