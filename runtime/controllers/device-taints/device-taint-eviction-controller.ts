import { toTime } from '../../../api/clock.ts';
import type { GroupVersionResource } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { ControllerContext, ControllerDefinition, RunningController } from '../../framework/controller.ts';
import { enqueueOn, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { isConflict, isNotFound, unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import {
  claimKeysOf,
  isReservedFor,
  type Pod,
  pods,
  type ResourceClaim,
  resourceClaims,
} from '../resource-claims/claims-of-pods.ts';
import { allocatedKeysOf, deviceKeysOf, evictingTaints, evictionTime, type ResourceSlice } from './device-taints.ts';

const name = 'device-taint-eviction-controller';
const slicesResource: GroupVersionResource = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceslices' };
const podKind = { group: '', version: 'v1', kind: 'Pod' };
const podsByClaim = 'resource claims';
const byDevice = 'device';

interface Loop {
  readonly context: ControllerContext;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<ResourceClaim>;
  readonly slices: Informer<ResourceSlice>;
  readonly queue: WorkQueue;
  /** Pods whose end is planned, for saying that it is not any more. */
  readonly planned: Set<string>;
}

/**
 * Ends pods that use devices with NoExecute taints. Off by default: upstream's waits for DeviceTaintRules, which a stock API server does not
 * serve.
 */
export const deviceTaintEvictionController: ControllerDefinition = { name, isOffByDefault: true, start };

function start(context: ControllerContext, signal: AbortSignal): RunningController {
  const { informers, clock } = context;
  const queue = new WorkQueue(clock);
  const loop: Loop = {
    context,
    pods: informers.of<Pod>(pods),
    claims: informers.of<ResourceClaim>(resourceClaims),
    slices: informers.of<ResourceSlice>(slicesResource),
    queue,
    planned: new Set(),
  };
  loop.pods.index(podsByClaim, claimKeysOf);
  loop.claims.index(byDevice, allocatedKeysOf);
  loop.slices.index(byDevice, deviceKeysOf);
  const podKeys = (claim: Readonly<ResourceClaim>): string[] => loop.pods.by(podsByClaim, keyOf(claim)).map(keyOf);
  enqueueOn(loop.pods, queue, (pod) => (claimKeysOf(pod).length === 0 ? [] : [keyOf(pod)]));
  enqueueOn(loop.claims, queue, podKeys);
  enqueueOn(loop.slices, queue, (slice) =>
    deviceKeysOf(slice).flatMap((key) => loop.claims.by(byDevice, key).flatMap(podKeys)),
  );
  const all = [loop.pods, loop.claims, loop.slices];
  const reconcile = (key: string): Promise<void> => syncPod(loop, key);
  return startReconciling({ name, workers: 8, informers: all, queue, reconcile }, context, signal);
}

function timeFor({ claims, slices }: Loop, pod: Readonly<Pod>): number | undefined {
  if ((pod.spec?.nodeName ?? '') === '') return undefined;
  const times = claimKeysOf(pod).flatMap((key) => {
    const claim = claims.get(key);
    if (claim === undefined || !isReservedFor(claim, pod)) return [];
    return evictionTime(claim, (device) => evictingTaints(slices.by(byDevice, device), device)) ?? [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

async function syncPod(loop: Loop, key: string): Promise<void> {
  const { context, pods: informer, queue, planned } = loop;
  const pod = informer.get(key);
  if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) {
    planned.delete(key);
    return;
  }
  const at = timeFor(loop, pod);
  const tell = (message: string): void =>
    context.recorder(name).record(referenceTo(pod, podKind), 'Normal', 'DeviceTaintManagerEviction', message);
  if (at === undefined) {
    if (planned.delete(key)) tell('Cancelling deletion');
    return;
  }
  const wait = at - context.clock.now();
  planned.add(key);
  if (wait > 0) return queue.addAfter(key, wait);
  tell('Marking for deletion');
  await endPod(context, pod);
  planned.delete(key);
}

async function endPod({ client, clock }: ControllerContext, pod: Readonly<Pod>): Promise<void> {
  const { namespace = '', name: podName = '', uid = '' } = pod.metadata ?? {};
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: toTime(clock.now()),
    reason: 'DeletionByDeviceTaintManager',
    message: 'Device Taint manager: deleting due to NoExecute taint',
  };
  const target = { resource: pods, namespace, name: podName, type: 'application/strategic-merge-patch+json' } as const;
  const patch = { metadata: { uid }, status: { conditions: [condition] } };
  try {
    await client.patch(target, patch, { subresource: 'status' });
  } catch (error) {
    // Another pod of that name, or none.
    if (isNotFound(error) || isConflict(error)) return;
    throw error;
  }
  await unlessMissing(client.delete(pods, namespace, podName, { preconditions: { uid } }));
}
