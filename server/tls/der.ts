/** DER, as far as certificates need it: writing only. Upstream: X.690. */
export type Der = Buffer;

export function der(tag: number, ...contents: readonly Uint8Array[]): Der {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...contents: readonly Uint8Array[]): Der => der(0x30, ...contents);
export const setOf = (...contents: readonly Uint8Array[]): Der => der(0x31, ...contents);
export const octetString = (content: Uint8Array): Der => der(0x04, content);
export const utf8String = (text: string): Der => der(0x0c, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Der => der(0x01, Buffer.from([value ? 0xff : 0]));

/** `[number]` around a complete element. */
export const explicit = (number: number, content: Uint8Array): Der => der(0xa0 | number, content);
/** `[number]` in place of the tag of a primitive element. */
export const implicit = (number: number, content: Uint8Array): Der => der(0x80 | number, content);

/** `unused` counts the bits of the last byte that mean nothing. */
export const bitString = (content: Uint8Array, unused = 0): Der => der(0x03, Buffer.from([unused]), content);

/** A non-negative integer from its bytes, most significant first. */
export function integer(bytes: Uint8Array): Der {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.from([0]) : bytes.subarray(start);
  // A set top bit would make it negative.
  return (digits[0] ?? 0) >= 0x80 ? der(0x02, Buffer.from([0]), digits) : der(0x02, digits);
}

export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

/** UTCTime up to 2049, GeneralizedTime from 2050, as RFC 5280 demands. */
export function time(ms: number): Der {
  const text = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}Z`;
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

export function pem(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
