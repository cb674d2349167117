import type { ProcessStreams } from '../../api/streams/node-connection.ts';
import type { Log } from '../processes/program.ts';
import type { Writer } from '../shell/streams.ts';
import { streamWriter } from './stream-bridge.ts';

/** Who looks on at a container's first process: what it writes goes to its log and to all of them. */
export interface Attachments {
  writer(stream: 'stdout' | 'stderr'): Writer;
  /** Resolves when the process has ended, or whoever looks on has gone. */
  add(streams: ProcessStreams, exited: Promise<unknown>): Promise<void>;
}

interface Onlooker {
  readonly stdout: Writer;
  readonly stderr: Writer;
}

export function createAttachments(log: Log): Attachments {
  const onlookers = new Set<Onlooker>();
  return {
    writer: (stream) => ({
      write: (text) => {
        log(stream, text);
        for (const onlooker of onlookers) onlooker[stream].write(text);
      },
      drained: () => {
        const waiting = [...onlookers].map((onlooker) => onlooker[stream].drained()).filter((one) => one !== undefined);
        return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
      },
    }),
    add: async ({ stdout, stderr, signal }, exited) => {
      const onlooker = { stdout: streamWriter(stdout), stderr: streamWriter(stderr) };
      onlookers.add(onlooker);
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      await Promise.race([gone, exited]);
      onlookers.delete(onlooker);
    },
  };
}
