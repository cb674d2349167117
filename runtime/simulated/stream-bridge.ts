import type { Readable, Writable } from 'node:stream';
import { bytesOf, fromBytes } from '../files/byte-text.ts';
import type { ByteText } from '../files/file-tree.ts';
import { BrokenPipe, type Writer, writerOf } from '../shell/streams.ts';

/** Where the bytes of a Node stream go. */
export interface Sink {
  write(text: ByteText): void;
  drained?(): Promise<void> | undefined;
  end(): void;
}

/** Reads a stream into a sink, no faster than that takes it. */
export function feed(stream: Readable, sink: Sink): void {
  const take = (piece: Uint8Array | string): void => {
    try {
      sink.write(fromBytes(typeof piece === 'string' ? Buffer.from(piece) : piece));
    } catch (error) {
      if (!(error instanceof BrokenPipe)) throw error;
      // Who was to read it has gone: the rest of what is sent is read and forgotten.
    }
    const drained = sink.drained?.();
    if (drained === undefined) return;
    stream.pause();
    void drained.then(() => stream.resume());
  };
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    sink.end();
  };
  stream.on('data', take);
  stream.on('end', over);
  stream.on('close', over);
  stream.on('error', over);
}

/** Writes into a stream; what comes after its end is lost. */
export function streamWriter(stream: Writable | undefined): Writer {
  if (stream === undefined) return writerOf(() => undefined);
  stream.on('error', () => undefined);
  const isOpen = (): boolean => !stream.destroyed && !stream.writableEnded;
  return {
    write: (text) => {
      if (isOpen()) stream.write(bytesOf(text));
    },
    drained: () => {
      if (!isOpen() || !stream.writableNeedDrain) return undefined;
      return new Promise((resolve) => {
        const done = (): void => {
          stream.off('drain', done);
          stream.off('close', done);
          resolve();
        };
        stream.on('drain', done);
        stream.on('close', done);
      });
    },
  };
}
