import type { ApiClient } from '../../../api/client.ts';
import type { Clock, Random } from '../../../api/clock.ts';
import type { KubeObject } from '../../../api/object.ts';
import { textOf } from '../../files/byte-text.ts';
import type { FileTree } from '../../files/file-tree.ts';
import { SubTree } from '../../files/mounted-tree.ts';
import type { ConfigMap, Secret } from '../environment/environment.ts';
import type { NodeFacts, Pod, VolumeStore } from '../pod-runtime.ts';
import { AccountToken } from './account-tokens.ts';
import { AtomicTree, type VolumeContent } from './atomic-tree.ts';
import { boundVolume, claimNameOf, type PersistentVolume, type VolumeUse } from './claims.ts';
import { checkHostPath } from './host-path.ts';
import { networkDisk } from './network-disk.ts';
import { giveToGroup, groupOf, userOf } from './ownership.ts';
import {
  configMapFiles,
  type DownwardItem,
  downwardFiles,
  type KeySelection,
  type Payload,
  secretFiles,
} from './payload.ts';
import type { PodObjects } from './pod-objects.ts';
import { trustAnchors } from './trust-anchors.ts';
import {
  combinedContent,
  downwardContent,
  fixedContent,
  objectContent,
  type SharedPayloads,
  tokenContent,
} from './volume-content.ts';
import { messageOf, VolumeError } from './volume-error.ts';

export type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];
type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

const configMaps = { group: '', version: 'v1', resource: 'configmaps' } as const;
const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;
const plainMode = 0o644;
const ownMode = 0o600;
/** Volumes that every pod is given: their token is fetched when somebody wants to read it. */
const givenVolume = /^kube-api-access-/;

/** A volume that is there for a pod's containers. */
export interface OpenVolume {
  readonly tree: FileTree;
  /** No container may write to it, whatever it says. */
  readonly isReadOnly: boolean;
}

export interface VolumeDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly node: NodeFacts;
  readonly store: VolumeStore;
  readonly payloads: SharedPayloads;
  onError(error: unknown): void;
}

export interface VolumePlace extends VolumeDeps {
  /** As it is by now. */
  pod(): Readonly<Pod>;
  readonly objects: PodObjects;
}

/** Makes a volume of a pod. Throws VolumeError or ClaimError when that cannot be done, or not yet. */
export async function openVolume(volume: Volume, use: VolumeUse, place: VolumePlace): Promise<OpenVolume> {
  const pod = place.pod();
  if (claimNameOf(pod, volume) !== undefined) {
    const bound = await boundVolume(place.client, pod, volume, use);
    return openPersistent(bound, volume.persistentVolumeClaim?.readOnly === true, place);
  }
  if (volume.hostPath !== undefined)
    return { tree: hostTree(place, volume.hostPath.path ?? '/', volume.hostPath.type ?? ''), isReadOnly: false };
  if (volume.emptyDir !== undefined) return { tree: emptyDirectory(volume, place), isReadOnly: false };
  if (volume.gitRepo !== undefined)
    throw new VolumeError(
      'git-repo volume plugin has been disabled; if necessary, it may be re-enabled by enabling the feature-gate `GitRepoVolumeDriver`',
    );
  if (volume.image !== undefined) {
    const reference = volume.image.reference ?? '';
    const tree = (await place.store.image?.(reference, pod)) ?? place.store.shared(`image/${reference}`);
    return { tree, isReadOnly: true };
  }
  const disk = networkDisk(volume, pod.metadata?.uid);
  if (disk !== undefined) return openDisk(disk, place);
  return openContent(volume, place);
}

function emptyDirectory({ name = '', emptyDir }: Volume, { store, pod }: VolumePlace): FileTree {
  const { medium = '', sizeLimit } = emptyDir ?? {};
  const tree = store.emptyDir(pod().metadata?.uid ?? '', name, medium, sizeLimit);
  const group = groupOf(pod());
  if (group !== undefined) giveToGroup(tree, group, '');
  return tree;
}

function hostTree({ store, node }: VolumePlace, path: string, type: string, mode?: number): FileTree {
  const root = store.hostPath(node.name, '/', '');
  const inner = path.replace(/\/+$/, '');
  checkHostPath(root, inner === '' ? '/' : inner, type, mode);
  return inner === '' ? root : new SubTree(root, inner);
}

function openDisk(disk: NonNullable<ReturnType<typeof networkDisk>>, { store, pod }: VolumePlace): OpenVolume {
  const tree = store.shared(disk.key);
  if (disk.takesGroup && !disk.isReadOnly) giveToPod(tree, pod());
  return { tree, isReadOnly: disk.isReadOnly };
}

function giveToPod(tree: FileTree, pod: Readonly<Pod>): void {
  const group = groupOf(pod);
  if (group !== undefined) giveToGroup(tree, group, pod.spec?.securityContext?.fsGroupChangePolicy ?? '');
}

function openPersistent(
  { metadata, spec }: Readonly<PersistentVolume>,
  isReadOnly: boolean,
  place: VolumePlace,
): OpenVolume {
  try {
    if (spec?.hostPath !== undefined)
      // Whoever provides disks lets everybody write to them.
      return { tree: hostTree(place, spec.hostPath.path ?? '/', spec.hostPath.type ?? '', 0o777), isReadOnly };
    const disk = networkDisk(spec ?? {});
    if (disk !== undefined) {
      const opened = openDisk(disk, place);
      return { ...opened, isReadOnly: isReadOnly || opened.isReadOnly };
    }
    const tree = hostTree(place, spec?.local?.path ?? '/', '', 0o777);
    if (!isReadOnly) giveToPod(tree, place.pod());
    return { tree, isReadOnly };
  } catch (error) {
    throw new VolumeError(messageOf(error), metadata?.name);
  }
}

async function openContent(volume: Volume, place: VolumePlace): Promise<OpenVolume> {
  const { content, type } = await contentOf(volume, place);
  const { clock, random, pod } = place;
  const nested = nestedPlaces(pod(), volume.name ?? '');
  const tree = new AtomicTree({ type, content, group: groupOf(pod()), nested, clock, random });
  if (!givenVolume.test(volume.name ?? '')) await tree.prepare();
  return { tree, isReadOnly: true };
}

async function contentOf(
  { configMap, secret, downwardAPI, projected }: Volume,
  place: VolumePlace,
): Promise<{ readonly content: VolumeContent; readonly type: 'ext4' | 'tmpfs' }> {
  if (configMap !== undefined) {
    const { name = '', defaultMode = plainMode } = configMap;
    return { content: checked(await configMapContent(name, configMap, defaultMode, place)), type: 'ext4' };
  }
  if (secret !== undefined) {
    const { secretName = '', defaultMode = plainMode } = secret;
    return { content: checked(await secretContent(secretName, secret, defaultMode, place)), type: 'tmpfs' };
  }
  if (downwardAPI !== undefined) {
    const { items = [], defaultMode = plainMode } = downwardAPI;
    return { content: fieldContent(items, defaultMode, place), type: 'tmpfs' };
  }
  const { sources = [], defaultMode = plainMode } = projected ?? {};
  const parts = await Promise.allSettled(sources.map((source) => projectedContent(source, defaultMode, place)));
  const failed = parts.filter((part) => part.status === 'rejected').map(({ reason }) => messageOf(reason));
  if (failed.length > 0) throw new VolumeError(failed.length === 1 ? (failed[0] ?? '') : `[${failed.join(', ')}]`);
  return {
    content: combinedContent(parts.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []))),
    type: 'tmpfs',
  };
}

async function followed<T extends KubeObject>(
  place: VolumePlace,
  resource: typeof configMaps | typeof secrets,
  name: string,
) {
  try {
    return await place.objects.follow<T>(resource, name);
  } catch (error) {
    throw new VolumeError(messageOf(error));
  }
}

async function configMapContent(name: string, selection: KeySelection, mode: number, place: VolumePlace) {
  const source = { kind: 'configmap', name, optional: selection.optional === true };
  const map = await followed<ConfigMap>(place, configMaps, name);
  return objectContent(map, source, (object) => {
    const make = (): Payload => configMapFiles(object, selection, mode);
    return object === undefined ? make() : place.payloads.of(object, [selection.items, mode, source.optional], make);
  });
}

async function secretContent(name: string, selection: KeySelection, mode: number, place: VolumePlace) {
  const source = { kind: 'secret', name, optional: selection.optional === true };
  const secret = await followed<Secret>(place, secrets, name);
  return objectContent(secret, source, (object) => {
    const make = (): Payload => secretFiles(object, selection, mode);
    return object === undefined ? make() : place.payloads.of(object, [selection.items, mode, source.optional], make);
  });
}

async function projectedContent(
  { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle }: Projection,
  mode: number,
  place: VolumePlace,
): Promise<VolumeContent> {
  const pod = place.pod();
  const user = userOf(pod);
  const privateMode = user === undefined && groupOf(pod) === undefined ? mode : ownMode;
  if (configMap !== undefined) return checked(await configMapContent(configMap.name ?? '', configMap, mode, place));
  if (secret !== undefined) return checked(await secretContent(secret.name ?? '', secret, mode, place));
  if (downwardAPI !== undefined) return fieldContent(downwardAPI.items ?? [], mode, place);
  if (serviceAccountToken !== undefined) {
    const { path = '', audience = '', expirationSeconds } = serviceAccountToken;
    const token = new AccountToken(pod, { audience, expirationSeconds }, place);
    return tokenContent(token, { path, mode: privateMode, user });
  }
  if (clusterTrustBundle !== undefined) {
    const anchors = await trustAnchors(place.client, clusterTrustBundle);
    const file = { text: textOf(anchors), mode: privateMode, ...(user === undefined ? {} : { uid: user }) };
    return fixedContent(new Map([[clusterTrustBundle.path ?? '', file]]));
  }
  return fixedContent(new Map());
}

/** What cannot be told now is an error now. */
function checked(content: VolumeContent): VolumeContent {
  content.current();
  return content;
}

function fieldContent(items: readonly DownwardItem[], mode: number, { pod, node }: VolumePlace): VolumeContent {
  const allocatable = node.allocatable ?? {};
  downwardFiles(items, pod(), allocatable, mode);
  return downwardContent(items, pod, allocatable, mode);
}

/** Where other volumes of a container are mounted below a volume. */
function nestedPlaces({ spec }: Readonly<Pod>, volume: string): string[] {
  const places = new Set<string>();
  for (const { volumeMounts = [] } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    const own = volumeMounts.filter(
      ({ name, subPath = '', subPathExpr = '' }) => name === volume && subPath + subPathExpr === '',
    );
    for (const { mountPath = '' } of own) {
      const base = `${mountPath.replace(/\/+$/, '')}/`;
      for (const { name, mountPath: other = '' } of volumeMounts)
        if (name !== volume && other.startsWith(base)) places.add(`/${other.slice(base.length)}`);
    }
  }
  return [...places].toSorted();
}
