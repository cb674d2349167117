import { Writable } from 'node:stream';

/** What takes a program's output to the client; `done` once it has left. */
export type Send = (chunk: Buffer, done: (error?: Error | null) => void) => void;

/** What a program writes to before and after the client is connected: until then the first piece waits. */
export interface Outlet {
  readonly writable: Writable;
  connect(send: Send): void;
  /** Resolves when everything has left, or cannot any more. */
  finished(): Promise<void>;
}

const waitingBytes = 64 * 1024;

export function createOutlet(onFirst: () => void): Outlet {
  let send: Send | undefined;
  let waiting: (() => void) | undefined;
  const writable = new Writable({
    highWaterMark: waitingBytes,
    write(chunk: Buffer, _encoding, done) {
      if (send !== undefined) {
        send(chunk, done);
        return;
      }
      waiting = () => send?.(chunk, done);
      onFirst();
    },
  });
  // Told by `close`.
  writable.on('error', () => undefined);
  return {
    writable,
    connect(given) {
      send = given;
      waiting?.();
      waiting = undefined;
    },
    finished: () =>
      new Promise((resolve) => {
        if (writable.closed) resolve();
        else {
          writable.once('close', resolve);
          if (!writable.writableEnded) writable.end();
        }
      }),
  };
}
