import type { Api, GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import type { Informers } from '../../client/informers.ts';
import { keyOf } from '../../client/object-key.ts';
import {
  bindCompleted,
  type Claim,
  claims,
  hasAnnotation,
  type StorageClass,
  storageClasses,
  type Volume,
  volumes,
} from '../../controllers/volumes/storage-objects.ts';
import { type NodeSelector, nodeSelectorTest } from '../node-affinity.ts';
import type { Node } from '../node-info.ts';
import { ephemeralClaimName, type PodInfo } from '../pod-info.ts';

export type CSINode = Readonly<Api<'io.k8s.api.storage.v1.CSINode'>>;
export type CSIDriver = Readonly<Api<'io.k8s.api.storage.v1.CSIDriver'>>;
export type StorageCapacity = Readonly<Api<'io.k8s.api.storage.v1.CSIStorageCapacity'>>;
export type Attachment = Readonly<Api<'io.k8s.api.storage.v1.VolumeAttachment'>>;

function storage(resource: string): GroupVersionResource {
  return { group: 'storage.k8s.io', version: 'v1', resource };
}

/** An informer's objects; those about to be written come first, until something newer is seen. */
export class Assumed<T extends KubeObject> {
  readonly #informer: Informer<T>;
  readonly #assumed = new Map<string, { readonly base: Readonly<T> | undefined; readonly object: Readonly<T> }>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
  }

  get(key: string): Readonly<T> | undefined {
    const seen = this.#informer.get(key);
    const assumed = this.#assumed.get(key);
    if (assumed === undefined) return seen;
    if (seen === assumed.base) return assumed.object;
    this.#assumed.delete(key);
    return seen;
  }

  list(): Readonly<T>[] {
    const all = this.#informer.list();
    return this.#assumed.size === 0 ? all : all.map((object) => this.get(keyOf(object)) ?? object);
  }

  assume(object: Readonly<T>): void {
    const key = keyOf(object);
    this.#assumed.set(key, { base: this.#informer.get(key), object });
  }

  restore(key: string): void {
    this.#assumed.delete(key);
  }
}

/** All that has to do with volumes. */
export interface VolumeLookups {
  readonly claims: Assumed<Claim>;
  readonly volumes: Assumed<Volume>;
  readonly classes: Informer<StorageClass>;
  readonly csiNodes: Informer<CSINode>;
  readonly drivers: Informer<CSIDriver>;
  readonly capacities: Informer<StorageCapacity>;
  readonly attachments: Informer<Attachment>;
}

export function createVolumeLookups(informers: Informers): VolumeLookups {
  const attachments = informers.of<Attachment>(storage('volumeattachments'));
  attachments.index('node', ({ spec }) => (spec?.nodeName === undefined ? [] : [spec.nodeName]));
  return {
    claims: new Assumed(informers.of<Claim>(claims)),
    volumes: new Assumed(informers.of<Volume>(volumes)),
    classes: informers.of<StorageClass>(storageClasses),
    csiNodes: informers.of<CSINode>(storage('csinodes')),
    drivers: informers.of<CSIDriver>(storage('csidrivers')),
    capacities: informers.of<StorageCapacity>(storage('csistoragecapacities')),
    attachments,
  };
}

/** Bound for good, as the volume controller says. */
export function isBound(claim: Readonly<Claim>): boolean {
  return (claim.spec?.volumeName ?? '') !== '' && hasAnnotation(claim, bindCompleted);
}

/** Can pods on the node use the volume? */
export function canReach(volume: Readonly<Volume>, { metadata }: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required as NodeSelector | undefined;
  return required === undefined || nodeSelectorTest(required).matches({ metadata: { labels: metadata?.labels ?? {} } });
}

export interface ClaimUse {
  readonly name: string;
  readonly isEphemeral: boolean;
}

/** The claims that a pod names, or that are made for it. */
export function claimUses({ pod, name }: PodInfo): readonly ClaimUse[] {
  return (pod.spec?.volumes ?? []).flatMap((volume): readonly ClaimUse[] => {
    if (volume.persistentVolumeClaim !== undefined)
      return [{ name: volume.persistentVolumeClaim.claimName ?? '', isEphemeral: false }];
    if (volume.ephemeral === undefined) return [];
    return [{ name: ephemeralClaimName(name, volume.name ?? ''), isEphemeral: true }];
  });
}

/** Why a claim that goes by the name of an ephemeral volume is not the pod's. */
export function notOwned({ uid, namespace, name }: PodInfo, claim: Readonly<Claim>): string | undefined {
  const owner = claim.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.uid === uid) return undefined;
  const { metadata } = claim;
  return `PVC ${metadata?.namespace}/${metadata?.name} was not created for pod ${namespace}/${name} (pod is not owner)`;
}
