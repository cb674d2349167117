import { setImmediate } from 'node:timers/promises';
import { type CompactionSlice, droppedVersions, type HistoryIndex } from './history-index.ts';
import type { RowOperation } from './row-database.ts';
import { rowKey } from './row-keys.ts';
import type { Revision } from './store.ts';

// Keeps each turn of the event loop well under 5 ms with either driver.
const recordsPerSlice = 250;

export interface CompactionTarget {
  readonly index: HistoryIndex;
  write(operations: RowOperation[]): Promise<void>;
  /** Ends the work between two slices. */
  isClosed(): boolean;
}

/** Drops what nobody may read once `before` is compacted: in bounded batches, giving way to other work after each. */
export async function dropSuperseded(target: CompactionTarget, before: Revision): Promise<void> {
  for (;;) {
    const slice = target.index.nextSlice(before, recordsPerSlice);
    if (slice === undefined || target.isClosed()) return;
    await target.write(deletions(slice));
    target.index.drop(slice);
    await setImmediate();
  }
}

function deletions(slice: CompactionSlice): RowOperation[] {
  const operations: RowOperation[] = [];
  for (const { key, version } of droppedVersions(slice)) {
    operations.push({ type: 'del', key: rowKey(Math.abs(version), version > 0 ? 'put' : 'delete', key) });
  }
  return operations;
}
