import { stringifyLarge } from './json-large.ts';

// Clients compare messages to the letter, and upstream's are printed by Go.

const plain = /^[ !#-[\]-~]*$/;

/** How Go writes characters that have a form of their own, in double quotes. */
export const goEscapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and of the spaces only U+0020. */
export function isPrintable(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}

/** Go's `%q` of a string. */
export function goQuote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return `"${[...text].map(escapeCharacter).join('')}"`;
}

function escapeCharacter(character: string): string {
  const known = goEscapes[character];
  if (known !== undefined) return known;
  if (isPrintable(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const digits = (width: number) => code.toString(16).padStart(width, '0');
  if (code < 0x80) return `\\x${digits(2)}`;
  return code <= 0xffff ? `\\u${digits(4)}` : `\\U${digits(8)}`;
}

/** encoding/json, which escapes what HTML would take for markup. */
export function goJson(value: unknown): string {
  return (stringifyLarge(value) ?? 'null').replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Go's `%v` of a decoded JSON value: `map[a:1 b:[x y]]` with sorted keys. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([key, member]) => `${key}:${goValue(member)}`).join(' ')}]`;
}
