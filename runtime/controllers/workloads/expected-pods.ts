import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { Expectations } from '../../framework/expectations.ts';
import { isNamespaceTerminating, isNotFound } from '../../framework/status-cause.ts';
import { slowStart } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';

/** Pods that are asked for, or asked to go, by the owner of this key: it does not count them again until its informer has shown them. */
export interface ExpectedPods {
  readonly expectations: Expectations;
  readonly key: string;
  readonly pods: Informer<Pod>;
}

/** Answers with the first failure. */
export async function createExpected(
  { expectations, key }: ExpectedPods,
  count: number,
  create: (index: number) => Promise<unknown>,
): Promise<Error | undefined> {
  expectations.expectCreations(key, count);
  const { successes, error } = await slowStart(count, async (i) => {
    try {
      await create(i);
    } catch (error) {
      // These never come, and the owner goes too: to count again would be to ask again in vain.
      if (!isNamespaceTerminating(error)) throw error;
    }
  });
  for (let skipped = count - successes; skipped > 0; skipped--) expectations.creationObserved(key);
  return error;
}

/** Answers with the first failure; that a pod has gone already is none. */
export async function deleteExpected(
  expected: ExpectedPods,
  chosen: readonly Pod[],
  remove: (pod: Pod) => Promise<void>,
): Promise<unknown> {
  const { expectations, key } = expected;
  expectations.expectDeletions(key, chosen.map(uidOf));
  const outcomes = await Promise.allSettled(
    chosen.map(async (pod) => {
      try {
        await remove(pod);
        observeIfLeaving(expected, pod);
      } catch (error) {
        expectations.deletionObserved(key, uidOf(pod));
        if (!isNotFound(error)) throw error;
      }
    }),
  );
  return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
}

/** A pod whose deletion was asked for may have gone, or begun to go, and been seen to do so before anybody waited for it. */
export function observeIfLeaving({ expectations, key, pods }: ExpectedPods, pod: Pod): void {
  const uid = uidOf(pod);
  const seen = pods.get(keyOf(pod))?.metadata;
  if (seen?.uid !== uid || seen.deletionTimestamp !== undefined) expectations.deletionObserved(key, uid);
}

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? '';
}
