import { type FieldErrors, FieldPath, invalid, required, tooLong } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { base64Bytes, dataKeyErrors, immutableDataErrors, maxDataBytes } from './config-maps.ts';
import { immutableErrors, metadataErrorsAgain } from './field-checks.ts';
import { jsonObjectError } from './json-object-error.ts';
import { keyPairError } from './key-pair-error.ts';

export type Secret = Api<'io.k8s.api.core.v1.Secret'>;

const dataPath = FieldPath.of('data');
const redacted = '<secret contents redacted>';
const accountName = 'kubernetes.io/service-account.name';

function missing(secret: Readonly<Secret>, ...keys: readonly string[]): FieldErrors {
  return keys.filter((key) => secret.data?.[key] === undefined).map((key) => required(dataPath.key(key)));
}

function jsonErrors(secret: Readonly<Secret>, key: string): FieldErrors {
  const value = secret.data?.[key];
  if (value === undefined) return missing(secret, key);
  const error = jsonObjectError(Buffer.from(value, 'base64').toString());
  return error === undefined ? [] : [invalid(dataPath.key(key), redacted, error)];
}

/** What each well-known type must hold. */
const typeChecks: Readonly<Record<string, (secret: Readonly<Secret>) => FieldErrors>> = {
  'kubernetes.io/service-account-token': (secret) =>
    secret.metadata?.annotations?.[accountName]
      ? []
      : [required(FieldPath.of('metadata', 'annotations').key(accountName))],
  'kubernetes.io/dockercfg': (secret) => jsonErrors(secret, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': (secret) => jsonErrors(secret, '.dockerconfigjson'),
  'kubernetes.io/basic-auth'(secret) {
    const errors = missing(secret, 'username', 'password');
    return errors.length === 2 ? errors : [];
  },
  'kubernetes.io/ssh-auth': (secret) =>
    secret.data?.['ssh-privatekey'] ? [] : [required(dataPath.key('ssh-privatekey'))],
  'kubernetes.io/tls': (secret) => missing(secret, 'tls.crt', 'tls.key'),
};

function secretErrors(secret: Readonly<Secret>): FieldErrors {
  const data = secret.data ?? {};
  const errors = dataKeyErrors(Object.keys(data), dataPath);
  const bytes = Object.values(data).reduce((sum, value) => sum + base64Bytes(value), 0);
  if (bytes > maxDataBytes) errors.push(tooLong(dataPath, maxDataBytes));
  errors.push(...(typeChecks[secret.type ?? '']?.(secret) ?? []));
  return errors;
}

function warnings(secret: Readonly<Secret>): string[] {
  if (secret.type !== 'kubernetes.io/tls') return [];
  const error = keyPairError(secret.data?.['tls.crt'], secret.data?.['tls.key']);
  return error === undefined ? [] : [error];
}

export const secretStrategy: Strategy<Secret> = {
  resource: 'secrets',
  applyDefaults(secret) {
    secret.type ||= 'Opaque';
    if (secret.stringData === undefined) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    if (encoded.length > 0) secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
  validateCreate: secretErrors,
  warningsOnCreate: warnings,
  validateUpdate: (secret, old) => [
    ...immutableErrors(secret.type, old.type, FieldPath.of('type')),
    ...immutableDataErrors(secret, old, ['data']),
    ...metadataErrorsAgain(secret, 'namespaced'),
    ...secretErrors(secret),
  ],
  warningsOnUpdate: warnings,
};
