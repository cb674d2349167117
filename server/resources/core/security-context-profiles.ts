import {
  type FieldError,
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../api/field-error.ts';
import { byteLength } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { toInternal } from './pod-internal.ts';
import { validateDescendingPath } from './volume-paths.ts';

type SeccompProfile = Api<'io.k8s.api.core.v1.SeccompProfile'>;
type AppArmorProfile = Api<'io.k8s.api.core.v1.AppArmorProfile'>;

const types = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const localhostPrefix = 'localhost/';
/** PATH_MAX without the final zero byte. */
const maxProfileLength = 4095;

export function validateSeccompProfile(profile: Readonly<SeccompProfile>, path: FieldPath, errors: FieldErrors): void {
  const { type = '', localhostProfile } = profile;
  if (type === '') errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  const profilePath = path.child('localhostProfile');
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return;
    errors.push(
      invalid(profilePath, toInternal(profile, 'SeccompProfile'), 'can only be set when seccomp type is Localhost'),
    );
  } else if (localhostProfile === undefined) {
    errors.push(required(profilePath, 'must be set when seccomp type is Localhost'));
  } else {
    validateDescendingPath(localhostProfile, profilePath, errors);
  }
}

export function validateAppArmorProfile(
  profile: Readonly<AppArmorProfile>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { type = '', localhostProfile } = profile;
  if (type === 'Localhost') validateLocalhostProfile(localhostProfile, path.child('localhostProfile'), errors);
  else if (type === 'RuntimeDefault' || type === 'Unconfined') {
    if (localhostProfile === undefined) return;
    const detail = 'can only be set when AppArmor type is Localhost';
    errors.push(invalid(path.child('localhostProfile'), localhostProfile, detail));
  } else if (type === '') errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'));
  else errors.push(notSupported(path.child('type'), type, types));
}

function validateLocalhostProfile(profile: string | undefined, path: FieldPath, errors: FieldErrors): void {
  const needed = 'must be set when AppArmor type is Localhost';
  if (profile === undefined) {
    errors.push(required(path, needed));
    return;
  }
  if (profile.trim() !== profile) errors.push(invalid(path, profile, 'must not be padded with whitespace'));
  else if (profile === '') errors.push(required(path, needed));
  if (byteLength(profile) > maxProfileLength) errors.push(tooLong(path, maxProfileLength));
}

/** The profile named by the value of an alpha or beta annotation. */
export function validateSeccompAnnotation(value: string, path: FieldPath, errors: FieldErrors): void {
  if (value === 'runtime/default' || value === 'docker/default' || value === 'unconfined') return;
  if (value.startsWith(localhostPrefix)) validateDescendingPath(value.slice(localhostPrefix.length), path, errors);
  else errors.push(invalid(path, value, 'must be a valid seccomp profile'));
}

/** What is wrong when both an annotation and the field name a profile. */
export function seccompMismatch(
  annotation: string,
  profile: Readonly<SeccompProfile>,
  path: FieldPath,
): FieldError | undefined {
  const typesDiffer = (): FieldError =>
    forbidden(path.child('type'), 'seccomp type in annotation and field must match');
  switch (profile.type) {
    case 'Unconfined':
      return annotation === 'unconfined' ? undefined : typesDiffer();
    case 'RuntimeDefault':
      return annotation === 'runtime/default' || annotation === 'docker/default' ? undefined : typesDiffer();
    case 'Localhost':
      if (!annotation.startsWith(localhostPrefix)) return typesDiffer();
      if (annotation.slice(localhostPrefix.length) === profile.localhostProfile) return undefined;
      return forbidden(path.child('localhostProfile'), 'seccomp profile in annotation and field must match');
    default:
      return undefined;
  }
}

export function appArmorMismatch(
  annotation: string,
  profile: Readonly<AppArmorProfile>,
  path: FieldPath,
): FieldError | undefined {
  const typesDiffer = (): FieldError =>
    forbidden(path.child('type'), 'apparmor type in annotation and field must match');
  switch (profile.type) {
    case 'Unconfined':
      return annotation === 'unconfined' ? undefined : typesDiffer();
    case 'RuntimeDefault':
      return annotation === 'runtime/default' ? undefined : typesDiffer();
    case 'Localhost':
      if (!annotation.startsWith(localhostPrefix)) return typesDiffer();
      if (annotation.slice(localhostPrefix.length) === profile.localhostProfile) return undefined;
      return forbidden(path.child('localhostProfile'), 'apparmor profile in annotation and field must match');
    default:
      return undefined;
  }
}

/** The field that an AppArmor annotation stands for, undefined when it stands for none. */
export function appArmorFromAnnotation(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const profile = annotation.startsWith(localhostPrefix) ? annotation.slice(localhostPrefix.length) : '';
  return profile === '' ? undefined : { type: 'Localhost', localhostProfile: profile };
}
