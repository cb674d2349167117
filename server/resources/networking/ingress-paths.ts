import { type FieldErrors, type FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import {
  isDNS1123Subdomain,
  isPathSegmentName,
  isValidPortName,
  isValidPortNum,
  nameIsDNSLabel,
} from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { invalidEach } from '../core/field-checks.ts';

type Backend = Api<'io.k8s.api.networking.v1.IngressBackend'>;
type ServiceBackend = Api<'io.k8s.api.networking.v1.IngressServiceBackend'>;
type Http = Api<'io.k8s.api.networking.v1.HTTPIngressRuleValue'>;
type HttpPath = Api<'io.k8s.api.networking.v1.HTTPIngressPath'>;

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];

export function pathErrors({ paths = [] }: Readonly<Http>, path: FieldPath): FieldErrors {
  if (paths.length === 0) return [required(path.child('paths'))];
  return paths.flatMap((entry, i) => onePathErrors(entry, path.child('paths').index(i)));
}

function onePathErrors({ path: value = '', pathType, backend = {} }: Readonly<HttpPath>, path: FieldPath): FieldErrors {
  const at = path.child('path');
  if (pathType === undefined) return [required(path.child('pathType'), 'pathType must be specified')];
  const errors: FieldErrors = [];
  if (!pathTypes.includes(pathType)) {
    errors.push(notSupported(path.child('pathType'), pathType, pathTypes));
  } else {
    const isImplementationSpecific = pathType === 'ImplementationSpecific';
    if (!value.startsWith('/') && !(isImplementationSpecific && value === '')) {
      errors.push(invalid(at, value, 'must be an absolute path'));
    }
    if (!isImplementationSpecific) {
      for (const bad of badSequences) {
        if (value.includes(bad)) errors.push(invalid(at, value, `must not contain '${bad}'`));
      }
      for (const bad of badSuffixes) {
        if (value.endsWith(bad)) errors.push(invalid(at, value, `cannot end with '${bad}'`));
      }
    }
  }
  return [...errors, ...backendErrors(backend, path.child('backend'))];
}

export function backendErrors({ resource, service }: Readonly<Backend>, path: FieldPath): FieldErrors {
  if (resource !== undefined && service !== undefined) {
    return [invalid(path, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return localReferenceErrors(resource, path.child('resource'));
  if (service !== undefined) return serviceErrors(service, path);
  return [invalid(path, '', 'resource or service backend is required')];
}

function serviceErrors({ name = '', port = {} }: Readonly<ServiceBackend>, path: FieldPath): FieldErrors {
  const at = path.child('service', 'name');
  const errors = name === '' ? [required(at)] : invalidEach(at, name, nameIsDNSLabel(name, false));
  const { name: portName = '', number = 0 } = port;
  if (portName !== '' && number !== 0) {
    errors.push(invalid(path, '', 'cannot set both port name & port number'));
  } else if (portName !== '') {
    errors.push(...invalidEach(path.child('service', 'port', 'name'), portName, isValidPortName(portName)));
  } else if (number !== 0) {
    errors.push(...invalidEach(path.child('service', 'port', 'number'), number, isValidPortNum(number)));
  } else {
    errors.push(required(path, 'port name or number is required'));
  }
  return errors;
}

/** References to an object of any kind: the group optional, kind and name not. */
export function localReferenceErrors(
  reference: { readonly apiGroup?: string; readonly kind?: string; readonly name?: string },
  path: FieldPath,
): FieldErrors {
  const { apiGroup } = reference;
  const errors =
    apiGroup === undefined ? [] : invalidEach(path.child('apiGroup'), apiGroup, isDNS1123Subdomain(apiGroup));
  for (const field of ['kind', 'name'] as const) {
    const value = reference[field] ?? '';
    if (value === '') errors.push(required(path.child(field)));
    else errors.push(...invalidEach(path.child(field), value, isPathSegmentName(value)));
  }
  return errors;
}
