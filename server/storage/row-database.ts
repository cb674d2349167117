import type { AbstractLevel } from 'abstract-level';

export type RowOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

export interface RowRange {
  readonly gte: string;
  readonly lt: string;
}

export type Row = readonly [key: string, value: Uint8Array];

/** What the store needs of a database: rows in key order, atomic batches. Both drivers are this; so are the failing ones of tests. */
export interface RowDatabase {
  /** One atomic batch. With `sync` it returns once the batch is on disk. After a failure the database must be opened anew before the next write. */
  write(operations: RowOperation[], options: { readonly sync: boolean }): Promise<void>;
  getMany(keys: string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** In bounded pieces, as they were when the first was asked for. */
  keys(range: RowRange): AsyncIterable<readonly string[]>;
  rows(range: RowRange): AsyncIterable<readonly Row[]>;
  close(): Promise<void>;
}

export interface RowDriver {
  open(): Promise<RowDatabase>;
  /** Whether opening and writing are likely to succeed again after a failed write. */
  hasRoom(): Promise<boolean>;
}

// A piece of a scan: large enough to make the trips to the database cheap, small enough not to block the event loop.
const rowsPerPiece = 256;
const bytesPerPiece = 1024 * 1024;

type Level = AbstractLevel<string | Buffer | Uint8Array, string, Uint8Array>;

export function levelDatabase(level: Level): RowDatabase {
  return {
    // As an object, because `sync` is LevelDB's own option and unknown to the abstract type.
    write: (operations, options: object) => level.batch(operations, options),
    getMany: (keys) => level.getMany(keys),
    async *keys(range) {
      const iterator = level.keys({ ...range, ...{ highWaterMarkBytes: bytesPerPiece } });
      yield* pieces(iterator, 4 * rowsPerPiece);
    },
    async *rows(range) {
      const iterator = level.iterator({ ...range, ...{ highWaterMarkBytes: bytesPerPiece } });
      yield* pieces(iterator, rowsPerPiece);
    },
    close: () => level.close(),
  };
}

interface PieceIterator<T> {
  nextv(size: number): Promise<T[]>;
  close(): Promise<void>;
}

async function* pieces<T>(iterator: PieceIterator<T>, size: number): AsyncGenerator<readonly T[]> {
  try {
    for (let piece = await iterator.nextv(size); piece.length > 0; piece = await iterator.nextv(size)) yield piece;
  } finally {
    await iterator.close();
  }
}
