import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../api/field-error.ts';
import { byteLength } from '../../../api/names.ts';
import type { Container, ContainerStatus, PodSpec, PodStatus } from './pod-types.ts';
import { validateGroupID, validateUserID } from './security-context.ts';

const lists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
const health = ['Healthy', 'Unhealthy', 'Unknown'];
const maxMessageBytes = 1024;

/** A container that ended runs again only where its policy says so. */
export function validateTransitions(
  status: Readonly<PodStatus>,
  old: Readonly<PodStatus>,
  oldSpec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const specs = { containerStatuses: oldSpec.containers, initContainerStatuses: oldSpec.initContainers };
  const all = [...(oldSpec.initContainers ?? []), ...(oldSpec.containers ?? [])];
  const everyMayRestart = all
    .flatMap(({ restartPolicyRules = [] }) => restartPolicyRules)
    .some(({ action }) => action === 'RestartAllContainers');
  for (const list of lists) {
    const isEphemeral = list === 'ephemeralContainerStatuses';
    if (everyMayRestart && !isEphemeral) continue;
    for (const [i, before] of (old[list] ?? []).entries()) {
      if (!comesBack(before, status[list] ?? [])) continue;
      const container = isEphemeral ? undefined : specs[list]?.find(({ name }) => name === before.name);
      const exitCode = before.state?.terminated?.exitCode ?? 0;
      if (container !== undefined && mayRestart(container, oldSpec, exitCode)) continue;
      errors.push(
        forbidden(path.child(list).index(i).child('state'), 'may not be transitioned to non-terminated state'),
      );
    }
  }
}

function comesBack(before: Readonly<ContainerStatus>, statuses: readonly ContainerStatus[]): boolean {
  if (before.state?.terminated === undefined) return false;
  return statuses.some(({ name, state }) => name === before.name && state?.terminated === undefined);
}

function mayRestart(container: Readonly<Container>, spec: Readonly<PodSpec>, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy !== undefined) {
    const rule = restartPolicyRules.find(({ exitCodes }) => {
      const listed = (exitCodes?.values ?? []).includes(exitCode);
      return (
        exitCodes !== undefined && (exitCodes.operator === 'In' ? listed : exitCodes.operator === 'NotIn' && !listed)
      );
    });
    if (rule?.action === 'Restart') return true;
  }
  const policy = restartPolicy ?? spec.restartPolicy;
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never';
}

export function validateContainerStatuses(
  status: Readonly<PodStatus>,
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const list of lists) {
    for (const [i, entry] of (status[list] ?? []).entries())
      validateUser(entry, spec, path.child(list).index(i), errors);
  }
  validateAllocated(status.containerStatuses, spec.containers, path.child('containerStatuses'), errors);
  validateAllocated(status.initContainerStatuses, spec.initContainers, path.child('initContainerStatuses'), errors);
  for (const [i, { allocatedResourcesStatus = [] }] of (status.ephemeralContainerStatuses ?? []).entries()) {
    if (allocatedResourcesStatus.length === 0) continue;
    const at = path.child('ephemeralContainerStatuses').index(i).child('allocatedResourcesStatus');
    errors.push(forbidden(at, 'must not be specified in container status'));
  }
}

function validateUser(
  { user }: Readonly<ContainerStatus>,
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (user?.linux === undefined) return;
  const at = path.child('user', 'linux');
  const os = spec.os?.name ?? 'linux';
  if (os === 'windows') errors.push(forbidden(at, 'cannot be set for a windows pod'));
  if (os !== 'linux') return;
  validateUserID(user.linux.uid ?? 0, at, 'uid', errors);
  validateGroupID(user.linux.gid ?? 0, at, 'gid', errors);
  for (const [i, group] of (user.linux.supplementalGroups ?? []).entries()) {
    validateGroupID(group, at, `supplementalGroups[${i}]`, errors);
  }
}

function validateAllocated(
  statuses: readonly ContainerStatus[] | undefined,
  containers: readonly Container[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, { name, allocatedResourcesStatus = [] }] of (statuses ?? []).entries()) {
    const container = containers?.find((candidate) => candidate.name === name);
    for (const [j, allocated] of allocatedResourcesStatus.entries()) {
      const at = path.index(i).child('allocatedResourcesStatus').index(j);
      if (container !== undefined) validateAllocatedName(allocated.name ?? '', container, at.child('name'), errors);
      validateHealth(allocated.resources ?? [], at.child('resources'), errors);
    }
  }
}

function validateAllocatedName(
  name: string,
  container: Readonly<Container>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!name.startsWith('claim:')) {
    if (container.resources?.requests?.[name] !== undefined) return;
    errors.push(invalid(path, name, "must match one of the container's resource requests"));
    return;
  }
  const claims = (container.resources?.claims ?? []).map(
    (claim) => `claim:${claim.name ?? ''}${claim.request ? `/${claim.request}` : ''}`,
  );
  if (claims.includes(name)) return;
  const form = "in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  errors.push(invalid(path, name, `must match one of the container's resource claims ${form}`));
}

type Health = NonNullable<NonNullable<ContainerStatus['allocatedResourcesStatus']>[number]['resources']>;

function validateHealth(resources: Readonly<Health>, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, { health: state = '', message, resourceID = '' }] of resources.entries()) {
    const at = path.index(i);
    if (!health.includes(state)) errors.push(notSupported(at.child('health'), state, health));
    if (message === '') errors.push(required(at.child('message'), 'must be non-empty if specified'));
    else if (message !== undefined && byteLength(message) > maxMessageBytes)
      errors.push(tooLong(at.child('message'), maxMessageBytes));
    if (seen.has(resourceID)) errors.push(duplicate(at.child('resourceID'), resourceID));
    seen.add(resourceID);
  }
}
