import { Writable } from 'node:stream';
import type { Clock } from '../../../api/clock.ts';
import { goQuote } from '../../../api/go-text.ts';
import type { StartedContainer } from '../pod-runtime.ts';

const maxOutput = 10 * 1024;

export type ExecResult =
  | { readonly is: 'exited'; readonly code: number; readonly output: string }
  | { readonly is: 'late'; readonly message: string };

/** Runs a program in a container and keeps the first of what it says. Rejects when it cannot be run. */
export async function execInContainer(
  running: StartedContainer,
  command: readonly string[],
  clock: Clock,
  timeoutMs?: number,
): Promise<ExecResult> {
  const chunks: Buffer[] = [];
  let length = 0;
  const sink = (): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (length < maxOutput) chunks.push(chunk);
        length += chunk.length;
        done();
      },
    });
  const onlooker = new AbortController();
  const late = Promise.withResolvers<ExecResult>();
  const timer =
    timeoutMs === undefined
      ? undefined
      : clock.after(timeoutMs, () => {
          const words = goQuote(command.join(' '));
          late.resolve({ is: 'late', message: `command timed out: ${words} timed out after ${timeoutMs / 1000}s` });
          onlooker.abort();
        });
  const streams = { stdout: sink(), stderr: sink(), isTerminal: false, signal: onlooker.signal };
  const ran = running.exec(command, streams).then((code): ExecResult => {
    return { is: 'exited', code, output: Buffer.concat(chunks).subarray(0, maxOutput).toString() };
  });
  ran.catch(() => undefined);
  try {
    return await Promise.race([ran, late.promise]);
  } finally {
    timer?.cancel();
  }
}
