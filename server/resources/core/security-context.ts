import { type FieldErrors, type FieldPath, invalid, notSupported } from '../../../api/field-error.ts';
import { isValidGroupID, isValidUserID } from '../../../api/names.ts';
import { toInternal } from './pod-internal.ts';
import type { SecurityContext } from './pod-types.ts';
import { validateAppArmorProfile, validateSeccompProfile } from './security-context-profiles.ts';
import { validateWindowsOptions } from './security-context-windows.ts';

const procMounts = ['Default', 'Unmasked'];

export function validateUserID(id: number | undefined, path: FieldPath, field: string, errors: FieldErrors): void {
  if (id === undefined) return;
  for (const message of isValidUserID(id)) errors.push(invalid(path.child(field), id, message));
}

export function validateGroupID(id: number | undefined, path: FieldPath, field: string, errors: FieldErrors): void {
  if (id === undefined) return;
  for (const message of isValidGroupID(id)) errors.push(invalid(path.child(field), id, message));
}

/** A container's own context. `hostUsers`: the pod does not run in a user namespace. */
export function validateSecurityContext(
  context: Readonly<SecurityContext>,
  path: FieldPath,
  errors: FieldErrors,
  hostUsers: boolean,
): void {
  validateUserID(context.runAsUser, path, 'runAsUser', errors);
  validateGroupID(context.runAsGroup, path, 'runAsGroup', errors);
  if (context.procMount !== undefined) validateProcMount(context.procMount, hostUsers, path.child('procMount'), errors);
  if (context.seccompProfile !== undefined)
    validateSeccompProfile(context.seccompProfile, path.child('seccompProfile'), errors);
  if (context.allowPrivilegeEscalation === false) validateNoEscalation(context, path, errors);
  if (context.windowsOptions !== undefined)
    validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  if (context.appArmorProfile !== undefined) {
    validateAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'), errors);
  }
}

function validateProcMount(type: string, hostUsers: boolean, path: FieldPath, errors: FieldErrors): void {
  if (!procMounts.includes(type)) errors.push(notSupported(path, type, procMounts));
  if (hostUsers && type === 'Unmasked') errors.push(invalid(path, type, '`hostUsers` must be false to use `Unmasked`'));
}

function validateNoEscalation(context: Readonly<SecurityContext>, path: FieldPath, errors: FieldErrors): void {
  if (context.privileged === true) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true';
    errors.push(invalid(path, toInternal(context, 'SecurityContext'), detail));
  }
  for (const capability of context.capabilities?.add ?? []) {
    if (capability !== 'CAP_SYS_ADMIN') continue;
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
    errors.push(invalid(path, toInternal(context, 'SecurityContext'), detail));
  }
}
