import type { Clock } from '../../api/clock.ts';
import type { ObjectStore, Revision } from './store.ts';

export interface CompactorOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** History of the last interval is kept; older history goes at the end of the next. 0 switches compaction off. */
  readonly intervalMs: number;
  onError(error: unknown): void;
}

/** Compacts, every interval, to the revision that was the newest an interval ago: upstream's rhythm of five minutes. */
export function createCompactor({ store, clock, intervalMs, onError }: CompactorOptions): AsyncDisposable {
  let newestThen: Revision = store.revision;
  let running: Promise<void> = Promise.resolve();
  let timer = intervalMs > 0 ? clock.after(intervalMs, tick) : undefined;

  function tick(): void {
    const before = newestThen;
    newestThen = store.revision;
    timer = clock.after(intervalMs, tick);
    running = running.then(() => store.compact(before)).catch(onError);
  }

  return {
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      timer = undefined;
      await running;
    },
  };
}
