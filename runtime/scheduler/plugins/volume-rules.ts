import type { Api } from '../../../api/object.ts';
import { classOfClaim } from '../../controllers/volumes/matching.ts';
import type { Claim, Volume } from '../../controllers/volumes/storage-objects.ts';
import type { SchedulerCache } from '../cache.ts';
import {
  type ClusterEvent,
  type FilterPlan,
  type Plugin,
  type PodStep,
  unresolvable,
  unschedulable,
} from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Pod, PodInfo } from '../pod-info.ts';
import { claimUses, type VolumeLookups } from './volume-lookups.ts';

type PodVolume = Readonly<Api<'io.k8s.api.core.v1.Volume'>>;

/** An event about a claim that the pod mounts. */
export function isOwnClaim(pod: PodInfo, { object }: ClusterEvent): boolean {
  const { namespace, name = '' } = object?.metadata ?? {};
  return namespace === pod.namespace && pod.claims.includes(name);
}

function haveBoth(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a?.some((one) => b?.includes(one)) === true;
}

/** Disks that one machine at a time may have, unless all only read. */
function conflicts(a: PodVolume, b: PodVolume): boolean {
  if (a.gcePersistentDisk !== undefined && b.gcePersistentDisk !== undefined) {
    const areRead = a.gcePersistentDisk.readOnly === true && b.gcePersistentDisk.readOnly === true;
    if (a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !areRead) return true;
  }
  if (a.awsElasticBlockStore !== undefined && a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore?.volumeID)
    return true;
  if (a.iscsi !== undefined && a.iscsi.iqn === b.iscsi?.iqn)
    if (!(a.iscsi.readOnly === true && b.iscsi?.readOnly === true)) return true;
  if (a.rbd === undefined || b.rbd === undefined || !haveBoth(a.rbd.monitors, b.rbd.monitors)) return false;
  const isSame = (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd') && a.rbd.image === b.rbd.image;
  return isSame && !(a.rbd.readOnly === true && b.rbd.readOnly === true);
}

function isExclusive({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: PodVolume): boolean {
  return (gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi) !== undefined;
}

function conflictsWith(disks: readonly PodVolume[], { spec }: Pod): boolean {
  return disks.some((disk) => spec?.volumes?.some((other) => conflicts(disk, other)));
}

/** Disks in use elsewhere on the node, and claims that only one pod may use. */
export function volumeRestrictions({ claims }: VolumeLookups, cache: SchedulerCache): Plugin {
  const name = 'VolumeRestrictions';
  const noDisk = unschedulable(name, 'node(s) had no available disk');
  const inUse = unschedulable(
    name,
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  );
  const stepOf = (
    disks: readonly PodVolume[],
    alone: ReadonlySet<string>,
    namespace: string,
    users: number,
  ): PodStep => {
    let count = users;
    const uses = (other: PodInfo): number =>
      other.namespace === namespace ? other.claims.filter((claim) => alone.has(claim)).length : 0;
    return {
      filter: (node: NodeInfo) => {
        if (disks.length > 0) for (const { pod } of node.pods.values()) if (conflictsWith(disks, pod)) return noDisk;
        return count > 0 ? inUse : undefined;
      },
      addPod: (other) => {
        count += uses(other);
      },
      removePod: (other) => {
        count -= uses(other);
      },
      clone: () => stepOf(disks, alone, namespace, count),
    };
  };
  const filter = (pod: PodInfo): FilterPlan | undefined => {
    const volumes = pod.pod.spec?.volumes ?? [];
    if (volumes.length === 0) return undefined;
    const disks = volumes.filter(isExclusive);
    const alone = new Set<string>();
    for (const { persistentVolumeClaim } of volumes) {
      if (persistentVolumeClaim === undefined) continue;
      const { claimName = '' } = persistentVolumeClaim;
      const claim = claims.get(`${pod.namespace}/${claimName}`);
      if (claim === undefined)
        return { rejection: unresolvable(name, `persistentvolumeclaim "${claimName}" not found`) };
      if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) alone.add(claimName);
    }
    let users = 0;
    if (alone.size > 0)
      for (const { info } of cache.podsIn(pod.namespace))
        users += info.claims.filter((claim) => alone.has(claim)).length;
    return disks.length === 0 && users === 0 ? undefined : { step: stepOf(disks, alone, pod.namespace, users) };
  };
  return {
    name,
    hints: [
      {
        resource: 'pods',
        actions: ['delete'],
        helps: ({ pod, namespace, claims: own }, { old }) => {
          const gone = old as Pod;
          if (gone.metadata?.namespace !== namespace) return false;
          if (conflictsWith((pod.spec?.volumes ?? []).filter(isExclusive), gone)) return true;
          const theirs = (gone.spec?.volumes ?? []).map((volume) => volume.persistentVolumeClaim?.claimName ?? '');
          return own.some((claim) => theirs.includes(claim));
        },
      },
      { resource: 'nodes', actions: ['add'] },
      { resource: 'persistentvolumeclaims', actions: ['add'], helps: isOwnClaim },
    ],
    filter,
  };
}

const places: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
};

interface Place {
  readonly key: string;
  readonly values: ReadonlySet<string>;
}

function placesOf({ metadata }: Readonly<Volume>): readonly Place[] {
  return Object.keys(places).flatMap((key) => {
    const value = metadata?.labels?.[key];
    return value === undefined ? [] : [{ key, values: new Set(value.split('__')) }];
  });
}

/** Volumes that are labelled with zones or regions can be used there only. */
export function volumeZone({ claims, volumes, classes }: VolumeLookups): Plugin {
  const name = 'VolumeZone';
  const elsewhere = unresolvable(name, 'node(s) had no available volume zone');
  const refuse = (text: string): FilterPlan => ({ rejection: unresolvable(name, text) });
  const unboundPlan = (claim: Readonly<Claim>): FilterPlan | undefined => {
    const className = classOfClaim(claim);
    if (className === '') return refuse('PersistentVolumeClaim had no pv name and storageClass name');
    const storageClass = classes.get(className);
    if (storageClass === undefined) return refuse(`storageclass.storage.k8s.io "${className}" not found`);
    const mode = storageClass.volumeBindingMode;
    if (mode === undefined) return refuse(`VolumeBindingMode not set for StorageClass "${className}"`);
    return mode === 'WaitForFirstConsumer' ? undefined : refuse('PersistentVolume had no name');
  };
  const filter = (pod: PodInfo): FilterPlan | undefined => {
    const wanted: Place[] = [];
    for (const { name: claimName, isEphemeral } of claimUses(pod)) {
      if (isEphemeral) continue;
      const claim = claims.get(`${pod.namespace}/${claimName}`);
      if (claim === undefined) return refuse(`persistentvolumeclaim "${claimName}" not found`);
      const { volumeName = '' } = claim.spec ?? {};
      if (volumeName === '') {
        const plan = unboundPlan(claim);
        if (plan !== undefined) return plan;
        continue;
      }
      const volume = volumes.get(volumeName);
      if (volume === undefined) return refuse(`persistentvolume "${volumeName}" not found`);
      wanted.push(...placesOf(volume));
    }
    if (wanted.length === 0) return undefined;
    return {
      step: {
        filter: ({ labels }) => {
          if (!Object.keys(places).some((key) => labels[key] !== undefined)) return undefined;
          const isThere = ({ key, values }: Place): boolean =>
            values.has(labels[key] ?? labels[places[key] ?? ''] ?? '');
          return wanted.every(isThere) ? undefined : elsewhere;
        },
      },
    };
  };
  return {
    name,
    hints: [
      { resource: 'storageclasses', actions: ['add'] },
      { resource: 'nodes', actions: ['add', 'labels'] },
      { resource: 'persistentvolumeclaims', actions: ['add', 'update'], helps: isOwnClaim },
      { resource: 'persistentvolumes', actions: ['add', 'update'] },
    ],
    filter,
  };
}
