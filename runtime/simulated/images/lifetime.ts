import type { ProgramContext } from '../process.ts';

/** How a program that serves ends: with its own exit code, when it is told to, or killed. */
export interface Lifetime {
  readonly ended: Promise<number>;
  end(code: number): void;
}

/** What `closing` names is closed at the end. A program that is not told what a wish to end does ends well. */
export function lifetimeOf(
  { killed, onTerminate }: Pick<ProgramContext, 'killed' | 'onTerminate'>,
  closing: readonly { close(): void }[] = [],
  onTerm: (end: (code: number) => void) => void = (end) => end(0),
): Lifetime {
  const { promise, resolve } = Promise.withResolvers<number>();
  onTerminate(() => onTerm(resolve));
  killed.addEventListener('abort', () => resolve(137), { once: true });
  if (killed.aborted) resolve(137);
  const ended = promise.finally(() => {
    for (const one of closing) one.close();
  });
  return { ended, end: resolve };
}

/** How a Go program without a handler for SIGTERM ends as the first process of a container. */
export const goTerminated = 2;

/** How a program ends that SIGTERM kills. */
export const killedByTerm = 143;
