import type { FieldErrors } from '../../../api/field-error.ts';
import { FieldPath, forbidden, internalError, invalid } from '../../../api/field-error.ts';
import { ipWarnings, isIPv6, parseIP, validateLegacyIP } from '../../../api/ip.ts';
import { isQualifiedName, nameIsDNSSubdomain } from '../../../api/names.ts';
import { validateImmutableField } from '../../../api/validation/object-meta.ts';
import { validateAnnotationUpdate, validatePodAnnotations } from './pod-annotations.ts';
import { dropDisabledStatusFields } from './pod-disabled-fields.ts';
import { toInternal } from './pod-internal.ts';
import { podOptionsFrom } from './pod-options-from-old.ts';
import { validateClaimStatuses } from './pod-status-claims.ts';
import { validateContainerStatuses, validateTransitions } from './pod-status-containers.ts';
import type { Pod, PodStatus } from './pod-types.ts';

const path = FieldPath.of('status');
const annotationsPath = FieldPath.of('metadata', 'annotations');
const systemConditions = ['PodScheduled', 'Ready', 'Initialized'];

export function prepareStatusUpdate(pod: Pod, old: Readonly<Pod>): void {
  if (old.spec !== undefined) pod.spec = old.spec;
  pod.metadata ??= {};
  const { metadata } = pod;
  delete metadata.deletionTimestamp;
  if (old.metadata?.ownerReferences === undefined) delete metadata.ownerReferences;
  else metadata.ownerReferences = old.metadata.ownerReferences;
  pod.status ??= {};
  const { status } = pod;
  if (!status.qosClass && old.status?.qosClass !== undefined) status.qosClass = old.status.qosClass;
  keepObservedGenerations(status, old.status ?? {});
  dropDisabledStatusFields(status, old.status);
}

/** A writer that does not know of them does not clear them. */
function keepObservedGenerations(status: PodStatus, old: Readonly<PodStatus>): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  const known = new Map<string, number[]>();
  for (const { type = '', observedGeneration = 0 } of old.conditions ?? []) {
    known.set(type, [...(known.get(type) ?? []), observedGeneration]);
  }
  for (const condition of status.conditions ?? []) {
    const generation = known.get(condition.type ?? '')?.shift() ?? 0;
    if (!condition.observedGeneration && generation !== 0) condition.observedGeneration = generation;
  }
}

export function validateStatusUpdate(pod: Readonly<Pod>, old: Readonly<Pod>): FieldErrors {
  const { spec = {}, status = {}, metadata = {} } = pod;
  const oldStatus = old.status ?? {};
  const options = podOptionsFrom(old.spec ?? {}, old.metadata?.annotations, true);
  const errors: FieldErrors = [];
  validateAnnotationUpdate(metadata.annotations, old.metadata?.annotations, annotationsPath, errors);
  validatePodAnnotations(metadata.annotations, spec, annotationsPath, errors, options);
  validateConditions(status, errors);
  validateNominatedNode(status.nominatedNodeName ?? '', old, errors);
  const { observedGeneration = 0 } = status;
  if (observedGeneration < 0) {
    errors.push(invalid(path.child('observedGeneration'), observedGeneration, 'must be a non-negative integer'));
  }
  errors.push(...validateImmutableField(status.qosClass ?? '', oldStatus.qosClass ?? '', path.child('qosClass')));
  validateTransitions(status, oldStatus, old.spec ?? {}, path, errors);
  validateClaimStatuses(status, spec, path, errors);
  validatePodIPs(status, oldStatus, errors);
  validateHostIPs(status, oldStatus, errors);
  validateContainerStatuses(status, spec, path, errors);
  return errors;
}

function validateConditions(status: Readonly<PodStatus>, errors: FieldErrors): void {
  for (const [i, { type = '', observedGeneration = 0 }] of (status.conditions ?? []).entries()) {
    const at = path.child('conditions').index(i);
    if (observedGeneration < 0) {
      errors.push(invalid(at.child('observedGeneration'), observedGeneration, 'must be a non-negative integer'));
    }
    if (systemConditions.includes(type)) continue;
    for (const message of isQualifiedName(type)) errors.push(invalid(at.child('Type'), type, message));
  }
}

function validateNominatedNode(name: string, old: Readonly<Pod>, errors: FieldErrors): void {
  if (name === '' || name === (old.status?.nominatedNodeName ?? '')) return;
  const at = path.child('nominatedNodeName');
  for (const message of nameIsDNSSubdomain(name, false)) errors.push(invalid(at, name, message));
  if (old.spec?.nodeName) errors.push(forbidden(at, 'may not be set on pods that are already bound to a node'));
}

type Addresses = NonNullable<PodStatus['podIPs']>;

function validateAddresses(
  addresses: Readonly<Addresses>,
  old: Readonly<Addresses>,
  at: FieldPath,
  errors: FieldErrors,
): void {
  const known = old.map(({ ip = '' }) => ip);
  for (const [i, { ip = '' }] of addresses.entries()) errors.push(...validateLegacyIP(at.index(i), ip, known));
  if (addresses.length <= 1) return;
  const unreadable = addresses.findIndex(({ ip = '' }) => parseIP(ip) === undefined);
  if (unreadable >= 0) {
    const what = `invalid IP[${unreadable}]: ${addresses[unreadable]?.ip ?? ''}`;
    errors.push(internalError(at, `failed to check for dual stack with error:${what}`));
  }
  const families = unreadable >= 0 ? new Set() : new Set(addresses.map(({ ip = '' }) => isIPv6(ip)));
  if (families.size === 2 && addresses.length === 2) return;
  const shown = addresses.map((address) => toInternal(address, 'PodIP'));
  errors.push(invalid(at, shown, 'may specify no more than one IP for each IP family'));
}

function validatePodIPs(status: Readonly<PodStatus>, old: Readonly<PodStatus>, errors: FieldErrors): void {
  validateAddresses(status.podIPs ?? [], old.podIPs ?? [], path.child('podIPs'), errors);
}

function validateHostIPs(status: Readonly<PodStatus>, old: Readonly<PodStatus>, errors: FieldErrors): void {
  const { hostIPs = [], hostIP = '' } = status;
  if (hostIPs.length === 0) return;
  const at = path.child('hostIPs');
  const first = hostIPs[0]?.ip ?? '';
  if (hostIP !== first) errors.push(invalid(at.index(0).child('ip'), first, 'must be equal to `hostIP`'));
  validateAddresses(hostIPs, old.hostIPs ?? [], at, errors);
}

export function statusWarnings(pod: Readonly<Pod>): readonly string[] {
  const { podIPs = [], hostIPs = [] } = pod.status ?? {};
  return [
    ...podIPs.flatMap(({ ip = '' }, i) => ipWarnings(path.child('podIPs').index(i).child('ip'), ip)),
    ...hostIPs.flatMap(({ ip = '' }, i) => ipWarnings(path.child('hostIPs').index(i).child('ip'), ip)),
  ];
}
