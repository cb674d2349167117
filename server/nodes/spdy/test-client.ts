import type { Duplex } from 'node:stream';
import { controlFrame, dataFrame, readFrames } from './frame-reader.ts';
import { createHeaderWriter, type SpdyHeaders } from './header-block.ts';

export interface TestStream {
  readonly id: number;
  /** Resolves with everything when the server ends or resets it. */
  readonly ended: Promise<{ readonly bytes: Buffer; readonly isReset: boolean }>;
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
  reset(): void;
}

export interface TestClient {
  open(headers: SpdyHeaders): TestStream;
  readonly closed: Promise<void>;
}

/** As little of a SPDY client as tests need. */
export function spdyClient(wire: Duplex): TestClient {
  const writer = createHeaderWriter();
  const streams = new Map<number, { readonly chunks: Buffer[]; end(isReset: boolean): void }>();
  let nextId = 1;
  const run = async (): Promise<void> => {
    for await (const frame of readFrames(wire as AsyncIterable<Buffer>)) {
      if (frame.kind === 'data') {
        const stream = streams.get(frame.streamId);
        stream?.chunks.push(Buffer.from(frame.bytes));
        if (frame.isLast) stream?.end(false);
      } else if (frame.type === 3) streams.get(frame.body.readUInt32BE(0))?.end(true);
    }
  };
  const closed = run().catch(() => undefined);
  return {
    closed,
    open(headers) {
      const id = nextId;
      nextId += 2;
      const { promise, resolve } = Promise.withResolvers<{ bytes: Buffer; isReset: boolean }>();
      const chunks: Buffer[] = [];
      streams.set(id, { chunks, end: (isReset) => resolve({ bytes: Buffer.concat(chunks), isReset }) });
      wire.write(controlFrame(1, [id, 0], Buffer.concat([Buffer.alloc(2), writer.write(headers)])));
      return {
        id,
        ended: promise,
        write: (bytes) => new Promise((done) => wire.write(dataFrame(id, bytes, false), () => done())),
        end: () => void wire.write(dataFrame(id, Buffer.alloc(0), true)),
        reset: () => void wire.write(controlFrame(3, [id, 5])),
      };
    },
  };
}
