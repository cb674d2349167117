import { plainNumbers } from '../json.ts';
import type { Member } from '../json-exact.ts';
import { scalarDecoder } from './decode-scalars.ts';
import { schemaUnionDecoder } from './decode-schema-unions.ts';
import {
  concludeReports,
  type Decode,
  DecodeError,
  type DecodeState,
  kindOfJson,
  reportStrict,
  reportType,
  underElement,
  underField,
} from './decode-state.ts';
import { goFieldName } from './embedded-fields.ts';
import type { FieldSchema, SchemaDocument } from './schema.ts';
import { isZeroValue, zeroStructs, zeroValue } from './zero.ts';

export { DecodeError } from './decode-state.ts';

export interface Decoded {
  /** The value given, changed in place where it was not canonical. */
  readonly object: Record<string, unknown>;
  /** Strict errors in upstream's words and order: `unknown field "spec.foo"`, `duplicate field "spec.bar"`. */
  readonly unknown: readonly string[];
}

/** Objects with repeated keys, from `parseJsonForDecoding`. */
export type RepeatedMembers = ReadonlyMap<object, readonly Member[]>;

export interface Decoder {
  /** Checks types, drops unknown fields and nulls, makes values canonical. Throws DecodeError. */
  decode(typeName: string, value: unknown, repeated?: RepeatedMembers): Decoded;
  /** For kinds without a schema: metadata is typed, the rest stays as it is. */
  decodeUnstructured(value: unknown, repeated?: RepeatedMembers): Decoded;
}

interface Field {
  readonly name: string;
  readonly goName: string;
  readonly decode: Decode;
  readonly emit: boolean;
}

interface Struct {
  readonly go: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Fields that are written even when absent. */
  readonly emitted: readonly { readonly name: string; readonly make: () => unknown }[];
  /** Keeps fields it does not know, as they are. */
  readonly open: boolean;
}

type JsonObject = Record<string, unknown>;

const metaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const nothingRepeated: RepeatedMembers = new Map();
const stringField: FieldSchema = { k: 'string', zero: 'drop', go: 'string' };

function isObject(value: unknown): value is JsonObject {
  return kindOfJson(value) === 'object';
}

function withoutUndefined(object: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const key in object) if (object[key] !== undefined) kept[key] = object[key];
  return kept;
}

/** What omitempty and pointers make of a value. */
function fieldDecoder(field: FieldSchema, decode: Decode): Decode {
  if (field.zero !== 'drop') return (value, state) => (value === null ? undefined : decode(value, state));
  if (field.k === 'list') {
    return (value, state) => {
      if (value === null) return undefined;
      const list = decode(value, state);
      return (list as unknown[] | undefined)?.length === 0 ? undefined : list;
    };
  }
  if (field.k === 'map' || field.k === 'struct') {
    return (value, state) => {
      if (value === null) return undefined;
      const decoded = decode(value, state);
      if (field.k === 'struct') return isZeroValue(decoded) ? undefined : decoded;
      for (const _ in decoded as object) return decoded;
      return undefined;
    };
  }
  if (field.k === 'any') return (value, state) => (value === null ? undefined : decode(value, state));
  const zero = zeroValue(field, () => undefined);
  return (value, state) => {
    if (value === null) return undefined;
    const decoded = decode(value, state);
    return decoded === zero ? undefined : decoded;
  };
}

function decodeField(field: Field, struct: Struct, value: unknown, state: DecodeState): unknown {
  const before = state.reports.length;
  const decoded = field.decode(value, state);
  if (state.reports.length !== before) underField(state, before, struct.go, field);
  return decoded;
}

function fillEmitted(struct: Struct, object: JsonObject): void {
  for (const { name, make } of struct.emitted) if (object[name] === undefined) object[name] = make();
}

/** Go decodes a repeated struct or map into what the first one left behind; anything else is replaced. */
function mergeRepeated(old: unknown, next: unknown): unknown {
  return isObject(old) && isObject(next) ? { ...old, ...next } : (next ?? old);
}

function decodeRepeatedStruct(struct: Struct, members: readonly Member[], state: DecodeState): JsonObject {
  const result: JsonObject = {};
  const seen = new Set<string>();
  for (const [key, value] of members) {
    const field = struct.fields.get(key);
    if (field === undefined) {
      if (struct.open) result[key] = plainNumbers(value);
      else reportStrict(state, 'unknown', key);
      continue;
    }
    if (seen.has(key)) reportStrict(state, 'duplicate', key);
    seen.add(key);
    result[key] = mergeRepeated(result[key], decodeField(field, struct, value, state));
  }
  fillEmitted(struct, result);
  return withoutUndefined(result);
}

function decodeStruct(struct: Struct, object: JsonObject, state: DecodeState): JsonObject {
  if (state.repeated.size !== 0) {
    const members = state.repeated.get(object);
    if (members !== undefined) return decodeRepeatedStruct(struct, members, state);
  }
  let emitted = 0;
  let dropped = false;
  for (const key in object) {
    const field = struct.fields.get(key);
    if (field === undefined) {
      if (struct.open) {
        object[key] = plainNumbers(object[key]);
        continue;
      }
      reportStrict(state, 'unknown', key);
      object[key] = undefined;
      dropped = true;
      continue;
    }
    const before = state.reports.length;
    const value = object[key];
    const decoded = field.decode(value, state);
    if (state.reports.length !== before) underField(state, before, struct.go, field);
    if (decoded === undefined) dropped = true;
    else if (field.emit) emitted += 1;
    if (decoded !== value) object[key] = decoded;
  }
  if (emitted !== struct.emitted.length) fillEmitted(struct, object);
  return dropped ? withoutUndefined(object) : object;
}

function listDecoder(goType: string, item: Decode, zero: () => unknown): Decode {
  return (value, state) => {
    if (!Array.isArray(value)) return reportType(state, kindOfJson(value), goType);
    for (let i = 0; i < value.length; i += 1) {
      const before = state.reports.length;
      const decoded = value[i] === null ? zero() : item(value[i], state);
      if (state.reports.length !== before) underElement(state, before, `[${i}]`);
      if (decoded !== value[i]) value[i] = decoded ?? null;
    }
    return value;
  };
}

function mapDecoder(goType: string, item: Decode, zero: () => unknown): Decode {
  const decodeValue = (object: JsonObject, key: string, value: unknown, state: DecodeState) => {
    const before = state.reports.length;
    const decoded = value === null ? zero() : item(value, state);
    if (state.reports.length !== before) underElement(state, before, key);
    if (decoded !== object[key]) object[key] = decoded ?? null;
  };
  return (value, state) => {
    if (!isObject(value)) return reportType(state, kindOfJson(value), goType);
    const members = state.repeated.size === 0 ? undefined : state.repeated.get(value);
    if (members === undefined) {
      for (const key in value) decodeValue(value, key, value[key], state);
      return value;
    }
    const seen = new Set<string>();
    for (const [key, member] of members) {
      if (seen.has(key)) reportStrict(state, 'duplicate', key);
      seen.add(key);
      decodeValue(value, key, member, state);
    }
    return value;
  };
}

/** Decoders are compiled on first use and kept. */
export function createDecoder(schema: SchemaDocument): Decoder {
  const structs = new Map<string, Struct>();
  const quantities = new Map<string, string>();
  const zeroStruct = zeroStructs(schema);

  const valueDecoder = (field: FieldSchema): Decode => {
    if (field.k === 'any') {
      const union = schemaUnionDecoder(field.go, (value, state) =>
        decodeStruct(structOf(schemaPropsOf(field.go)), value, state),
      );
      if (union !== undefined) return union;
    }
    const scalar = scalarDecoder(field, quantities);
    if (scalar !== undefined) return scalar;
    if (field.k === 'struct') return structDecoder(field.ref ?? '', field.go);
    const items = field.items ?? { k: 'any', zero: 'emit', go: 'interface {}' };
    const zero = () => zeroValue(items, zeroStruct);
    return (field.k === 'list' ? listDecoder : mapDecoder)(field.go, valueDecoder(items), zero);
  };

  const structDecoder = (typeName: string, goType: string): Decode => {
    let struct: Struct | undefined;
    return (value, state) => {
      if (!isObject(value)) return reportType(state, kindOfJson(value), goType);
      struct ??= structOf(typeName);
      return decodeStruct(struct, value, state);
    };
  };

  const compile = (go: string, fields: Readonly<Record<string, FieldSchema>>, open: boolean): Struct => {
    const entries = Object.entries(fields);
    return {
      go,
      open,
      fields: new Map(
        entries.map(([name, field]) => [
          name,
          {
            name,
            goName: goFieldName(go, name),
            decode: fieldDecoder(field, valueDecoder(field)),
            emit: field.zero === 'emit' && field.nil !== true,
          },
        ]),
      ),
      emitted: entries
        .filter(([, field]) => field.zero === 'emit' && field.nil !== true)
        .map(([name, field]) => ({ name, make: () => zeroValue(field, zeroStruct) })),
    };
  };

  const structOf = (typeName: string): Struct => {
    let struct = structs.get(typeName);
    if (struct === undefined) {
      const type = schema.types[typeName];
      if (type === undefined) throw new Error(`no type ${typeName} in the schema`);
      struct = compile(type.go, type.fields ?? {}, false);
      structs.set(typeName, struct);
    }
    return struct;
  };

  const schemaPropsOf = (goType: string): string => {
    const version = goType.split('.')[0] ?? 'v1';
    return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.JSONSchemaProps`;
  };

  const openObject = compile(
    'Unstructured',
    {
      apiVersion: stringField,
      kind: stringField,
      metadata: { k: 'struct', ref: metaType, zero: 'keep', go: 'v1.ObjectMeta' },
    },
    true,
  );

  const run = (struct: () => Struct, value: unknown, repeated: RepeatedMembers): Decoded => {
    const state: DecodeState = { reports: [], repeated, lenient: 0 };
    const object = decodeStruct(struct(), isObject(value) ? value : {}, state);
    return { object, unknown: state.reports.length === 0 ? [] : concludeReports(state.reports) };
  };

  return {
    decode: (typeName, value, repeated = nothingRepeated) => run(() => structOf(typeName), value, repeated),
    decodeUnstructured(value, repeated = nothingRepeated) {
      try {
        return run(() => openObject, value, repeated);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        // Upstream decodes the metadata alone.
        throw new DecodeError(error.message.replace('struct field ObjectMeta.metadata.', 'struct field ObjectMeta.'));
      }
    },
  };
}
