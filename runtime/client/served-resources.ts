import type { Clock } from '../../api/clock.ts';
import type { GroupVersionResource } from '../../api/object.ts';
import type { Discovered, Discovery } from './discovery.ts';
import type { Informers } from './informers.ts';
import { sleep } from './sleep.ts';

/** What changes when the set of served resources does. */
const definitions: readonly GroupVersionResource[] = [
  { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
  { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' },
];
const settleMs = 100;
const periodMs = 30_000;

export interface Following {
  readonly discovery: Discovery;
  readonly informers: Informers;
  readonly clock: Clock;
  onError(error: unknown): void;
}

/** Tells what is served: at once, soon after definitions and aggregated servers change, and now and then. Ends with `signal`. */
export async function followServed(
  { discovery, informers, clock, onError }: Following,
  changed: (discovered: Discovered) => void,
  signal: AbortSignal,
): Promise<void> {
  let wake = new AbortController();
  const hurry = (): void => wake.abort();
  for (const resource of definitions)
    informers.metadataOf(resource).subscribe({
      added: (_object, isInitial) => {
        if (!isInitial) hurry();
      },
      updated: hurry,
      deleted: hurry,
    });
  while (!signal.aborted) {
    wake = new AbortController();
    try {
      changed(await discovery.read());
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    await sleep(clock, periodMs, AbortSignal.any([signal, wake.signal]));
    if (wake.signal.aborted) await sleep(clock, settleMs, signal);
  }
}
