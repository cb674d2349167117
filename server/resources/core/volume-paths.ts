import { type FieldErrors, type FieldPath, invalid } from '../../../api/field-error.ts';

const backstep = /(?:^|\/)\.\.(?:\/|$)/;

export function validateNoBacksteps(target: string, path: FieldPath, errors: FieldErrors): void {
  if (backstep.test(target)) errors.push(invalid(path, target, "must not contain '..'"));
}

/** A relative path that stays below where it starts. */
export function validateDescendingPath(target: string, path: FieldPath, errors: FieldErrors): void {
  if (target[0] === '/') errors.push(invalid(path, target, 'must be a relative path'));
  validateNoBacksteps(target, path, errors);
}

/** Names beginning with two dots are taken by the kubelet's atomic writer. */
export function validateNonReservedPath(target: string, path: FieldPath, errors: FieldErrors): void {
  validateDescendingPath(target, path, errors);
  if (target.startsWith('..') && !target.startsWith('../'))
    errors.push(invalid(path, target, "must not start with '..'"));
}
