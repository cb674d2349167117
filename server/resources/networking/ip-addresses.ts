import { type FieldErrors, FieldPath, required } from '../../../api/field-error.ts';
import { validateIP } from '../../../api/ip.ts';
import { isDNS1123Subdomain, isPathSegmentName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors, invalidEach, metadataErrorsAgain } from '../core/field-checks.ts';
import { internalForm, internalShape } from '../core/internal-form.ts';

export type IPAddress = Api<'io.k8s.api.networking.v1.IPAddress'>;

const parentShape = internalShape('Group:group:s Resource:resource:s Namespace:namespace:s Name:name:s');
const path = FieldPath.of('spec', 'parentRef');

function messages(name: string): string[] {
  const shown = `Invalid value: ${JSON.stringify(name)}: `;
  return validateIP(FieldPath.of(), name).map(({ detail }) => detail.slice(shown.length));
}

function specErrors({ spec }: Readonly<IPAddress>): FieldErrors {
  const parent = spec?.parentRef;
  if (parent === undefined) return [required(path)];
  const { group = '', namespace = '' } = parent;
  const errors = group === '' ? [] : invalidEach(path.child('group'), group, isDNS1123Subdomain(group));
  for (const field of ['resource', 'name'] as const) {
    const value = parent[field] ?? '';
    if (value === '') errors.push(required(path.child(field)));
    else errors.push(...invalidEach(path.child(field), value, isPathSegmentName(value)));
  }
  if (namespace !== '') errors.push(...invalidEach(path.child('namespace'), namespace, isPathSegmentName(namespace)));
  return errors;
}

export const ipAddressStrategy: Strategy<IPAddress> = {
  resource: 'ipaddresses.networking.k8s.io',
  // The name is the address.
  validateName: (name) => messages(name),
  validateCreate: specErrors,
  validateUpdate(address, old) {
    const parent = address.spec?.parentRef;
    const shown = parent && internalForm(parent, parentShape);
    const metadata = metadataErrorsAgain(address, 'cluster', messages);
    return [...metadata, ...specErrors(address), ...immutableErrors(parent, old.spec?.parentRef, path, shown)];
  },
};
