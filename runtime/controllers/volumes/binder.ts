import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { ControllerContext, ControllerDefinition, RunningController } from '../../framework/controller.ts';
import { enqueueOn, startReconciling } from '../../framework/controller.ts';
import { isAlreadyExists } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { availableIndex, type BinderContext, claimIndex, unboundIndex } from './binder-context.ts';
import { syncClaim } from './claim-sync.ts';
import { classOfClaim, classOfVolume } from './matching.ts';
import { Newest } from './newest.ts';
import { builtInProvisioner } from './provisioning.ts';
import { recycledBy } from './reclaim.ts';
import {
  bindCompleted,
  type Claim,
  claims,
  defaultClass,
  hasAnnotation,
  indexPodsByClaim,
  type Node,
  nodes,
  type Pod,
  pods,
  type StorageClass,
  storageClasses,
  type Volume,
  volumes,
} from './storage-objects.ts';
import { syncVolume } from './volume-sync.ts';

const name = 'persistentvolume-binder-controller';

function claimKeyOf({ spec }: Readonly<Volume>): string[] {
  const { claimRef } = spec ?? {};
  return claimRef === undefined ? [] : [`${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`];
}

function isFree({ spec, status }: Readonly<Volume>): boolean {
  return spec?.claimRef === undefined && status?.phase === 'Available';
}

/** Binds claims to volumes, makes volumes for claims, and reclaims what is released. */
export const persistentVolumeBinder: ControllerDefinition = { name, start };

function start(context: ControllerContext, signal: AbortSignal): RunningController {
  const { client, clock, random, informers, options } = context;
  const claimInformer = informers.of<Claim>(claims);
  const volumeInformer = informers.of<Volume>(volumes);
  const classInformer = informers.of<StorageClass>(storageClasses);
  const podInformer = informers.of<Pod>(pods);
  const nodeInformer = informers.of<Node>(nodes);
  claimInformer.index(unboundIndex, (claim) => (hasAnnotation(claim, bindCompleted) ? [] : [classOfClaim(claim)]));
  volumeInformer.index(claimIndex, claimKeyOf);
  volumeInformer.index(availableIndex, (volume) => (isFree(volume) ? [classOfVolume(volume)] : []));
  indexPodsByClaim(podInformer);

  // Upstream looks at every claim and volume again each period: no key waits longer.
  const retry = { firstMs: 5, maxMs: options.persistentVolumeClaimBinderSyncPeriodMs };
  const claimQueue = new WorkQueue(clock, retry);
  const volumeQueue = new WorkQueue(clock, retry);
  const binder: BinderContext = {
    client,
    clock,
    random,
    recorder: context.recorder('persistentvolume-controller'),
    claims: new Newest(claimInformer),
    volumes: new Newest(volumeInformer),
    classes: classInformer,
    pods: podInformer,
    nodes: nodeInformer,
    claimQueue,
    volumeQueue,
    resyncMs: options.persistentVolumeClaimBinderSyncPeriodMs,
    provisioning: {
      isDynamic: options.enableDynamicProvisioning,
      isHostPathEnabled: options.enableHostPathProvisioner,
      isBuiltInEnabled: options.enableBuiltInProvisioner,
    },
  };
  const enqueueUnbound = (className: string): void => {
    for (const claim of claimInformer.by(unboundIndex, className)) claimQueue.add(keyOf(claim));
  };
  // Claims without a class may get this one as their default.
  const followClass = ({ metadata }: Readonly<StorageClass>): void => {
    enqueueUnbound(metadata?.name ?? '');
    enqueueUnbound('');
  };

  enqueueOn(claimInformer, claimQueue);
  claimInformer.subscribe({
    deleted: (claim) => {
      const volumeName = claim.spec?.volumeName ?? '';
      if (volumeName !== '') volumeQueue.add(volumeName);
      // A volume may be its without the claim having said so yet.
      for (const volume of volumeInformer.by(claimIndex, keyOf(claim))) volumeQueue.add(keyOf(volume));
    },
  });
  enqueueOn(volumeInformer, volumeQueue);
  volumeInformer.subscribe({
    updated: (volume, old) => {
      if (isFree(volume) && !isFree(old)) enqueueUnbound(classOfVolume(volume));
    },
    deleted: (volume) => {
      for (const key of claimKeyOf(volume)) claimQueue.add(key);
    },
  });
  classInformer.subscribe({ added: followClass, updated: followClass });
  enqueueOn(podInformer, volumeQueue, recycledBy);

  if (options.defaultStorageClass !== '') void makeDefaultClass(context, classInformer);
  const running = { informers: [claimInformer, volumeInformer, classInformer, podInformer, nodeInformer], workers: 1 };
  const claimLoop = startReconciling(
    { ...running, name, queue: claimQueue, reconcile: (key) => syncClaim(binder, key) },
    context,
    signal,
  );
  const volumeLoop = startReconciling(
    { ...running, name, queue: volumeQueue, reconcile: (key) => syncVolume(binder, key) },
    context,
    signal,
  );
  return {
    name,
    queues: [claimQueue, volumeQueue],
    ended: Promise.all([claimLoop.ended, volumeLoop.ended]).then(() => undefined),
  };
}

/** As asked for by a flag; one of that name is left as it is. */
async function makeDefaultClass(
  { client, options, onError }: ControllerContext,
  classes: Informer<StorageClass>,
): Promise<void> {
  await classes.whenSynced();
  const className = options.defaultStorageClass;
  if (classes.get(className) !== undefined) return;
  const body = {
    metadata: { name: className, annotations: { [defaultClass]: 'true' } },
    provisioner: builtInProvisioner,
    allowVolumeExpansion: true,
    volumeBindingMode: 'WaitForFirstConsumer',
  } as StorageClass;
  try {
    await client.create(storageClasses, '', body);
  } catch (error) {
    if (!isAlreadyExists(error)) onError(error, name);
  }
}
