import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { PodSpec } from './pod-types.ts';
import { validateGroupID, validateUserID } from './security-context.ts';
import { validateAppArmorProfile, validateSeccompProfile } from './security-context-profiles.ts';
import { validateWindowsOptions } from './security-context-windows.ts';

const sysctlPattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctlName = new RegExp(sysctlPattern);
const maxSysctlLength = 253;
const ipcSysctls: ReadonlySet<string> = new Set([
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
  'kernel.shm',
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.msg',
]);
const groupChangePolicies = ['Always', 'OnRootMismatch'];
const groupPolicies = ['Merge', 'Strict'];
const selinuxPolicies = ['MountOption', 'Recursive'];

/** The pod's own context; the host's namespaces stand in the spec, and are compared with it. */
export function validatePodSecurityContext(
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const context = spec.securityContext ?? {};
  validateGroupID(context.fsGroup, path, 'fsGroup', errors);
  validateUserID(context.runAsUser, path, 'runAsUser', errors);
  validateGroupID(context.runAsGroup, path, 'runAsGroup', errors);
  for (const [i, group] of (context.supplementalGroups ?? []).entries()) {
    validateGroupID(group, path, `supplementalGroups[${i}]`, errors);
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(path.child('shareProcessNamespace'), true, detail));
  }
  if (context.sysctls !== undefined) validateSysctls(spec, path.child('sysctls'), errors, options);
  validateChoice(context.fsGroupChangePolicy, groupChangePolicies, path, 'fsGroupChangePolicy', errors);
  if (context.seccompProfile !== undefined)
    validateSeccompProfile(context.seccompProfile, path.child('seccompProfile'), errors);
  if (context.windowsOptions !== undefined)
    validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  if (context.appArmorProfile !== undefined) {
    validateAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'), errors);
  }
  validateChoice(context.supplementalGroupsPolicy, groupPolicies, path, 'supplementalGroupsPolicy', errors);
  const policies = options.allowAnySELinuxChangePolicy === true ? selinuxPolicies : ['Recursive'];
  validateChoice(context.seLinuxChangePolicy, policies, path, 'seLinuxChangePolicy', errors);
}

function validateChoice(
  value: string | undefined,
  known: readonly string[],
  path: FieldPath,
  field: string,
  errors: FieldErrors,
): void {
  if (value !== undefined && !known.includes(value)) errors.push(notSupported(path.child(field), value, known));
}

function validateSysctls(
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const names = new Set<string>();
  for (const [i, { name = '' }] of (spec.securityContext?.sysctls ?? []).entries()) {
    const at = path.index(i).child('name');
    if (name === '') errors.push(required(at));
    else if (name.length > maxSysctlLength || !sysctlName.test(name)) {
      const detail = `must have at most ${maxSysctlLength} characters and match regex ${sysctlPattern}`;
      errors.push(invalid(at, name, detail));
    } else if (names.has(name)) errors.push(duplicate(at, name));
    const namespace = options.allowNamespacedSysctlsOnHost ? undefined : hostNamespaceOfSysctl(name, spec);
    if (namespace !== undefined) errors.push(invalid(at, name, `may not be specified when '${namespace}' is true`));
    names.add(name);
  }
}

/** With slashes, dots are part of a segment: `net/ipv4/conf/eth0.1/x` is `net.ipv4.conf.eth0/1.x`. */
function normalizedSysctl(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '/') return name;
  return name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'));
}

/** The namespace of the host that a sysctl would change from inside the pod. */
export function hostNamespaceOfSysctl(sysctl: string, spec: Readonly<PodSpec>): 'hostNetwork' | 'hostIPC' | undefined {
  const [name = ''] = normalizedSysctl(sysctl).split('*');
  if (name.startsWith('net.')) return spec.hostNetwork === true ? 'hostNetwork' : undefined;
  return spec.hostIPC === true && (ipcSysctls.has(name) || name.startsWith('fs.mqueue.')) ? 'hostIPC' : undefined;
}
