import { followServed } from '../../client/served-resources.ts';
import { sleep } from '../../client/sleep.ts';
import { type ControllerDefinition, NotYet, startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { AbsentOwners } from './absent-owners.ts';
import { collect, orphan } from './collect.ts';
import { OwnershipGraph } from './graph.ts';
import { Monitors } from './monitors.ts';
import { identityText } from './node.ts';
import { OwnedObjects } from './objects.ts';

const controllerName = 'garbage-collector-controller';
const workers = 10;
/** After this long it begins with what it knows. */
const syncTimeoutMs = 30_000;

/** Deletes what lost its owners, and carries out foreground deletion and orphaning. */
export const garbageCollectorController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock, discovery, informers, onError } = context;
    const recorder = context.recorder(controllerName);
    const toConsider = new WorkQueue(clock);
    const toOrphan = new WorkQueue(clock);
    const absent = new AbsentOwners();
    const graph = new OwnershipGraph(
      {
        consider: (uid) => toConsider.add(uid),
        considerLater: (uid) => toConsider.addRateLimited(uid),
        orphan: (uid) => toOrphan.add(uid),
        complain: (dependent, owner) => {
          const message = `ownerRef ${identityText(owner)} does not exist in namespace "${dependent.namespace}"`;
          recorder.record(dependent, 'Warning', 'OwnerRefInvalidNamespace', message);
        },
      },
      absent,
    );
    const objects = new OwnedObjects(client, discovery);
    const collecting = { graph, absent, objects, consider: (uid: string) => toConsider.add(uid) };
    const monitors = new Monitors(informers, graph);
    /** Wait for kinds that nobody serves yet. */
    let waiting = new Set<string>();
    const first = Promise.withResolvers<void>();
    const following = followServed(
      { discovery, informers, clock, onError: (error) => onError(error, controllerName) },
      (discovered) => {
        if (!monitors.sync(discovered)) return;
        first.resolve();
        const again = waiting;
        waiting = new Set();
        for (const uid of again) toConsider.add(uid);
      },
      signal,
    );
    const synced = {
      whenSynced: () =>
        Promise.race([first.promise.then(() => monitors.whenSynced()), sleep(clock, syncTimeoutMs, signal)]),
    };
    const considering = startReconciling(
      {
        name: controllerName,
        workers,
        informers: [synced],
        queue: toConsider,
        reconcile: async (uid) => {
          try {
            await collect(collecting, uid);
          } catch (error) {
            if (error instanceof NotYet) waiting.add(uid);
            throw error;
          }
          waiting.delete(uid);
        },
      },
      context,
      signal,
    );
    const orphaning = startReconciling(
      {
        name: controllerName,
        workers,
        informers: [synced],
        queue: toOrphan,
        reconcile: (uid) => orphan(collecting, uid),
      },
      context,
      signal,
    );
    return {
      name: controllerName,
      queues: [toConsider, toOrphan],
      ended: Promise.all([considering.ended, orphaning.ended, following]).then(() => undefined),
    };
  },
};
