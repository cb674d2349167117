import type { Constant } from '../ast.ts';
import type { Token, TokenType } from './lexer.ts';

/** A literal that the grammar takes but whose value is none: too large, a bad escape. */
export class LiteralError extends Error {
  override readonly name = 'LiteralError';
}

const maxInt = 2n ** 63n - 1n;
const minInt = -(2n ** 63n);
const maxUint = 2n ** 64n - 1n;

function parseIntLiteral(text: string, negative: boolean): bigint {
  const value = negative ? -BigInt(text) : BigInt(text);
  if (value > maxInt || value < minInt) throw new LiteralError('invalid int literal');
  return value;
}

function parseUintLiteral(text: string): bigint {
  const value = BigInt(text.slice(0, -1));
  if (value > maxUint) throw new LiteralError('invalid uint literal');
  return value;
}

function parseDoubleLiteral(text: string, negative: boolean): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new LiteralError('invalid double literal');
  return negative ? -value : value;
}

function parseStringLiteral(text: string): string {
  return unescapePieces(text, false)
    .map((piece) => (typeof piece === 'string' ? piece : String.fromCodePoint(piece)))
    .join('');
}

function parseBytesLiteral(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const pieces = unescapePieces(text.slice(1), true).map((piece) =>
    typeof piece === 'string' ? encoder.encode(piece) : Uint8Array.of(piece),
  );
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const escapes = /\\(?:[xX]([0-9a-fA-F]{2})|[uU]([0-9a-fA-F]{8}|[0-9a-fA-F]{4})|([0-3][0-7]{2})|(.))/gu;

/** Text as it stands, and as numbers what hexadecimal, octal and Unicode escapes name. */
function unescapePieces(literal: string, isBytes: boolean): (string | number)[] {
  const text = literal.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  const raw = /^[rR]/.test(text);
  const body = unquote(raw ? text.slice(1) : text);
  if (raw || !body.includes('\\')) return [body];
  const pieces: (string | number)[] = [];
  let last = 0;
  for (const match of body.matchAll(escapes)) {
    pieces.push(body.slice(last, match.index), escapeValue(match, isBytes));
    last = match.index + match[0].length;
  }
  pieces.push(body.slice(last));
  return pieces;
}

function unquote(text: string): string {
  const quotes = /^(?:"""|''')/.test(text) && text.length >= 6 ? 3 : 1;
  return text.slice(quotes, -quotes);
}

function escapeValue(match: RegExpMatchArray, isBytes: boolean): string | number {
  const [, hex, unicode, octal, character = ''] = match;
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (octal !== undefined) return Number.parseInt(octal, 8);
  if (unicode === undefined) return simpleEscapes[character] ?? character;
  if (isBytes) throw new LiteralError('unable to unescape string');
  const point = Number.parseInt(unicode, 16);
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
    throw new LiteralError('invalid unicode code point');
  }
  return point;
}

const literalTypes: ReadonlySet<TokenType> = new Set([
  'NUM_INT',
  'NUM_UINT',
  'NUM_FLOAT',
  'STRING',
  'BYTES',
  "'true'",
  "'false'",
  "'null'",
]);

export function isLiteral({ type }: Token): boolean {
  return literalTypes.has(type);
}

/** The value of a token for which isLiteral holds. */
export function constantOf({ type, text }: Token, negative: boolean): Constant {
  switch (type) {
    case 'NUM_INT':
      return { type: 'int', value: parseIntLiteral(text, negative) };
    case 'NUM_UINT':
      return { type: 'uint', value: parseUintLiteral(text) };
    case 'NUM_FLOAT':
      return { type: 'double', value: parseDoubleLiteral(text, negative) };
    case 'STRING':
      return { type: 'string', value: parseStringLiteral(text) };
    case 'BYTES':
      return { type: 'bytes', value: parseBytesLiteral(text) };
    case "'true'":
    case "'false'":
      return { type: 'bool', value: type === "'true'" };
    case "'null'":
      return { type: 'null', value: null };
    default:
      throw new Error(`${type} is no literal`);
  }
}
