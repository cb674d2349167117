import { semanticEqual } from '../../../api/equal.ts';
import { goQuote } from '../../../api/go-text.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { ControllerContext, ControllerDefinition, RunningController } from '../../framework/controller.ts';
import { enqueueOn, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { isAlreadyExists, unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import {
  type Attachable,
  type Attachment,
  attachable,
  attachedVolumes,
  attachmentName,
  attachments,
  type Driver,
  drivers,
  isExclusive,
  isManaged,
  needsVolumes,
} from './attachments.ts';
import {
  type Claim,
  claimKeysOf,
  claims,
  indexPodsByClaim,
  type Node,
  nodes,
  type Pod,
  podKind,
  pods,
  podsOfClaim,
  type Volume,
  volumes,
} from './storage-objects.ts';

const name = 'persistentvolume-attach-detach-controller';
/** A node that still says it uses a volume is waited for so long. */
const maxWaitForUnmountMs = 6 * 60_000;
/** By it an administrator says that a node is down for good. */
const outOfService = 'node.kubernetes.io/out-of-service';
const podsByNode = 'with claims by node';
const attachmentsByNode = 'node';
const attachmentsByVolume = 'volume';
const ourPrefixes = ['kubernetes.io/csi/', 'kubernetes.io/iscsi/', 'kubernetes.io/fc/'];

interface Informers {
  readonly pods: Informer<Pod>;
  readonly claims: Informer<Claim>;
  readonly volumes: Informer<Volume>;
  readonly nodes: Informer<Node>;
  readonly attachments: Informer<Attachment>;
  readonly drivers: Informer<Driver>;
}

function nodeOf({ spec }: Readonly<Pod>): string[] {
  const nodeName = spec?.nodeName ?? '';
  return nodeName === '' ? [] : [nodeName];
}

/** Says where volumes are to be attached, one node at a time, and tells nodes what is attached to them. */
export const attachDetachController: ControllerDefinition = { name, start };

function start(context: ControllerContext, signal: AbortSignal): RunningController {
  const { informers, clock } = context;
  const of: Informers = {
    pods: informers.of<Pod>(pods),
    claims: informers.of<Claim>(claims),
    volumes: informers.of<Volume>(volumes),
    nodes: informers.of<Node>(nodes),
    attachments: informers.of<Attachment>(attachments),
    drivers: informers.of<Driver>(drivers),
  };
  indexPodsByClaim(of.pods);
  of.pods.index(podsByNode, (pod) => (claimKeysOf(pod).length === 0 ? [] : nodeOf(pod)));
  of.attachments.index(attachmentsByNode, ({ spec }) => [spec?.nodeName ?? '']);
  of.attachments.index(attachmentsByVolume, ({ spec }) => [spec?.source?.persistentVolumeName ?? '']);
  const queue = new WorkQueue(clock);
  enqueueOn(of.pods, queue, (pod) => (claimKeysOf(pod).length === 0 ? [] : nodeOf(pod)));
  enqueueOn(of.claims, queue, (claim) => podsOfClaim(of.pods, keyOf(claim)).flatMap(nodeOf));
  enqueueOn(of.attachments, queue, ({ spec }) => [spec?.nodeName ?? '']);
  of.nodes.subscribe({
    added: (node) => queue.add(keyOf(node)),
    updated: (node, old) => {
      const seen = ({ status, spec }: Readonly<Node>): unknown => [status?.volumesInUse ?? [], spec?.taints ?? []];
      if (isManaged(node) !== isManaged(old) || !semanticEqual(seen(node), seen(old))) queue.add(keyOf(node));
    },
  });
  const leaving = new Map<string, number>();
  return startReconciling(
    {
      name,
      workers: 1,
      informers: Object.values(of),
      queue,
      reconcile: (key) => syncNode({ context, of, queue, leaving }, key),
    },
    context,
    signal,
  );
}

interface Loop {
  readonly context: ControllerContext;
  readonly of: Informers;
  readonly queue: WorkQueue;
  /** Since when a volume that its node uses is no longer wanted there. */
  readonly leaving: Map<string, number>;
}

interface Wanted extends Attachable {
  readonly pods: Readonly<Pod>[];
}

function wantedAt({ of }: Loop, node: Readonly<Node>): Map<string, Wanted> {
  const isAttachRequired = (driver: string): boolean => of.drivers.get(driver)?.spec?.attachRequired !== false;
  const wanted = new Map<string, Wanted>();
  for (const pod of of.pods.by(podsByNode, keyOf(node))) {
    if (!needsVolumes(pod, node)) continue;
    for (const key of claimKeysOf(pod)) {
      const claim = of.claims.get(key);
      if (claim?.status?.phase !== 'Bound') continue;
      const volume = of.volumes.get(claim.spec?.volumeName ?? '');
      const found = volume === undefined ? undefined : attachable(volume, isAttachRequired);
      if (found === undefined) continue;
      const present = wanted.get(found.uniqueName);
      if (present === undefined) wanted.set(found.uniqueName, { ...found, pods: [pod] });
      else present.pods.push(pod);
    }
  }
  return wanted;
}

async function syncNode(loop: Loop, nodeName: string): Promise<void> {
  const { of, context } = loop;
  const node = of.nodes.get(nodeName);
  if (node !== undefined && !isManaged(node)) return;
  const wanted = node === undefined ? new Map<string, Wanted>() : wantedAt(loop, node);
  const attached: string[] = [];
  const present = new Map(of.attachments.by(attachmentsByNode, nodeName).map((each) => [keyOf(each), each]));
  for (const each of wanted.values()) {
    if (each.driver === undefined) {
      attached.push(each.uniqueName);
      continue;
    }
    const attachment = await attachmentName(each.driver.name, each.driver.handle, nodeName);
    const found = present.get(attachment);
    present.delete(attachment);
    if (found === undefined) await attach(loop, each, { attachment, nodeName });
    else if (found.status?.attached === true) attached.push(each.uniqueName);
  }
  for (const leftover of present.values()) {
    const uniqueName = await detach(loop, leftover, node);
    if (uniqueName !== undefined) attached.push(uniqueName);
  }
  if (node === undefined) return;
  const before = node.status?.volumesAttached ?? [];
  const isOurs = (each: string): boolean => ourPrefixes.some((prefix) => each.startsWith(prefix));
  const volumesAttached = attachedVolumes(before, isOurs, attached);
  if (semanticEqual(volumesAttached, before)) return;
  const target = { resource: nodes, namespace: '', name: nodeName, type: 'application/merge-patch+json' } as const;
  await context.client.patch(target, { status: { volumesAttached } }, { subresource: 'status' });
  const old = new Set(before.map((each) => each.name));
  for (const uniqueName of attached) if (!old.has(uniqueName)) tellAttached(loop, wanted.get(uniqueName));
}

function tellAttached({ context }: Loop, wanted: Wanted | undefined): void {
  const recorder = context.recorder('attachdetach-controller');
  for (const pod of wanted?.pods ?? []) {
    const message = `AttachVolume.Attach succeeded for volume ${goQuote(wanted?.volume.metadata?.name ?? '')} `;
    recorder.record(referenceTo(pod, podKind), 'Normal', 'SuccessfulAttachVolume', message);
  }
}

async function attach(
  { context, of }: Loop,
  { volume, driver, pods: waiting }: Wanted,
  { attachment, nodeName }: { attachment: string; nodeName: string },
): Promise<void> {
  const volumeName = volume.metadata?.name ?? '';
  const elsewhere = of.attachments
    .by(attachmentsByVolume, volumeName)
    .filter(({ spec }) => spec?.nodeName !== nodeName);
  if (isExclusive(volume) && elsewhere.length > 0) {
    const recorder = context.recorder('attachdetach-controller');
    const why = multiAttachError(of, volume, elsewhere);
    for (const pod of waiting) recorder.record(referenceTo(pod, podKind), 'Warning', 'FailedAttachVolume', why(pod));
    return;
  }
  const spec = { attacher: driver?.name ?? '', nodeName, source: { persistentVolumeName: volumeName } };
  try {
    await context.client.create<Attachment>(attachments, '', { metadata: { name: attachment }, spec });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

function multiAttachError(
  of: Informers,
  volume: Readonly<Volume>,
  elsewhere: readonly Readonly<Attachment>[],
): (pod: Readonly<Pod>) => string {
  const prefix = `Multi-Attach error for volume ${goQuote(volume.metadata?.name ?? '')} `;
  const { namespace, name: claimName } = volume.spec?.claimRef ?? {};
  const places = elsewhere.map(({ spec }) => spec?.nodeName);
  const users = podsOfClaim(of.pods, `${namespace}/${claimName}`).filter(({ spec }) => places.includes(spec?.nodeName));
  return (pod) => {
    const near = users.filter(({ metadata }) => metadata?.namespace === pod.metadata?.namespace);
    if (near.length === 0)
      return `${prefix}Volume is already exclusively attached to one node and can't be attached to another`;
    return `${prefix}Volume is already used by pod(s) ${near.map(({ metadata }) => metadata?.name).join(', ')}`;
  };
}

/** Answers with the name under which it is still attached, as long as it is. */
async function detach(
  { context, of, queue, leaving }: Loop,
  { metadata, spec, status }: Readonly<Attachment>,
  node: Readonly<Node> | undefined,
): Promise<string | undefined> {
  const volume = of.volumes.get(spec?.source?.persistentVolumeName ?? '');
  const found = volume === undefined ? undefined : attachable(volume, () => true);
  const key = metadata?.name ?? '';
  // What others have made, by other names, is theirs.
  if (found?.driver === undefined || found.driver.name !== spec?.attacher) return undefined;
  if ((await attachmentName(found.driver.name, found.driver.handle, spec?.nodeName ?? '')) !== key) return undefined;
  const { uniqueName } = found;
  const isAttached = status?.attached === true;
  const now = context.clock.now();
  const isOut = node?.spec?.taints?.some((taint) => taint.key === outOfService) ?? false;
  if (!isOut && node?.status?.volumesInUse?.includes(uniqueName) === true) {
    const since = leaving.get(key) ?? now;
    leaving.set(key, since);
    if (now - since < maxWaitForUnmountMs) {
      queue.addAfter(spec?.nodeName ?? '', maxWaitForUnmountMs - (now - since));
      return isAttached ? uniqueName : undefined;
    }
  }
  leaving.delete(key);
  if (metadata?.deletionTimestamp === undefined) await unlessMissing(context.client.delete(attachments, '', key));
  return undefined;
}
