import type { HistoryIndex } from './history-index.ts';
import { StoreOpenError } from './open-error.ts';
import type { RowDatabase, RowOperation } from './row-database.ts';
import { compactedRow, firstRowAt, formatRow, objectRowsEnd, parseRowKey, revisionRow } from './row-keys.ts';
import type { Revision } from './store.ts';

export interface StoreState {
  readonly revision: Revision;
  readonly compacted: Revision;
}

// Changes when rows mean something else than before.
const format = '1';

export function writeNumber(key: string, value: number): RowOperation {
  return { type: 'put', key, value: Buffer.from(String(value)) };
}

/** Fills the index from the rows' keys; a new database gets its format row. */
export async function readState(database: RowDatabase, index: HistoryIndex): Promise<StoreState> {
  const [found, compacted, newest] = await database.getMany([formatRow, compactedRow, revisionRow]);
  if (found === undefined) {
    await database.write([{ type: 'put', key: formatRow, value: Buffer.from(format) }], { sync: true });
  } else if (text(found) !== format) {
    throw new StoreOpenError(`the data directory has format ${text(found)}, this version reads format ${format}`);
  }
  // Compaction may have dropped the newest row, a deletion: its revision stays taken.
  let revision = newest === undefined ? 1 : Number(text(newest));
  for await (const rows of database.keys({ gte: firstRowAt(0), lt: objectRowsEnd })) {
    for (const row of rows) {
      const change = parseRowKey(row);
      index.apply(change);
      revision = Math.max(revision, change.revision);
    }
  }
  return { revision, compacted: compacted === undefined ? 0 : Number(text(compacted)) };
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString('utf8');
}
