import { goEscapes } from '../../go-text.ts';
import { noSuchOverload } from '../runtime/arithmetic.ts';
import { elements } from '../runtime/collections.ts';
import type { Implementations } from '../runtime/functions.ts';
import { goText } from '../runtime/go-print.ts';
import { codePoints } from '../runtime/size.ts';
import { CelError, isInt, isList, type Result, type Value } from '../runtime/values.ts';
import { formatText } from './string-format.ts';

/** Code points by index: of a text without surrogates, its units. */
interface Characters {
  readonly length: number;
  slice(start: number, end?: number): string;
}

function charactersOf(text: string): Characters {
  const length = codePoints(text);
  if (length === text.length) return text;
  const points = Array.from(text);
  return { length, slice: (start, end) => points.slice(start, end).join('') };
}

const outOfRange = (index: Value) => new CelError(`index out of range: ${goText(index)}`);

function charAt(text: Value, index: Value): Result {
  if (typeof text !== 'string' || !isInt(index)) return noSuchOverload;
  const characters = charactersOf(text);
  if (index < 0 || index > characters.length) return outOfRange(index);
  return characters.slice(Number(index), Number(index) + 1);
}

function indexOf(text: Value, part: Value, offset: Value): Result {
  if (typeof text !== 'string' || typeof part !== 'string' || !isInt(offset)) return noSuchOverload;
  if (part === '') return offset;
  if (offset < 0) return outOfRange(offset);
  const characters = charactersOf(text);
  if (offset >= characters.length) return -1;
  const start = characters.slice(0, Number(offset)).length;
  const at = text.indexOf(part, start);
  return at < 0 ? -1 : codePoints(text.slice(0, at));
}

function lastIndexOf(text: Value, part: Value, offset: Value | undefined): Result {
  if (typeof text !== 'string' || typeof part !== 'string') return noSuchOverload;
  const characters = charactersOf(text);
  if (offset === undefined) {
    if (part === '') return characters.length;
    const at = text.lastIndexOf(part);
    return at < 0 ? -1 : codePoints(text.slice(0, at));
  }
  if (!isInt(offset)) return noSuchOverload;
  if (part === '') return offset;
  if (offset < 0) return outOfRange(offset);
  if (offset >= characters.length) return -1;
  const at = text.lastIndexOf(part, characters.slice(0, Number(offset)).length);
  return at < 0 ? -1 : codePoints(text.slice(0, at));
}

function substring(text: Value, start: Value, end: Value | undefined): Result {
  if (typeof text !== 'string' || !isInt(start)) return noSuchOverload;
  const characters = charactersOf(text);
  const { length } = characters;
  if (end !== undefined && isInt(end) && start > end) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0 || start > length) return outOfRange(start);
  if (end === undefined) return characters.slice(Number(start));
  if (!isInt(end)) return noSuchOverload;
  return end < 0 || end > length ? outOfRange(end) : characters.slice(Number(start), Number(end));
}

/** Go's strings.Replace: an empty old text is found before every character and at the end. */
function replace(text: Value, old: Value, replacement: Value, count: Value): Result {
  if (typeof text !== 'string' || typeof old !== 'string' || typeof replacement !== 'string') return noSuchOverload;
  const limit = Number(count) < 0 ? Number.POSITIVE_INFINITY : Number(count);
  if (old === '') return replaceEmpty(text, replacement, limit);
  const parts = text.split(old);
  const places = Math.min(limit, parts.length - 1);
  return (
    parts.slice(0, places + 1).join(replacement) +
    parts
      .slice(places + 1)
      .map((part) => old + part)
      .join('')
  );
}

function replaceEmpty(text: string, replacement: string, limit: number): string {
  const characters = Array.from(text);
  let result = '';
  for (let index = 0; index <= characters.length; index++) {
    result += (index < limit ? replacement : '') + (characters[index] ?? '');
  }
  return result;
}

function split(text: Value, separator: Value, count: Value): Result {
  if (typeof text !== 'string' || typeof separator !== 'string') return noSuchOverload;
  const limit = Number(count);
  if (limit === 0) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function join(list: Value, separator: Value): Result {
  if (!isList(list) || typeof separator !== 'string') return noSuchOverload;
  const parts: string[] = [];
  for (const element of elements(list)) {
    if (typeof element !== 'string') return new CelError(`join: invalid input: ${goText(element)}`);
    parts.push(element);
  }
  return parts.join(separator);
}

function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => goEscapes[character] ?? character)}"`;
}

// Go's unicode.IsSpace.
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && space.test(text[start] ?? '')) start++;
  while (end > start && space.test(text[end - 1] ?? '')) end--;
  return text.slice(start, end);
}

const onText = (change: (text: string) => string) => (value: Value) =>
  typeof value === 'string' ? change(value) : noSuchOverload;

export const stringsImplementations: Implementations = {
  string_char_at_int: charAt,
  string_index_of_string: (text, part) => indexOf(text, part, 0),
  string_index_of_string_int: indexOf,
  string_last_index_of_string: (text, part) => lastIndexOf(text, part, undefined),
  string_last_index_of_string_int: lastIndexOf,
  string_lower_ascii: onText((text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  string_upper_ascii: onText((text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  string_replace_string_string: (text, old, replacement) => replace(text, old, replacement, -1),
  string_replace_string_string_int: replace,
  string_split_string: (text, separator) => split(text, separator, -1),
  string_split_string_int: split,
  string_substring_int: (text, start) => substring(text, start, undefined),
  string_substring_int_int: substring,
  string_trim: onText(trim),
  strings_quote: onText(quote),
  list_join: (list) => join(list, ''),
  list_join_string: join,
  string_format: (text, list) => (typeof text === 'string' && isList(list) ? formatText(text, list) : noSuchOverload),
};
