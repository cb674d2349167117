import type { Duplex } from 'node:stream';
import { bytesOf, fromBytes } from '../../files/byte-text.ts';
import { BrokenPipe, Interrupted } from '../streams.ts';
import type { NetworkProcess } from './place.ts';

export interface JointOptions {
  /** Ends when nothing went either way for so long. */
  readonly idleMs?: number | undefined;
  /** Ends so long after the input has ended. */
  readonly quitMs?: number | undefined;
  /** Takes no input. */
  readonly isDetached?: boolean;
}

/** Carries what a program reads to a stream, and what comes back to its output, as it comes; until the other end closes. */
export async function join(
  stream: Duplex,
  { stdin, stdout, clock, killed }: NetworkProcess,
  { idleMs, quitMs, isDetached = false }: JointOptions,
): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  let timer: { cancel(): void } | undefined;
  const touch = (): void => {
    if (idleMs === undefined) return;
    timer?.cancel();
    timer = clock.after(idleMs, end);
  };
  const signal = AbortSignal.any([over.signal, killed]);
  const close = (): void => void stream.destroy();
  signal.addEventListener('abort', close, { once: true });
  touch();
  const send = async (): Promise<void> => {
    for (let text = await stdin.chunk({ signal }); text !== undefined; text = await stdin.chunk({ signal })) {
      touch();
      if (stream.destroyed) return;
      if (!stream.write(bytesOf(text))) await new Promise<void>((resolve) => ready(stream, resolve));
    }
    if (!stream.destroyed) stream.end();
    if (quitMs !== undefined) clock.after(quitMs, end);
  };
  const sending = isDetached ? Promise.resolve() : send().catch(unlessInterrupted);
  try {
    for await (const bytes of stream) {
      touch();
      stdout.write(fromBytes(bytes as Buffer));
      await stdout.drained();
    }
  } catch (error) {
    if (error instanceof BrokenPipe) throw error;
    // Reset, or ended from here: nothing more comes.
  } finally {
    timer?.cancel();
    end();
    signal.removeEventListener('abort', close);
    stream.destroy();
  }
  await sending;
}

function ready(stream: Duplex, resolve: () => void): void {
  stream.once('drain', resolve);
  stream.once('close', resolve);
}

export function unlessInterrupted(error: unknown): void {
  if (!(error instanceof Interrupted)) throw error;
}
