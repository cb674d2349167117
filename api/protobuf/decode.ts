import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { ProtobufReader } from '../schema/body.ts';
import { DecodeError } from '../schema/decode.ts';
import type { SchemaDocument } from '../schema/schema.ts';
import { holdsJsonText, scalars, shapeOf } from './special-messages.ts';

/** `api/generated/protobuf.json`: the fields of each message, with `[]T` and `map<string,T>` among the types. */
export type ProtobufDocument = Readonly<
  Record<string, readonly (readonly [number: number, name: string, type: string])[]>
>;

export type MessageFields = Record<string, unknown>;

interface Field {
  readonly name: string;
  readonly wire: number;
  /** Puts one value, or a packed run of them, into the object. */
  readonly store: (reader: BinaryReader, wire: number, target: MessageFields) => void;
}

interface Message {
  readonly name: string;
  readonly fields: ReadonlyMap<number, Field>;
}

/** Every body starts with these four bytes: `k8s` and a zero. */
export const envelopePrefix = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

const unknownMessage = 'k8s.io.apimachinery.pkg.runtime.Unknown';
const lengthDelimited = 2;
const schemaPropsNames: Readonly<Record<string, string>> = { ref: '$ref', schema: '$schema' };

/** `io.k8s.api.core.v1.Pod` is `k8s.io.api.core.v1.Pod` to protobuf. */
const messageNameOf = (typeName: string) => typeName.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
const typeNameOf = (message: string) => message.replace(/^k8s\.io\./, 'io.k8s.').replaceAll('_', '-');

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
// Below this a loop beats the call into the decoder.
const shortText = 48;

function decodeText(bytes: Uint8Array): string {
  if (bytes.length > shortText) return utf8.decode(bytes);
  for (let i = 0; i < bytes.length; i += 1) if ((bytes[i] ?? 0) > 127) return utf8.decode(bytes);
  return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
}

const endOfInput = () => new DecodeError('unexpected EOF');

function setMember(target: MessageFields, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The name in JSON, or undefined for a message whose fields stand in its parent there. */
function jsonName(protoName: string, known: ReadonlySet<string> | undefined): string | undefined {
  if (known === undefined || known.has(protoName)) return protoName;
  const dollar = schemaPropsNames[protoName];
  if (dollar !== undefined && known.has(dollar)) return dollar;
  const extension = protoName.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
  if (known.has(extension)) return extension;
  const folded = protoName.toLowerCase();
  return [...known].find((name) => name.toLowerCase() === folded);
}

const longestTag = 5;

/** The field's number and, in the lowest three bits, its wire type. */
function readTag(reader: BinaryReader, message: string): number {
  const start = reader.pos;
  const tag = reader.uint32();
  if (reader.pos - start > longestTag) throw new DecodeError('proto: integer overflow');
  const number = tag >>> 3;
  const wire = tag & 7;
  if (wire === 4) throw new DecodeError(`proto: ${message}: wiretype end group for non-group`);
  if (number === 0) throw new DecodeError(`proto: ${message}: illegal tag ${number} (wire type ${wire})`);
  return tag;
}

function skip(reader: BinaryReader, wire: number, number: number): void {
  if (wire > 5) throw new DecodeError(`proto: illegal wireType ${wire}`);
  reader.skip(wire, number);
}

function readFields(reader: BinaryReader, end: number, message: Message, target: MessageFields): MessageFields {
  while (reader.pos < end) {
    const tag = readTag(reader, message.name);
    const number = tag >>> 3;
    const wire = tag & 7;
    const field = message.fields.get(number);
    if (field === undefined) skip(reader, wire, number);
    else field.store(reader, wire, target);
    if (reader.pos > end) throw endOfInput();
  }
  return target;
}

/** The end of the message whose length comes next. */
function readEnd(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw endOfInput();
  return end;
}

function checkWire(field: string, wanted: number, wire: number): void {
  if (wire === wanted) return;
  // Go embeds it, and so calls it by its type.
  const goName = field === 'metadata' ? 'ObjectMeta' : field.slice(0, 1).toUpperCase() + field.slice(1);
  throw new DecodeError(`proto: wrong wireType = ${wire} for field ${goName}`);
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if (error instanceof Error && error.message === 'invalid varint') throw new DecodeError('proto: integer overflow');
    // The library's other complaints are all about bytes that end too soon.
    throw endOfInput();
  }
}

/** Reads protobuf into the JSON it stands for; `Decoder.decode` makes that canonical like any other. */
export function createProtobufReader(protobuf: ProtobufDocument, schema: SchemaDocument): ProtobufReader {
  const messages = new Map<string, Message>();

  const messageOf = (name: string): Message => {
    let message = messages.get(name);
    if (message === undefined) {
      const fields = schema.types[typeNameOf(name)]?.fields;
      message = compile(name, fields === undefined ? undefined : new Set(Object.keys(fields)));
      messages.set(name, message);
    }
    return message;
  };

  const compile = (name: string, known: ReadonlySet<string> | undefined): Message => {
    const fields = new Map<number, Field>();
    const message: Message = { name: name.slice(name.lastIndexOf('.') + 1), fields };
    const json = holdsJsonText(name);
    for (const [number, protoName, type] of protobuf[name] ?? []) {
      fields.set(number, fieldOf(protoName, json && type === 'bytes' ? 'text' : type, known));
    }
    return message;
  };

  const fieldOf = (protoName: string, type: string, known: ReadonlySet<string> | undefined): Field => {
    const name = jsonName(protoName, known);
    if (name === undefined) return embeddedField(protoName, type, known);
    if (type.startsWith('map<')) return mapField(name, type.slice(type.indexOf(',') + 1, -1));
    if (type.startsWith('[]')) return repeatedField(name, type.slice(2));
    const scalar = scalars[type];
    if (scalar !== undefined) {
      const store = (reader: BinaryReader, wire: number, target: MessageFields) => {
        checkWire(protoName, scalar.wire, wire);
        target[name] = scalar.read(reader);
      };
      return { name, wire: scalar.wire, store };
    }
    const read = messageReader(type);
    const store = (reader: BinaryReader, wire: number, target: MessageFields) => {
      checkWire(protoName, lengthDelimited, wire);
      target[name] = read(reader);
    };
    return { name, wire: lengthDelimited, store };
  };

  const embeddedField = (protoName: string, type: string, known: ReadonlySet<string> | undefined): Field => {
    let message: Message | undefined;
    const store = (reader: BinaryReader, wire: number, target: MessageFields) => {
      checkWire(protoName, lengthDelimited, wire);
      message ??= compile(type, known);
      readFields(reader, readEnd(reader), message, target);
    };
    return { name: protoName, wire: lengthDelimited, store };
  };

  const messageReader = (type: string): ((reader: BinaryReader) => unknown) => {
    const shape = shapeOf(type);
    let message: Message | undefined;
    return (reader) => {
      message ??= messageOf(type);
      const fields = readFields(reader, readEnd(reader), message, {});
      return shape === undefined ? fields : shape(fields);
    };
  };

  const repeatedField = (name: string, type: string): Field => {
    const scalar = scalars[type];
    const read = scalar?.read ?? messageReader(type);
    const wanted = scalar?.wire ?? lengthDelimited;
    const store = (reader: BinaryReader, wire: number, target: MessageFields) => {
      target[name] ??= [];
      const list = target[name] as unknown[];
      if (wire === wanted) {
        list.push(read(reader));
        return;
      }
      // Packed: a run of scalars behind one length.
      if (wire !== lengthDelimited) checkWire(name, wanted, wire);
      for (const end = readEnd(reader); reader.pos < end; ) list.push(read(reader));
    };
    return { name, wire: wanted, store };
  };

  const mapField = (name: string, type: string): Field => {
    const scalar = scalars[type];
    const read = scalar?.read ?? messageReader(type);
    const zero = scalar === undefined ? () => zeroMessage(type) : () => (scalar.wire === 2 ? '' : 0);
    const store = (reader: BinaryReader, wire: number, target: MessageFields) => {
      checkWire(name, lengthDelimited, wire);
      let key = '';
      let value: unknown;
      const end = readEnd(reader);
      while (reader.pos < end) {
        const tag = readTag(reader, 'Entry');
        const number = tag >>> 3;
        if (number === 1) key = reader.string();
        else if (number === 2) value = read(reader);
        else skip(reader, tag & 7, number);
      }
      if (reader.pos > end) throw endOfInput();
      target[name] ??= {};
      setMember(target[name] as MessageFields, key, value ?? zero());
    };
    return { name, wire: lengthDelimited, store };
  };

  const zeroMessage = (type: string): unknown => {
    const shape = shapeOf(type);
    return shape === undefined ? {} : shape({});
  };

  return {
    readEnvelope(bytes) {
      if (bytes.length === 0) throw new DecodeError('empty data');
      if (envelopePrefix.some((byte, i) => bytes[i] !== byte)) {
        throw new DecodeError(
          `provided data does not appear to be a protobuf message, expected prefix [${envelopePrefix.join(' ')}]`,
        );
      }
      if (bytes.length === envelopePrefix.length) throw new DecodeError('empty body');
      return guarded(() => readUnknown(bytes, messageOf(unknownMessage)));
    },
    readMessage(typeName, raw) {
      const name = messageNameOf(typeName);
      if (protobuf[name] === undefined) return undefined;
      return guarded(() => readFields(new BinaryReader(raw, decodeText), raw.length, messageOf(name), {}));
    },
  };
}

/** The envelope keeps `raw` as bytes: a view of the body, not a copy. */
function readUnknown(bytes: Uint8Array, message: Message) {
  let raw = new Uint8Array(0);
  const target: MessageFields = {};
  const reader = new BinaryReader(bytes.subarray(envelopePrefix.length), decodeText);
  while (reader.pos < reader.len) {
    const tag = readTag(reader, message.name);
    const number = tag >>> 3;
    const wire = tag & 7;
    const field = message.fields.get(number);
    if (field?.name === 'raw') {
      checkWire('raw', lengthDelimited, wire);
      raw = reader.bytes() as Uint8Array<ArrayBuffer>;
    } else if (field === undefined) skip(reader, wire, number);
    else field.store(reader, wire, target);
  }
  const meta = (target['typeMeta'] ?? {}) as { apiVersion?: string; kind?: string };
  return { apiVersion: meta.apiVersion ?? '', kind: meta.kind ?? '', raw };
}
