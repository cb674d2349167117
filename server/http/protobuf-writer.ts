/** Encoded fields of a protobuf message, to be joined; undefined stands for a field that has its zero value. */
export type Field = Uint8Array;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

const varintType = 0;
const doubleType = 1;
const lengthType = 2;

function tag(number: number, type: number): number[] {
  return varint(number * 8 + type);
}

export function concat(fields: readonly (Field | undefined)[]): Field {
  return Buffer.concat(fields.filter((field) => field !== undefined));
}

export function message(number: number, body: Field | undefined): Field {
  const bytes = body ?? new Uint8Array();
  return Buffer.concat([Buffer.from([...tag(number, lengthType), ...varint(bytes.length)]), bytes]);
}

export function text(number: number, value: string | undefined): Field | undefined {
  return value === undefined || value === '' ? undefined : message(number, Buffer.from(value));
}

export function texts(number: number, values: readonly string[] | undefined): Field | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return concat(values.map((value) => message(number, Buffer.from(value))));
}

export function bool(number: number, value: boolean): Field | undefined {
  return value ? Buffer.from([...tag(number, varintType), 1]) : undefined;
}

export function integer(number: number, value: number | undefined): Field | undefined {
  return value === undefined || value <= 0 ? undefined : Buffer.from([...tag(number, varintType), ...varint(value)]);
}

export function double(number: number, value: number | undefined): Field | undefined {
  if (value === undefined || value === 0) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([Buffer.from(tag(number, doubleType)), bytes]);
}

/** The two fields of a map's entry. */
export function named(name: string, value: Field): Field {
  return concat([text(1, name), message(2, value)]);
}
