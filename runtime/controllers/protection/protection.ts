import type { Api, GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf, splitKey } from '../../client/object-key.ts';
import type { ControllerContext, ControllerDefinition } from '../../framework/controller.ts';
import { startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { isControlledBy } from '../ownership.ts';
import {
  type Claim,
  claimKeysOf,
  claimNamesOf,
  claims,
  indexPodsByClaim,
  type Pod,
  pods,
  podsOfClaim,
  type Volume,
  volumes,
} from '../volumes/storage-objects.ts';

type AttributesClass = Api<'io.k8s.api.storage.v1.VolumeAttributesClass'>;

const attributesClasses: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattributesclasses',
};

interface Protection<T extends KubeObject> {
  readonly name: string;
  readonly resource: GroupVersionResource;
  readonly finalizer: string;
  /** Wires what else may free an object into the queue, and answers with what it has to wait for and how use is told. */
  watch(
    context: ControllerContext,
    queue: WorkQueue,
  ): {
    readonly informers: readonly Pick<Informer, 'whenSynced'>[];
    isInUse(object: Readonly<T>): boolean | Promise<boolean>;
  };
}

/** Deletion of a storage object waits until nobody uses it: a finalizer is put on it, and taken off when it is free. */
function protectionController<T extends KubeObject>(protection: Protection<T>): ControllerDefinition {
  const { name, resource, finalizer } = protection;
  const isDue = ({ metadata }: Readonly<T>): boolean =>
    (metadata?.finalizers?.includes(finalizer) ?? false) === (metadata?.deletionTimestamp !== undefined);
  return {
    name,
    start: (context, signal) => {
      const queue = new WorkQueue(context.clock);
      const informer = context.informers.of<T>(resource);
      const { informers, isInUse } = protection.watch(context, queue);
      const enqueue = (object: Readonly<T>): void => {
        if (isDue(object)) queue.add(keyOf(object));
      };
      informer.subscribe({ added: enqueue, updated: enqueue });
      const reconcile = async (key: string): Promise<void> => {
        const object = informer.get(key);
        if (object === undefined || !isDue(object)) return;
        const finalizers = object.metadata?.finalizers ?? [];
        const isDeleted = object.metadata?.deletionTimestamp !== undefined;
        if (isDeleted && (await isInUse(object))) return;
        const next = isDeleted ? finalizers.filter((each) => each !== finalizer) : [...finalizers, finalizer];
        await context.client.update(resource, splitKey(key).namespace, {
          ...object,
          metadata: { ...object.metadata, finalizers: next },
        });
      };
      return startReconciling(
        { name, workers: 1, informers: [informer, ...informers], queue, reconcile },
        context,
        signal,
      );
    },
  };
}

/** A pod without a node has not touched the volume. One that has ended still holds what it names, but not what was made for it. */
export function usesClaim(pod: Readonly<Pod>, claim: Readonly<Claim>): boolean {
  if ((pod.spec?.nodeName ?? '') === '') return false;
  const name = claim.metadata?.name ?? '';
  const isShutDown = pod.metadata?.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0;
  return (pod.spec?.volumes ?? []).some(({ name: volume, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return persistentVolumeClaim.claimName === name;
    if (ephemeral === undefined || isShutDown) return false;
    return `${pod.metadata?.name}-${volume}` === name && isControlledBy(claim, pod);
  });
}

export const claimProtection: ControllerDefinition = protectionController<Claim>({
  name: 'persistentvolumeclaim-protection-controller',
  resource: claims,
  finalizer: 'kubernetes.io/pvc-protection',
  watch: ({ client, informers }, queue) => {
    const informer = informers.of<Pod>(pods);
    indexPodsByClaim(informer);
    const enqueue = (pod: Readonly<Pod>): void => {
      for (const key of claimKeysOf(pod)) queue.add(key);
    };
    informer.subscribe({ added: enqueue, updated: enqueue, deleted: enqueue });
    return {
      informers: [informer],
      isInUse: async (claim) => {
        if (podsOfClaim(informer, keyOf(claim)).some((pod) => usesClaim(pod, claim))) return true;
        // The copy may lag behind: the last word has the server.
        const { items } = await client.list<Pod>(pods, { namespace: claim.metadata?.namespace ?? '' });
        const name = claim.metadata?.name ?? '';
        return items.some((pod) => claimNamesOf(pod).includes(name) && usesClaim(pod, claim));
      },
    };
  },
});

export const volumeProtection: ControllerDefinition = protectionController<Volume>({
  name: 'persistentvolume-protection-controller',
  resource: volumes,
  finalizer: 'kubernetes.io/pv-protection',
  watch: () => ({ informers: [], isInUse: ({ status }) => status?.phase === 'Bound' }),
});

const attributesIndex = 'attributes class';

function attributesOfClaim({ spec, status }: Readonly<Claim>): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.flatMap((name) => (name === undefined || name === '' ? [] : [name])))];
}

function attributesOfVolume({ spec }: Readonly<Volume>): string[] {
  const name = spec?.volumeAttributesClassName ?? '';
  return name === '' ? [] : [name];
}

export const attributesClassProtection: ControllerDefinition = protectionController<AttributesClass>({
  name: 'volumeattributesclass-protection-controller',
  resource: attributesClasses,
  finalizer: 'kubernetes.io/vac-protection',
  watch: ({ informers }, queue) => {
    const follow = <T extends KubeObject>(informer: Informer<T>, namesOf: (object: Readonly<T>) => string[]): void => {
      informer.index(attributesIndex, namesOf);
      const enqueue = (object: Readonly<T>): void => {
        for (const name of namesOf(object)) queue.add(name);
      };
      informer.subscribe({ updated: (_object, old) => enqueue(old), deleted: enqueue });
    };
    const ofClaims = informers.of<Claim>(claims);
    const ofVolumes = informers.of<Volume>(volumes);
    follow(ofClaims, attributesOfClaim);
    follow(ofVolumes, attributesOfVolume);
    return {
      informers: [ofClaims, ofVolumes],
      isInUse: ({ metadata }) =>
        [ofClaims, ofVolumes].some((informer) => informer.by(attributesIndex, metadata?.name ?? '').length > 0),
    };
  },
});
