/**
 * Encoded fields of a protobuf message, to be joined; undefined stands for a field that has its zero value. A string of bytes (latin1):
 * joining costs nothing, and thousands of small buffers would leave the process with holes in its memory.
 */
export type Field = string;

function varint(value: number): string {
  if (value <= 0x7f) return String.fromCharCode(value);
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return String.fromCharCode(...bytes, rest);
}

const varintType = 0;
const doubleType = 1;
const lengthType = 2;

function tag(number: number, type: number): string {
  return varint(number * 8 + type);
}

function utf8(value: string): Field {
  const isAscii = Buffer.byteLength(value) === value.length;
  return isAscii ? value : Buffer.from(value).toString('latin1');
}

export function concat(fields: readonly (Field | undefined)[]): Field {
  return fields.join('');
}

export function message(number: number, body: Field | undefined): Field {
  const bytes = body ?? '';
  return tag(number, lengthType) + varint(bytes.length) + bytes;
}

export function text(number: number, value: string | undefined): Field | undefined {
  return value === undefined || value === '' ? undefined : message(number, utf8(value));
}

export function texts(number: number, values: readonly string[] | undefined): Field | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return concat(values.map((value) => message(number, utf8(value))));
}

export function bool(number: number, value: boolean): Field | undefined {
  return value ? `${tag(number, varintType)}\u0001` : undefined;
}

export function integer(number: number, value: number | undefined): Field | undefined {
  return value === undefined || value <= 0 ? undefined : tag(number, varintType) + varint(value);
}

export function double(number: number, value: number | undefined): Field | undefined {
  if (value === undefined || value === 0) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return tag(number, doubleType) + bytes.toString('latin1');
}

/** The two fields of a map's entry. */
export function named(name: string, value: Field): Field {
  return concat([text(1, name), message(2, value)]);
}

/** The head of a field whose body is written elsewhere. */
export function messageHead(number: number, length: number): Field {
  return tag(number, lengthType) + varint(length);
}
