import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isDNS1123Label } from '../../../api/names.ts';
import { validateEnv } from './container-env.ts';
import { validateVolumeDevices, validateVolumeMounts } from './container-mounts.ts';
import { validateContainerPorts, validateHostPorts } from './container-ports.ts';
import {
  validateContainerRestartPolicy,
  validateInitContainerRestartPolicy,
  validateResizePolicy,
} from './container-restart.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { Container, Volume } from './pod-types.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';
import { validateResourceRequirements } from './resource-requirements.ts';
import { validateSecurityContext } from './security-context.ts';

/** What the containers of one pod are checked against. */
export interface PodSurroundings {
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: ReadonlySet<string>;
  readonly gracePeriod: number | undefined;
  readonly restartPolicy: string;
  readonly hostUsers: boolean;
  readonly options: PodValidationOptions;
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];
const onlySidecars = 'may not be set for init containers without restartPolicy=Always';

export function validatePullPolicy(
  policy: string | undefined,
  path: FieldPath,
  field: string,
  errors: FieldErrors,
): void {
  if (policy === 'IfNotPresent' || policy === 'Always' || policy === 'Never') return;
  if (!policy) errors.push(required(path.child(field)));
  else errors.push(notSupported(path.child(field), policy, pullPolicies));
}

/** What ordinary, init and ephemeral containers have in common. */
export function validateContainer(
  container: Readonly<Container>,
  path: FieldPath,
  errors: FieldErrors,
  pod: PodSurroundings,
): void {
  const { name = '', terminationMessagePolicy: messagePolicy } = container;
  if (name === '') errors.push(required(path.child('name')));
  else for (const message of isDNS1123Label(name)) errors.push(invalid(path.child('name'), name, message));
  if (!container.image) errors.push(required(path.child('image')));
  if (messagePolicy !== 'File' && messagePolicy !== 'FallbackToLogsOnError') {
    const at = path.child('terminationMessagePolicy');
    errors.push(messagePolicy ? notSupported(at, messagePolicy, messagePolicies) : required(at));
  }
  if (container.ports !== undefined) validateContainerPorts(container.ports, path.child('ports'), errors);
  validateEnv(container, path, errors);
  if (container.volumeMounts !== undefined)
    validateVolumeMounts(container, pod.volumes, path.child('volumeMounts'), errors);
  if (container.volumeDevices !== undefined)
    validateVolumeDevices(container, pod.volumes, path.child('volumeDevices'), errors);
  validatePullPolicy(container.imagePullPolicy, path, 'imagePullPolicy', errors);
  if (container.resources !== undefined) {
    const options = { pod: pod.options, claims: pod.claims };
    validateResourceRequirements(container.resources, path.child('resources'), errors, options);
  }
  if (container.resizePolicy !== undefined) {
    validateResizePolicy(container.resizePolicy, pod.restartPolicy, path.child('resizePolicy'), errors);
  }
  if (container.securityContext !== undefined) {
    validateSecurityContext(container.securityContext, path.child('securityContext'), errors, pod.hostUsers);
  }
}

export function validateContainers(
  containers: readonly Container[],
  path: FieldPath,
  errors: FieldErrors,
  pod: PodSurroundings,
): void {
  if (containers.length === 0) {
    errors.push(required(path));
    return;
  }
  const names = new Set<string>();
  for (const [i, container] of containers.entries()) {
    const at = path.index(i);
    const { name = '' } = container;
    validateContainer(container, at, errors, pod);
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    if (container.lifecycle !== undefined)
      validateLifecycle(container.lifecycle, pod.gracePeriod, at.child('lifecycle'), errors);
    validateProbes(container, at, errors);
    validateContainerRestartPolicy(container, at, errors);
  }
  validateHostPorts(containers, path, errors);
}

export function validateInitContainers(
  containers: readonly Container[],
  regular: readonly Container[],
  path: FieldPath,
  errors: FieldErrors,
  pod: PodSurroundings,
): void {
  const names = new Set(regular.map(({ name = '' }) => name));
  for (const [i, container] of containers.entries()) {
    const at = path.index(i);
    const { name = '' } = container;
    validateContainer(container, at, errors, pod);
    validateInitContainerRestartPolicy(container, at, errors);
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else if (name !== '') names.add(name);
    // Upstream counts from the start of the list for every container, so the path names the first one.
    validateHostPorts([container], path, errors);
    if (container.restartPolicy === 'Always') {
      if (container.lifecycle !== undefined)
        validateLifecycle(container.lifecycle, pod.gracePeriod, at.child('lifecycle'), errors);
      validateProbes(container, at, errors);
    } else {
      validateRunsOnce(container, at, errors, pod.options);
    }
  }
}

function validateRunsOnce(
  container: Readonly<Container>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (container.lifecycle !== undefined) errors.push(forbidden(path.child('lifecycle'), onlySidecars));
  if (container.livenessProbe !== undefined) errors.push(forbidden(path.child('livenessProbe'), onlySidecars));
  if (container.readinessProbe !== undefined) errors.push(forbidden(path.child('readinessProbe'), onlySidecars));
  if (container.startupProbe !== undefined) errors.push(forbidden(path.child('startupProbe'), onlySidecars));
  if (options.allowRestartContainerOnInitContainers) return;
  for (const [i, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (restartPolicy !== 'RestartContainer') continue;
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    errors.push(invalid(path.child('resizePolicy').index(i).child('restartPolicy'), restartPolicy, detail));
  }
}

/** Pods only: templates have always been allowed such images. */
export function validateImageWhitespace(
  containers: readonly Container[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (containers === undefined) return;
  for (const [i, { image = '' }] of containers.entries()) {
    if (image.length === image.trim().length) continue;
    errors.push(invalid(path.index(i).child('image'), image, 'must not have leading or trailing whitespace'));
  }
}
