import type { ApiClient } from '../../../api/client.ts';
import type { Clock, Random } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { isQuantity } from '../../../api/quantity.ts';
import type { Informer } from '../../client/informer.ts';
import { type EventRecorder, referenceTo } from '../../framework/event-recorder.ts';
import type { WorkQueue } from '../../framework/work-queue.ts';
import { isBoundTo } from './matching.ts';
import type { Newest } from './newest.ts';
import {
  bindCompleted,
  boundByController,
  type Claim,
  claimKind,
  claims,
  hasAnnotation,
  type Node,
  type Pod,
  preResizeCapacity,
  type StorageClass,
  type Volume,
  volumeKind,
  volumes,
  withAnnotations,
  withoutAnnotation,
} from './storage-objects.ts';

/** What binding, provisioning and reclaiming work with. */
export interface BinderContext {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: EventRecorder;
  readonly claims: Newest<Claim>;
  readonly volumes: Newest<Volume>;
  readonly classes: Informer<StorageClass>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly claimQueue: WorkQueue;
  readonly volumeQueue: WorkQueue;
  /** What waits for others is looked at again after this long. */
  readonly resyncMs: number;
  readonly provisioning: ProvisioningOptions;
}

export interface ProvisioningOptions {
  readonly isDynamic: boolean;
  /** `kubernetes.io/host-path`, as upstream's flag of that name. */
  readonly isHostPathEnabled: boolean;
  /** `kubefacade.io/host-path`. */
  readonly isBuiltInEnabled: boolean;
}

type EventType = 'Normal' | 'Warning';
type ClaimPhase = 'Pending' | 'Bound' | 'Lost';
type VolumePhase = 'Available' | 'Bound' | 'Released' | 'Failed';

/** The name of the index that finds volumes without a claim by their class. */
export const availableIndex = 'available by class';
/** The name of the index that finds volumes by the claim they refer to. */
export const claimIndex = 'by claim';
/** The name of the index that finds claims that are not bound yet, by their class. */
export const unboundIndex = 'unbound';

export function claimEvent(
  { recorder }: BinderContext,
  claim: Readonly<Claim>,
  ...event: [type: EventType, reason: string, message: string]
): void {
  recorder.record(referenceTo(claim, claimKind), ...event);
}

export function volumeEvent(
  { recorder }: BinderContext,
  volume: Readonly<Volume>,
  ...event: [type: EventType, reason: string, message: string]
): void {
  recorder.record(referenceTo(volume, volumeKind), ...event);
}

export async function updateClaim(
  { client, claims: newest }: BinderContext,
  claim: Claim,
  subresource?: 'status',
): Promise<Readonly<Claim>> {
  const options = subresource === undefined ? {} : { subresource };
  return newest.wrote(await client.update(claims, claim.metadata?.namespace ?? '', claim, options));
}

export async function updateVolume(
  { client, volumes: newest }: BinderContext,
  volume: Volume,
  subresource?: 'status',
): Promise<Readonly<Volume>> {
  return newest.wrote(await client.update(volumes, '', volume, subresource === undefined ? {} : { subresource }));
}

/** A claim's status in a phase; of the volume's size only when the phase is new, since resizing owns it afterwards. */
export function claimStatus(
  { status = {} }: Readonly<Claim>,
  phase: ClaimPhase,
  volume?: Readonly<Volume>,
): NonNullable<Claim['status']> {
  const { accessModes: _modes, capacity, currentVolumeAttributesClassName: attributes, ...kept } = status;
  if (volume === undefined) return { ...kept, phase };
  const next: NonNullable<Claim['status']> = { ...kept, phase };
  const { accessModes, capacity: size, volumeAttributesClassName } = volume.spec ?? {};
  if (accessModes !== undefined) next.accessModes = accessModes;
  if (capacity !== undefined) next.capacity = capacity;
  if (attributes !== undefined) next.currentVolumeAttributesClassName = attributes;
  if (status.phase === phase) return next;
  const before = volume.metadata?.annotations?.[preResizeCapacity];
  if (before !== undefined)
    next.capacity = { ...capacity, storage: isQuantity(before) ? before : (size?.storage ?? '0') };
  else if (size !== undefined && capacity?.storage !== size.storage) next.capacity = size;
  if ((status.phase ?? 'Pending') === 'Pending' && phase === 'Bound' && volumeAttributesClassName !== undefined)
    next.currentVolumeAttributesClassName = volumeAttributesClassName;
  return next;
}

export async function setClaimStatus(
  binder: BinderContext,
  claim: Readonly<Claim>,
  phase: ClaimPhase,
  volume?: Readonly<Volume>,
): Promise<Readonly<Claim>> {
  const status = claimStatus(claim, phase, volume);
  return semanticEqual(status, claim.status) ? claim : updateClaim(binder, { ...claim, status }, 'status');
}

/** Says so once, when the phase is new. */
export async function loseClaim(
  binder: BinderContext,
  claim: Readonly<Claim>,
  reason: string,
  message: string,
): Promise<void> {
  if (claim.status?.phase === 'Lost') return;
  claimEvent(binder, await setClaimStatus(binder, claim, 'Lost'), 'Warning', reason, message);
}

export async function setVolumePhase(
  binder: BinderContext,
  volume: Readonly<Volume>,
  phase: VolumePhase,
  message = '',
): Promise<Readonly<Volume>> {
  if (volume.status?.phase === phase) return volume;
  const { message: _message, ...status } = volume.status ?? {};
  const next = { ...status, phase, ...(message === '' ? {} : { message }) };
  return updateVolume(binder, { ...volume, status: next }, 'status');
}

/** Says so once, when the phase is new. */
export async function failVolume(
  binder: BinderContext,
  volume: Readonly<Volume>,
  reason: string,
  message: string,
): Promise<void> {
  if (volume.status?.phase === 'Failed') return;
  volumeEvent(binder, await setVolumePhase(binder, volume, 'Failed', message), 'Warning', reason, message);
}

/** The volume refers to the claim; undefined when it does so already. */
export function volumeForClaim(volume: Readonly<Volume>, claim: Readonly<Claim>): Volume | undefined {
  const { name, namespace, uid } = claim.metadata ?? {};
  const reference = volume.spec?.claimRef;
  const isExact = reference?.name === name && reference?.namespace === namespace && reference?.uid === uid;
  const isMarked = isBoundTo(volume, claim) || hasAnnotation(volume, boundByController);
  if (isExact && isMarked) return undefined;
  const claimRef = isExact ? reference : referenceTo(claim, claimKind);
  const bound = { ...volume, spec: { ...volume.spec, claimRef } } as Volume;
  return isMarked ? bound : withAnnotations(bound, { [boundByController]: 'yes' });
}

/** The claim names the volume and is marked as bound for good; undefined when it is already. */
export function claimForVolume(claim: Readonly<Claim>, volume: Readonly<Volume>): Claim | undefined {
  const volumeName = volume.metadata?.name ?? '';
  const isNamed = claim.spec?.volumeName === volumeName;
  if (isNamed && hasAnnotation(claim, bindCompleted)) return undefined;
  const marks: Record<string, string> = { [bindCompleted]: 'yes' };
  if (!isNamed && !hasAnnotation(claim, boundByController)) marks[boundByController] = 'yes';
  return withAnnotations({ ...claim, spec: { ...claim.spec, volumeName } }, marks);
}

/** Four writes at most, each safe to be done again: volume, its phase, claim, its status. */
export async function bind(binder: BinderContext, volume: Readonly<Volume>, claim: Readonly<Claim>): Promise<void> {
  const referring = volumeForClaim(volume, claim);
  const bound = await setVolumePhase(
    binder,
    referring === undefined ? volume : await updateVolume(binder, referring),
    'Bound',
  );
  const naming = claimForVolume(claim, bound);
  await setClaimStatus(binder, naming === undefined ? claim : await updateClaim(binder, naming), 'Bound', bound);
}

/** What the controller has bound becomes free; what a user has set aside for a claim stays so. */
export async function unbind(binder: BinderContext, volume: Readonly<Volume>): Promise<void> {
  const { claimRef, ...spec } = volume.spec ?? {};
  const { uid: _uid, ...prebound } = claimRef ?? {};
  const free = hasAnnotation(volume, boundByController)
    ? withoutAnnotation({ ...volume, spec }, boundByController)
    : { ...volume, spec: { ...spec, claimRef: prebound } };
  await setVolumePhase(binder, await updateVolume(binder, free), 'Available');
}
