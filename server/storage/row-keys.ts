import type { Change, Revision } from './store.ts';

/**
 * Rows of the database. Every version of an object is one row, written once and never changed: its key holds the revision, what the write was
 * and the object's key, its value is the object's JSON alone. So a scan of the keys rebuilds the index without reading a value.
 */
const objectRows = 'r/';
// 2^53 has 16 decimal digits: rows sort by revision for as long as a number can hold one.
const revisionWidth = 16;

export const objectRowsEnd = 'r0';
export const formatRow = 'm/format';
export const compactedRow = 'm/compacted';
export const revisionRow = 'm/revision';

export function rowKey(revision: Revision, type: Change['type'], key: string): string {
  return `${firstRowAt(revision)}${type === 'put' ? 'p' : 'd'}${key}`;
}

/** Sorts before every row of this revision and after all of the one before. */
export function firstRowAt(revision: Revision): string {
  return objectRows + String(revision).padStart(revisionWidth, '0');
}

export function parseRowKey(row: string): Omit<Change, 'value'> {
  const end = objectRows.length + revisionWidth;
  return {
    key: row.slice(end + 1),
    revision: Number(row.slice(objectRows.length, end)),
    type: row[end] === 'p' ? 'put' : 'delete',
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it asks for ASCII
const ascii = /^[\x00-\x7f]*$/;

/** A string whose plain `<` is the bytewise order of the key's UTF-8, which JavaScript's own order is not above U+D7FF. */
export function orderOf(key: string): string {
  return ascii.test(key) ? key : Buffer.from(key, 'utf8').toString('latin1');
}
