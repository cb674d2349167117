import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { isPodTerminated, type Node, type Pod, type Volume } from './storage-objects.ts';

export type Attachment = Api<'io.k8s.api.storage.v1.VolumeAttachment'>;
export type Driver = Api<'io.k8s.api.storage.v1.CSIDriver'>;
export type AttachedVolume = Api<'io.k8s.api.core.v1.AttachedVolume'>;

export const attachments: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattachments',
};
export const drivers: GroupVersionResource = { group: 'storage.k8s.io', version: 'v1', resource: 'csidrivers' };

/** Nodes say by it that attaching is not their own business. */
const managedAttach = 'volumes.kubernetes.io/controller-managed-attach-detach';
const keepTerminated = 'volumes.kubernetes.io/keep-terminated-pod-volumes';

export function isManaged({ metadata }: Readonly<Node>): boolean {
  return metadata?.annotations?.[managedAttach] !== undefined;
}

/** Whether a pod needs its volumes at its node. */
export function needsVolumes(pod: Readonly<Pod>, node: Readonly<Node>): boolean {
  if (!isPodTerminated(pod)) return true;
  return node.metadata?.annotations?.[keepTerminated] === 'true' && pod.metadata?.deletionTimestamp === undefined;
}

/** A volume that has to be attached: its name in a node's status, and its driver where there is one. */
export interface Attachable {
  readonly volume: Readonly<Volume>;
  readonly uniqueName: string;
  readonly driver?: { readonly name: string; readonly handle: string };
}

/** Undefined for what is never attached: directories, NFS, and drivers that say so. */
export function attachable(
  volume: Readonly<Volume>,
  isAttachRequired: (driver: string) => boolean,
): Attachable | undefined {
  const { csi, iscsi, fc } = volume.spec ?? {};
  if (csi !== undefined) {
    const { driver: name = '', volumeHandle: handle = '' } = csi;
    if (!isAttachRequired(name)) return undefined;
    return { volume, uniqueName: `kubernetes.io/csi/${name}^${handle}`, driver: { name, handle } };
  }
  if (iscsi !== undefined)
    return { volume, uniqueName: `kubernetes.io/iscsi/${iscsi.targetPortal}:${iscsi.iqn}:${iscsi.lun}` };
  if (fc === undefined) return undefined;
  const { targetWWNs = [], wwids = [], lun = 0 } = fc;
  const target = targetWWNs.length > 0 ? `[${targetWWNs.join(' ')}]:${lun}` : `[${wwids.join(' ')}]`;
  return { volume, uniqueName: `kubernetes.io/fc/${target}` };
}

/** As upstream's attacher names them, so that both find the other's. */
export async function attachmentName(driver: string, handle: string, node: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${handle}${driver}${node}`));
  return `csi-${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** It can be at one node only. */
export function isExclusive({ spec }: Readonly<Volume>): boolean {
  const modes = spec?.accessModes ?? [];
  return modes.length > 0 && !modes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
}

/** What the node's status says of attached volumes; those of others stay. */
export function attachedVolumes(
  present: readonly AttachedVolume[],
  isOurs: (name: string) => boolean,
  attached: readonly string[],
): AttachedVolume[] {
  const kept = present.filter(({ name = '' }) => attached.includes(name) || !isOurs(name));
  const added = attached.filter((name) => !kept.some((each) => each.name === name));
  return [...kept, ...added.map((name) => ({ name, devicePath: '' }))];
}
