import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { inclusiveRangeMessage, isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from '../../../api/names.ts';
import { validateLabels } from '../../../api/validation/labels.ts';
import { validateAffinity } from './affinity.ts';
import { validateTopologySpread } from './affinity-spread.ts';
import { validateEphemeralContainers } from './container-ephemeral.ts';
import { type PodSurroundings, validateContainers, validateInitContainers } from './container-validation.ts';
import { claimNames, validateResourceClaims } from './pod-claims.ts';
import { visitContainers } from './pod-containers.ts';
import {
  validateDNSConfig,
  validateHostAliases,
  validateHostNetworkPorts,
  validateHostnameOverride,
} from './pod-network.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { validateHostUsers, validateOS } from './pod-os.ts';
import type { PodSpec } from './pod-types.ts';
import { validateResourceRequirements } from './resource-requirements.ts';
import { validatePodResources } from './resource-requirements-pod.ts';
import { validatePodSecurityContext } from './security-context-pod.ts';
import { validateHostProcess } from './security-context-windows.ts';
import { validateTolerations } from './toleration.ts';
import { validateVolumes } from './volume-validation.ts';

/** What of the pod's metadata its spec is checked against; templates have none. */
export interface PodIdentity {
  readonly name: string;
  readonly isMirror: boolean;
}

const template: PodIdentity = { name: '', isMirror: false };
const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const maxInt32 = 2 ** 31 - 1;

export function validatePodSpec(
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
  identity = template,
): void {
  if (spec.terminationGracePeriodSeconds === undefined)
    errors.push(required(path.child('terminationGracePeriodSeconds')));
  const pod: PodSurroundings = {
    volumes: validateVolumes(spec.volumes, identity.name, path.child('volumes'), errors, options),
    claims: claimNames(spec),
    gracePeriod: spec.terminationGracePeriodSeconds,
    restartPolicy: spec.restartPolicy ?? '',
    hostUsers: spec.hostUsers !== false,
    options,
  };
  if (spec.resourceClaims !== undefined) {
    validateResourceClaims(spec.resourceClaims, identity.isMirror, path.child('resourceClaims'), errors);
  }
  validateContainers(spec.containers ?? [], path.child('containers'), errors, pod);
  if (spec.initContainers !== undefined) {
    validateInitContainers(spec.initContainers, spec.containers ?? [], path.child('initContainers'), errors, pod);
  }
  if (spec.ephemeralContainers !== undefined)
    validateEphemeralContainers(spec, path.child('ephemeralContainers'), errors, pod);
  if (spec.resources !== undefined) validatePodResources(spec, pod.claims, path, errors, options);
  validateHostNetworkPorts(spec, path, errors, options);
  validateChoice(spec.restartPolicy, restartPolicies, path, 'restartPolicy', errors);
  validateChoice(spec.dnsPolicy, dnsPolicies, path, 'dnsPolicy', errors);
  validatePlacement(spec, path, errors, options);
  validateNames(spec, path, errors, options);
  if (spec.os !== undefined) validateOS(spec, path, errors);
  validateFileKeyVolumes(spec, path, errors);
}

function validateChoice(
  value: string | undefined,
  known: readonly string[],
  path: FieldPath,
  field: string,
  errors: FieldErrors,
): void {
  if (value !== undefined && known.includes(value)) return;
  errors.push(value ? notSupported(path.child(field), value, known) : required(path.child(field)));
}

function validatePlacement(
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (spec.nodeSelector !== undefined) errors.push(...validateLabels(spec.nodeSelector, path.child('nodeSelector')));
  validatePodSecurityContext(spec, path.child('securityContext'), errors, options);
  if (spec.affinity !== undefined) validateAffinity(spec.affinity, path.child('affinity'), errors, options);
  validateDNSConfig(spec, path.child('dnsConfig'), errors);
  for (const [i, { conditionType = '' }] of (spec.readinessGates ?? []).entries()) {
    for (const message of isQualifiedName(conditionType)) {
      errors.push(invalid(path.child('readinessGates').index(i).child('conditionType'), conditionType, message));
    }
  }
  if (spec.schedulingGates !== undefined)
    validateSchedulingGates(spec.schedulingGates, path.child('schedulingGates'), errors);
  if (spec.topologySpreadConstraints !== undefined) {
    validateTopologySpread(spec.topologySpreadConstraints, path.child('topologySpreadConstraints'), errors, options);
  }
  validateHostProcess(spec, path, errors);
  validateHostUsers(spec, path, errors, options);
  validateHostnameOverride(spec, path, errors);
}

function validateSchedulingGates(
  gates: NonNullable<PodSpec['schedulingGates']>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [i, { name = '' }] of gates.entries()) {
    for (const message of isQualifiedName(name)) errors.push(invalid(path.index(i), name, message));
    if (seen.has(name)) errors.push(duplicate(path.index(i), name));
    seen.add(name);
  }
}

function validateName(
  spec: Readonly<PodSpec>,
  field: 'serviceAccountName' | 'nodeName' | 'hostname' | 'subdomain' | 'priorityClassName' | 'runtimeClassName',
  check: (value: string, prefix: boolean) => readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const value = spec[field];
  if (value === undefined || (value === '' && field !== 'runtimeClassName')) return;
  for (const message of check(value, false)) errors.push(invalid(path.child(field), value, message));
}

function validateNames(
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  validateName(spec, 'serviceAccountName', nameIsDNSSubdomain, path, errors);
  validateName(spec, 'nodeName', nameIsDNSSubdomain, path, errors);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    errors.push(invalid(path.child('activeDeadlineSeconds'), deadline, inclusiveRangeMessage(1, maxInt32)));
  }
  validateName(spec, 'hostname', isDNS1123Label, path, errors);
  validateName(spec, 'subdomain', isDNS1123Label, path, errors);
  if (spec.tolerations !== undefined)
    errors.push(...validateTolerations(spec.tolerations, path.child('tolerations'), options));
  if (spec.hostAliases !== undefined) validateHostAliases(spec.hostAliases, path.child('hostAliases'), errors);
  validateName(spec, 'priorityClassName', nameIsDNSSubdomain, path, errors);
  validateName(spec, 'runtimeClassName', nameIsDNSSubdomain, path, errors);
  if (spec.preemptionPolicy !== undefined) {
    validateChoice(spec.preemptionPolicy, preemptionPolicies, path, 'preemptionPolicy', errors);
  }
  if (spec.overhead !== undefined) {
    validateResourceRequirements({ limits: spec.overhead }, path.child('overhead'), errors, { pod: options });
  }
}

/** Environment files live in volumes that the pod itself fills. */
function validateFileKeyVolumes(spec: Readonly<PodSpec>, specPath: FieldPath, errors: FieldErrors): void {
  visitContainers(spec, specPath, (container, containerPath) => {
    if (container.env === undefined) return;
    for (const [i, { valueFrom }] of container.env.entries()) {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (valueFrom?.fileKeyRef === undefined) continue;
      const path = containerPath().child('env').index(i).child('valueFrom', 'fileKeyRef', 'volumeName');
      const volume = (spec.volumes ?? []).findLast((candidate) => (candidate.name ?? '') === (name ?? ''));
      if (volume === undefined) errors.push(notFound(path, name ?? ''));
      else if (volume.emptyDir === undefined)
        errors.push(invalid(path, name, 'referenced volume must be of type emptyDir'));
    }
  });
}

/** A pod that says which account it runs as may have that account's tokens. */
export function validateTokenOwner(spec: Readonly<PodSpec>, specPath: FieldPath, errors: FieldErrors): void {
  if (spec.serviceAccountName) return;
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    for (const [j, source] of (volume.projected?.sources ?? []).entries()) {
      if (source.serviceAccountToken === undefined) continue;
      const path = specPath
        .child('volumes')
        .index(i)
        .child('projected', 'sources')
        .index(j)
        .child('serviceAccountToken');
      errors.push(forbidden(path, 'must not be specified when serviceAccountName is not set'));
    }
  }
}
