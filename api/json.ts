import { depthError, type ExactJson, JsonNumber, type Member, maxDepth, parseJsonExactly } from './json-exact.ts';

export { JsonNumber, JsonSyntaxError } from './json-exact.ts';

/** A JSON text and what its plain value cannot say. `duplicates` are paths like `spec.containers[0].name`. */
export type ParsedJson = ExactJson;

const nothingRepeated: ReadonlyMap<object, readonly Member[]> = new Map();
const noDuplicates: readonly string[] = [];
// A double holds every integer of up to 15 digits.
const exactDigits = 15;

/** The index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 34) return i;
    if (c === 92) i += 1;
  }
  return text.length;
}

/** The index of the last digit of the run that starts at `start`, or -1 when the number needs care. */
function endOfDigits(text: string, start: number): number {
  let i = start;
  let next = text.charCodeAt(i + 1);
  while (next >= 48 && next <= 57) {
    i += 1;
    next = text.charCodeAt(i + 1);
  }
  return next === 46 || next === 101 || next === 69 || i - start >= exactDigits ? -1 : i;
}

/**
 * One pass over the characters: how many members the objects of the text have, or -1 when a number needs care.
 * Says nothing about well-formedness.
 */
function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      i = endOfString(text, i);
    } else if (c === 58) {
      members += 1;
    } else if (c === 123 || c === 91) {
      depth += 1;
      if (depth > maxDepth) throw depthError(c === 91 ? '[' : '{');
    } else if (c === 125 || c === 93) {
      depth -= 1;
    } else if (c >= 48 && c <= 57) {
      i = endOfDigits(text, i);
      if (i < 0) return -1;
    }
  }
  return members;
}

function countKeys(value: object): number {
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) keys += countKeys(item);
    return keys;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) {
    keys += 1;
    const item = record[key];
    if (typeof item === 'object' && item !== null) keys += countKeys(item);
  }
  return keys;
}

/**
 * Parses for typed decoding: numbers with a fraction, an exponent or 16 digits are JsonNumbers, all others plain.
 * Native speed unless the text has such numbers, repeated keys or a mistake. Throws JsonSyntaxError in Go's words.
 */
export function parseJsonForDecoding(text: string): ParsedJson {
  const members = countMembers(text);
  if (members >= 0) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The exact parser says what is wrong.
      return parseJsonExactly(text);
    }
    const keys = typeof value === 'object' && value !== null ? countKeys(value) : 0;
    if (keys === members) return { value, repeated: nothingRepeated, duplicates: noDuplicates };
  }
  return parseJsonExactly(text);
}

/** Replaces every JsonNumber below `value` with a number, or a bigint where only that is exact. In place. */
export function plainNumbers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof JsonNumber) return value.toValue();
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      if (typeof value[i] === 'object') value[i] = plainNumbers(value[i]);
    }
    return value;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) {
    const item = record[key];
    if (typeof item === 'object' && item !== null) {
      const plain = plainNumbers(item);
      if (plain !== item) record[key] = plain;
    }
  }
  return record;
}

/** Parses any JSON: numbers become plain (integers beyond 2^53 bigints), repeated keys are reported and the last wins. */
export function parseJson(text: string): ParsedJson {
  const parsed = parseJsonForDecoding(text);
  if (parsed.repeated === nothingRepeated) return parsed;
  return { ...parsed, value: plainNumbers(parsed.value) };
}
