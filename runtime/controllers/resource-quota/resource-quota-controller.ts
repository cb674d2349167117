import { semanticEqual } from '../../../api/equal.ts';
import type { GroupVersionResource } from '../../../api/object.ts';
import { keyOf } from '../../client/object-key.ts';
import { followServed } from '../../client/served-resources.ts';
import { sleep } from '../../client/sleep.ts';
import { type ControllerDefinition, NotYet, startReconciling } from '../../framework/controller.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { QuotableResources } from './replenishment.ts';
import { type ResourceQuota, statusOf, UsageMemory, usageOf } from './usage.ts';

const quotas: GroupVersionResource = { group: '', version: 'v1', resource: 'resourcequotas' };
const controllerName = 'resourcequota-controller';
const workers = 5;
/** What is gone is given back soon; what came was charged by admission, and is only looked at again. */
const replenishMs = 50;
const recountMs = 500;
const resyncMs = 5 * 60_000;
const syncTimeoutMs = 10_000;

/** Keeps `status.used` of quotas true: admission charges what is created, this gives back what is gone and counts anew. */
export const resourceQuotaController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock, discovery, informers, onError } = context;
    const queue = new WorkQueue(clock);
    const informer = informers.of<ResourceQuota>(quotas);
    const resources = new QuotableResources(informers, (evaluator, namespace, isGrowth) => {
      for (const quota of informer.list(namespace)) {
        if (evaluator.resourcesAmong(Object.keys(quota.status?.hard ?? {})).length === 0) continue;
        queue.addAfter(keyOf(quota), isGrowth ? recountMs : replenishMs);
      }
    });
    informer.subscribe({
      added: (quota) => queue.add(keyOf(quota)),
      updated: (quota, old) => {
        if (!semanticEqual(quota.spec?.hard, old.spec?.hard)) queue.add(keyOf(quota));
        // Somebody else wrote the status.
        else if (!semanticEqual(quota.spec?.hard, quota.status?.hard)) queue.addAfter(keyOf(quota), recountMs);
      },
    });
    const first = Promise.withResolvers<void>();
    const following = followServed(
      { discovery, informers, clock, onError: (error) => onError(error, controllerName) },
      (discovered) => {
        resources.sync(discovered);
        first.resolve();
      },
      signal,
    );
    const memory = new UsageMemory();
    const pause = (): Promise<void> => sleep(clock, 0, signal);
    const reconcile = async (key: string): Promise<void> => {
      const named = informer.get(key);
      if (named === undefined) return;
      const counting = resources.among(Object.keys(named.spec?.hard ?? {})).map((quotable) => ({
        evaluator: quotable.evaluator,
        informer: resources.informerOf(quotable),
      }));
      const synced = Promise.all(counting.map((one) => one.informer.whenSynced()));
      await Promise.race([synced, sleep(clock, syncTimeoutMs, signal)]);
      if (!counting.every((one) => one.informer.hasSynced)) throw new NotYet(key);
      const quota = informer.get(key);
      if (quota === undefined) return;
      const namespace = quota.metadata?.namespace ?? '';
      const counted = counting.map((one) => ({ evaluator: one.evaluator, objects: one.informer.list(namespace) }));
      const used = await usageOf(quota, counted, { now: clock.now(), memory, pause });
      const status = statusOf(quota, used);
      if (status === undefined) return;
      const asked = client.update<ResourceQuota>(quotas, namespace, { ...quota, status }, { subresource: 'status' });
      await unlessMissing(asked);
    };
    const recountAll = async (): Promise<void> => {
      while (!signal.aborted) {
        await sleep(clock, resyncMs, signal);
        for (const quota of informer.list()) queue.add(keyOf(quota));
      }
    };
    const running = startReconciling(
      {
        name: controllerName,
        workers,
        informers: [informer, { whenSynced: () => first.promise }],
        queue,
        reconcile,
      },
      context,
      signal,
    );
    return {
      ...running,
      ended: Promise.all([running.ended, following, recountAll()]).then(() => undefined),
    };
  },
};
