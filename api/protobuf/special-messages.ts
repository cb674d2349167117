import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { toTime } from '../clock.ts';
import { JsonNumber, parseJsonForDecoding } from '../json.ts';
import { encodeBase64 } from '../schema/base64.ts';
import { DecodeError } from '../schema/decode.ts';
import type { MessageFields } from './decode.ts';

/** Reads one value whose length or end is told by the wire; `end` bounds a message. */
export type ReadValue = (reader: BinaryReader, end: number) => unknown;

const integer = (value: bigint | string): number | JsonNumber => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : new JsonNumber(String(value));
};

/** Scalars by protobuf type, with the wire type they have. */
export const scalars: Readonly<Record<string, { readonly wire: number; readonly read: (r: BinaryReader) => unknown }>> =
  {
    string: { wire: 2, read: (r) => r.string() },
    bytes: { wire: 2, read: (r) => encodeBase64(r.bytes()) },
    text: { wire: 2, read: (r) => r.string() },
    bool: { wire: 0, read: (r) => r.bool() },
    int32: { wire: 0, read: (r) => r.int32() },
    int64: { wire: 0, read: (r) => integer(r.int64()) },
    double: { wire: 1, read: (r) => r.double() },
  };

// Missing scalars are zero; the shapes below are upstream's hand-written JSON forms of these messages.
const shapes: Readonly<Record<string, (fields: MessageFields) => unknown>> = {
  'k8s.io.apimachinery.pkg.api.resource.Quantity': (m) => m['string'] ?? '',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': (m) => time(m, false),
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': (m) => time(m, true),
  'k8s.io.apimachinery.pkg.apis.meta.v1.Duration': (m) => `${Number(m['duration'] ?? 0) / 1e9}s`,
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': (m) =>
    m['type'] === 1 ? (m['strVal'] ?? '') : (m['intVal'] ?? 0),
  'k8s.io.apimachinery.pkg.runtime.RawExtension': (m) => rawJson(m['raw']),
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': (m) => rawJson(m['Raw'] ?? m['raw']),
};

const schemaShapes: Readonly<Record<string, (fields: MessageFields) => unknown>> = {
  JSON: (m) => rawJson(m['raw']),
  JSONSchemaPropsOrBool: (m) => m['schema'] ?? m['allows'] ?? false,
  JSONSchemaPropsOrArray: (m) => m['jSONSchemas'] ?? m['schema'] ?? null,
  JSONSchemaPropsOrStringArray: (m) => m['property'] ?? m['schema'] ?? null,
};

function time(fields: MessageFields, micro: boolean): string | null {
  // Go's zero time is encoded as nothing at all.
  if (fields['seconds'] === undefined && fields['nanos'] === undefined) return null;
  const seconds = toTime(Number(fields['seconds'] ?? 0) * 1000);
  if (!micro) return seconds;
  const micros = Math.trunc(Number(fields['nanos'] ?? 0) / 1000);
  return `${seconds.slice(0, -1)}.${String(micros).padStart(6, '0')}Z`;
}

function rawJson(raw: unknown): unknown {
  if (typeof raw !== 'string' || raw === '') return null;
  try {
    return parseJsonForDecoding(raw).value;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new DecodeError(cause.message);
  }
}

const rawMessages = /\.(?:RawExtension|FieldsV1|JSON)$/;

/** Messages whose bytes are JSON text; everywhere else bytes are base64 in JSON. */
export function holdsJsonText(message: string): boolean {
  return rawMessages.test(message);
}

/** How a message whose JSON form is not an object of its fields is written; undefined for all others. */
export function shapeOf(message: string): ((fields: MessageFields) => unknown) | undefined {
  const known = shapes[message];
  if (known !== undefined) return known;
  const name = message.slice(message.lastIndexOf('.') + 1);
  if (name === 'ExtraValue') return (fields) => fields['items'] ?? [];
  return message.includes('.apiextensions.') ? schemaShapes[name] : undefined;
}
