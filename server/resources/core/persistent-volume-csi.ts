import { type FieldErrors, type FieldPath, required, tooLong } from '../../../api/field-error.ts';
import { byteLength, isDNS1123Subdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { dns1123LabelErrors, dns1123SubdomainErrors, invalidEach } from './field-checks.ts';

type CSISource = Api<'io.k8s.api.core.v1.CSIPersistentVolumeSource'>;
type SecretReference = Api<'io.k8s.api.core.v1.SecretReference'>;

/** Names of CSI drivers, wherever one stands. */
export function csiDriverNameErrors(name: string, path: FieldPath): FieldErrors {
  if (name === '') return [required(path)];
  return [
    ...(byteLength(name) > 63 ? [tooLong(path, 63)] : []),
    ...invalidEach(path, name, isDNS1123Subdomain(name.toLowerCase())),
  ];
}

function secretErrors({ name = '', namespace = '' }: Readonly<SecretReference>, path: FieldPath): FieldErrors {
  return [
    ...(name === '' ? [required(path.child('name'))] : dns1123SubdomainErrors(name, path.child('name'))),
    ...(namespace === ''
      ? [required(path.child('namespace'))]
      : dns1123LabelErrors(namespace, path.child('namespace'))),
  ];
}

export function csiErrors(csi: Readonly<CSISource>, path: FieldPath): FieldErrors {
  const errors = csiDriverNameErrors(csi.driver ?? '', path.child('driver'));
  if (!csi.volumeHandle) errors.push(required(path.child('volumeHandle')));
  const secrets = [
    'controllerPublishSecretRef',
    'controllerExpandSecretRef',
    'nodePublishSecretRef',
    'nodeExpandSecretRef',
  ] as const;
  for (const field of secrets) {
    const secret = csi[field];
    if (secret !== undefined) errors.push(...secretErrors(secret, path.child(field)));
  }
  return errors;
}
