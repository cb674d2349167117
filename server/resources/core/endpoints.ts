import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, notSupported, required } from '../../../api/field-error.ts';
import { ipWarnings, validateLegacyIP } from '../../../api/ip.ts';
import { isDNS1123Label, isValidPortNum, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { endpointIPErrors } from './endpoint-addresses.ts';
import { invalidEach, metadataErrorsAgain, qualifiedNameErrors } from './field-checks.ts';

export type Endpoints = Api<'io.k8s.api.core.v1.Endpoints'>;
type Address = Api<'io.k8s.api.core.v1.EndpointAddress'>;
type Port = Api<'io.k8s.api.core.v1.EndpointPort'>;

const protocols = ['SCTP', 'TCP', 'UDP'];
const listsOfAddresses = ['addresses', 'notReadyAddresses'] as const;

function addressErrors({ ip = '', hostname, nodeName }: Readonly<Address>, path: FieldPath): FieldErrors {
  return [
    ...validateLegacyIP(path.child('ip'), ip),
    ...(hostname ? invalidEach(path.child('hostname'), hostname, isDNS1123Label(hostname)) : []),
    ...(nodeName === undefined
      ? []
      : invalidEach(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false))),
    ...endpointIPErrors(ip, path.child('ip')),
  ];
}

function portErrors(port: Readonly<Port>, isNameRequired: boolean, path: FieldPath): FieldErrors {
  const { name = '', port: number = 0, protocol = '', appProtocol } = port;
  const errors: FieldErrors = [];
  if (name !== '') errors.push(...invalidEach(path.child('name'), name, isDNS1123Label(name)));
  else if (isNameRequired) errors.push(required(path.child('name')));
  errors.push(...invalidEach(path.child('port'), number, isValidPortNum(number)));
  if (protocol === '') errors.push(required(path.child('protocol')));
  else if (!protocols.includes(protocol)) errors.push(notSupported(path.child('protocol'), protocol, protocols));
  if (appProtocol !== undefined) errors.push(...qualifiedNameErrors(appProtocol, path.child('appProtocol')));
  return errors;
}

function subsetErrors(endpoints: Readonly<Endpoints>): FieldErrors {
  return (endpoints.subsets ?? []).flatMap((subset, i) => {
    const path = FieldPath.of('subsets').index(i);
    const errors: FieldErrors = [];
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
      errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    }
    for (const list of listsOfAddresses) {
      for (const [j, address] of (subset[list] ?? []).entries()) {
        errors.push(...addressErrors(address, path.child(list).index(j)));
      }
    }
    const ports = subset.ports ?? [];
    errors.push(...ports.flatMap((port, j) => portErrors(port, ports.length > 1, path.child('ports').index(j))));
    return errors;
  });
}

function warnings(endpoints: Readonly<Endpoints>): string[] {
  if (endpoints.metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return (endpoints.subsets ?? []).flatMap((subset, i) =>
    listsOfAddresses.flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip = '' }, j) =>
        ipWarnings(FieldPath.of('subsets').index(i).child(list).index(j).child('ip'), ip),
      ),
    ),
  );
}

export const endpointsStrategy: Strategy<Endpoints> = {
  resource: 'endpoints',
  allowCreateOnUpdate: true,
  applyDefaults(endpoints) {
    for (const subset of endpoints.subsets ?? []) {
      for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
    }
  },
  validateCreate: subsetErrors,
  warningsOnCreate: warnings,
  // What is stored stays valid, whatever rules came later.
  validateUpdate: (endpoints, old) => [
    ...metadataErrorsAgain(endpoints, 'namespaced'),
    ...(semanticEqual(endpoints.subsets, old.subsets) ? [] : subsetErrors(endpoints)),
  ],
  warningsOnUpdate: warnings,
};
