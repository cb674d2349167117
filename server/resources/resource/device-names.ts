import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  required,
  tooLong,
  tooMany,
} from '../../../api/field-error.ts';
import {
  byteLength,
  isCIdentifier,
  isDNS1123Label,
  isDNS1123Subdomain,
  isValidLabelValue,
} from '../../../api/names.ts';
import { validateLabelName } from '../../../api/validation/labels.ts';
import { csiDriverNameErrors } from '../core/persistent-volume-csi.ts';

export function labelErrors(name: string, path: FieldPath): FieldErrors {
  return isDNS1123Label(name).map((message) => invalid(path, name, message));
}

export function driverNameErrors(name: string, path: FieldPath): FieldErrors {
  return csiDriverNameErrors(name, path);
}

/** Subdomains joined by slashes. */
export function poolNameErrors(name: string, path: FieldPath): FieldErrors {
  if (name === '') return [required(path)];
  const parts = name.split('/');
  return [
    ...(byteLength(name) > 253 ? [tooLong(path, 253)] : []),
    ...parts.flatMap((part) => isDNS1123Subdomain(part).map((message) => invalid(path, part, message))),
  ];
}

export function className(name: string, path: FieldPath): FieldErrors {
  return name === '' ? [required(path)] : isDNS1123Subdomain(name).map((message) => invalid(path, name, message));
}

function identifierErrors(id: string, path: FieldPath): FieldErrors {
  return [
    ...(byteLength(id) > 32 ? [tooLong(path, 32)] : []),
    ...isCIdentifier(id).map((message) => invalid(path, id, message)),
  ];
}

/** An attribute's or capacity's name: an identifier, in front of it a domain or none. */
export function qualifiedNameErrors(name: string, path: FieldPath): FieldErrors {
  const [first = '', second, ...more] = name.split('/');
  if (second === undefined) return identifierErrors(first, path);
  if (more.length > 0) return [];
  return [
    ...(first === '' ? [invalid(path, '', 'the domain must not be empty')] : driverNameErrors(first, path)),
    ...(second === '' ? [invalid(path, '', 'the name must not be empty')] : identifierErrors(second, path)),
  ];
}

export function fullyQualifiedNameErrors(name: string, path: FieldPath): FieldErrors {
  const errors = qualifiedNameErrors(name, path);
  if (name.includes('/')) return errors;
  return [...errors, invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash')];
}

export function uuidErrors(uid: string, path: FieldPath): FieldErrors {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uid)) return [];
  if (/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(uid)) {
    const form = '`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
    return [invalid(path, uid, `uid must be in RFC 4122 normalized form, ${form}`)];
  }
  return [invalid(path, uid, `error validating uid: invalid UUID length: ${byteLength(uid)}`)];
}

export function labelValueErrors(value: string, path: FieldPath): FieldErrors {
  return isValidLabelValue(value).map((message) => invalid(path, value, message));
}

const maxBindingConditions = 4;

/** What must become true before a device is bound, and what ends the waiting. */
export function bindingConditionErrors(
  conditions: readonly string[] | undefined,
  failures: readonly string[] | undefined,
  path: FieldPath,
): FieldErrors {
  const wanted = conditions ?? [];
  const failing = failures ?? [];
  const wantedPath = path.child('bindingConditions');
  const failingPath = path.child('bindingFailureConditions');
  const names = (list: readonly string[], at: FieldPath): FieldErrors =>
    list.length > maxBindingConditions
      ? [tooMany(at, list.length, maxBindingConditions)]
      : list.flatMap((name, i) => validateLabelName(name, at.index(i)));
  const repeated = (list: readonly string[], i: number, at: FieldPath): FieldErrors =>
    list.indexOf(list[i] ?? '') < i ? [duplicate(at.index(i), list[i])] : [];
  const errors = [
    ...names(wanted, wantedPath),
    ...names(failing, failingPath),
    ...wanted.flatMap((_, i) => repeated(wanted, i, wantedPath)),
    ...failing.flatMap((name, i) => [
      ...repeated(failing, i, failingPath),
      ...(wanted.includes(name)
        ? [invalid(failingPath.index(i), name, 'bindingFailureConditions must not overlap with bindingConditions')]
        : []),
    ]),
  ];
  if (wanted.length === 0 && failing.length > 0) {
    errors.push(invalid(wantedPath, conditions, 'bindingConditions are required to use bindingFailureConditions'));
  }
  if (failing.length === 0 && wanted.length > 0) {
    errors.push(invalid(failingPath, failures, 'bindingFailureConditions are required to use bindingConditions'));
  }
  return errors;
}
