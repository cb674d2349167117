import { type FieldErrors, type FieldPath, forbidden, notSupported, required } from '../../../api/field-error.ts';
import { visitContainers } from './pod-containers.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { PodSecurityContext, PodSpec, SecurityContext } from './pod-types.ts';

const systems = ['linux', 'windows'];
const notOnWindows = 'cannot be set for a windows pod';
const notOnLinux = 'windows options cannot be set for a linux pod';

/** In upstream's order; `/` marks fields that stand in the spec itself. */
const podFieldsOffWindows = [
  'appArmorProfile',
  'seLinuxOptions',
  '/hostUsers',
  '/hostPID',
  '/hostIPC',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  '/shareProcessNamespace',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const containerFieldsOffWindows = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const satisfies readonly (keyof SecurityContext)[];

export function validateOS(spec: Readonly<PodSpec>, specPath: FieldPath, errors: FieldErrors): void {
  const name = spec.os?.name ?? '';
  const path = specPath.child('os');
  if (name === '') errors.push(required(path.child('name')));
  else if (!systems.includes(name)) errors.push(notSupported(path, name, systems));
  else if (name === 'linux') forbidWindowsOptions(spec, specPath, errors);
  else forbidLinuxFields(spec, specPath, errors);
}

function forbidWindowsOptions(spec: Readonly<PodSpec>, specPath: FieldPath, errors: FieldErrors): void {
  if (spec.securityContext?.windowsOptions !== undefined) {
    errors.push(forbidden(specPath.child('securityContext', 'windowsOptions'), notOnLinux));
  }
  visitContainers(spec, specPath, (container, path) => {
    if (container.securityContext?.windowsOptions === undefined) return;
    errors.push(forbidden(path().child('securityContext', 'windowsOptions'), notOnLinux));
  });
}

function podField(spec: Readonly<PodSpec>, field: (typeof podFieldsOffWindows)[number]): unknown {
  const context: Readonly<PodSecurityContext> = spec.securityContext ?? {};
  switch (field) {
    case '/hostUsers':
      return spec.hostUsers;
    case '/hostPID':
      return spec.hostPID || undefined;
    case '/hostIPC':
      return spec.hostIPC || undefined;
    case '/shareProcessNamespace':
      return spec.shareProcessNamespace;
    default:
      return context[field];
  }
}

function forbidLinuxFields(spec: Readonly<PodSpec>, specPath: FieldPath, errors: FieldErrors): void {
  for (const field of podFieldsOffWindows) {
    if (podField(spec, field) === undefined) continue;
    // Upstream leaves the context out of shareProcessNamespace's path too.
    const path = field.startsWith('/') ? specPath.child(field.slice(1)) : specPath.child('securityContext', field);
    errors.push(forbidden(path, notOnWindows));
  }
  visitContainers(spec, specPath, ({ securityContext: context }, path) => {
    if (context === undefined) return;
    for (const field of containerFieldsOffWindows) {
      if (context[field] !== undefined) errors.push(forbidden(path().child('securityContext', field), notOnWindows));
    }
  });
}

/** A pod in a user namespace keeps away from the host's others. */
export function validateHostUsers(
  spec: Readonly<PodSpec>,
  specPath: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (spec.hostUsers !== false) return;
  const detail = 'when `hostUsers` is false';
  if (spec.hostNetwork === true && !options.allowHostNetworkWithUserNamespaces) {
    errors.push(forbidden(specPath.child('hostNetwork'), detail));
  }
  if (spec.hostPID === true) errors.push(forbidden(specPath.child('HostPID'), detail));
  if (spec.hostIPC === true) errors.push(forbidden(specPath.child('HostIPC'), detail));
  if (options.allowVolumeDevicesWithUserNamespaces) return;
  visitContainers(spec, specPath, (container, path) => {
    if ((container.volumeDevices ?? []).length > 0) errors.push(forbidden(path().child('volumeDevices'), detail));
  });
}
