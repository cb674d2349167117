import { semanticEqual } from '../../../api/equal.ts';
import {
  duplicate,
  type FieldErrors,
  FieldPath,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../../../api/field-error.ts';
import { ipWarnings, isIPv4, isIPv6, validateIP, validateLegacyIP } from '../../../api/ip.ts';
import { isFullyQualifiedDomainName, isValidLabelValue, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { endpointIPErrors } from '../core/endpoint-addresses.ts';
import { dns1123LabelErrors, immutableErrors, invalidEach, qualifiedNameErrors } from '../core/field-checks.ts';

export type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;
type Endpoint = Api<'io.k8s.api.discovery.v1.Endpoint'>;
type Port = Api<'io.k8s.api.discovery.v1.EndpointPort'>;
type Hints = Api<'io.k8s.api.discovery.v1.EndpointHints'>;

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const maxAddresses = 100;
const maxPorts = 20000;
const maxEndpoints = 1000;
const maxHints = 8;
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const controllers = new Set(['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']);

function portErrors(ports: readonly Readonly<Port>[]): FieldErrors {
  const path = FieldPath.of('ports');
  if (ports.length > maxPorts) return [tooMany(path, ports.length, maxPorts)];
  const seen = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, i) => {
    const at = path.index(i);
    const errors = name === '' ? [] : dns1123LabelErrors(name, at.child('name'));
    if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
    if (protocol === undefined) errors.push(required(at.child('protocol')));
    else if (!protocols.includes(protocol)) errors.push(notSupported(at.child('protocol'), protocol, protocols));
    if (appProtocol !== undefined) errors.push(...qualifiedNameErrors(appProtocol, at.child('appProtocol')));
    return errors;
  });
}

function addressErrors(address: string, type: string, list: FieldPath, i: number): FieldErrors {
  const path = list.index(i);
  if (type === 'FQDN') return isFullyQualifiedDomainName(path, address);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const isV4 = type === 'IPv4';
  const errors = isV4 ? validateLegacyIP(path, address) : validateIP(path, address);
  if (errors.length > 0) return errors;
  // The list is blamed for the wrong family, not the item.
  if (!(isV4 ? isIPv4(address) : isIPv6(address))) errors.push(invalid(list, address, `must be an ${type} address`));
  return [...errors, ...endpointIPErrors(address, path)];
}

function hintErrors({ forZones = [], forNodes = [] }: Readonly<Hints>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const lists = [
    { at: path.child('forZones'), hints: forZones, check: isValidLabelValue },
    { at: path.child('forNodes'), hints: forNodes, check: (name: string) => nameIsDNSSubdomain(name, false) },
  ];
  for (const { at, hints, check } of lists) {
    if (hints.length > maxHints) return [...errors, tooMany(at, hints.length, maxHints)];
    const seen = new Set<string>();
    for (const [i, { name = '' }] of hints.entries()) {
      if (seen.has(name)) errors.push(duplicate(at.index(i).child('name'), name));
      seen.add(name);
      errors.push(...invalidEach(at.index(i).child('name'), name, check(name)));
    }
  }
  return errors;
}

function endpointErrors(endpoint: Readonly<Endpoint>, type: string, path: FieldPath): FieldErrors {
  const { addresses = [], nodeName, hostname, hints } = endpoint;
  const list = path.child('addresses');
  const errors: FieldErrors = [];
  if (addresses.length === 0) errors.push(required(list, 'must contain at least 1 address'));
  if (addresses.length > maxAddresses) errors.push(tooMany(list, addresses.length, maxAddresses));
  errors.push(...addresses.flatMap((address, i) => addressErrors(address, type, list, i)));
  if (nodeName !== undefined) {
    errors.push(...invalidEach(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false)));
  }
  if (hostname !== undefined) errors.push(...dns1123LabelErrors(hostname, path.child('hostname')));
  if (hints !== undefined) errors.push(...hintErrors(hints, path.child('hints')));
  return errors;
}

function sliceErrors(slice: Readonly<EndpointSlice>, old?: Readonly<EndpointSlice>): FieldErrors {
  const { addressType = '', ports = [], endpoints = [] } = slice;
  const path = FieldPath.of('addressType');
  const errors: FieldErrors = [];
  if (addressType === '') errors.push(required(path));
  else if (!addressTypes.includes(addressType)) errors.push(notSupported(path, addressType, addressTypes));
  errors.push(...portErrors(ports));
  // What is stored stays valid, whatever rules came later.
  if (old !== undefined && semanticEqual(endpoints, old.endpoints)) return errors;
  const at = FieldPath.of('endpoints');
  if (endpoints.length > maxEndpoints) return [...errors, tooMany(at, endpoints.length, maxEndpoints)];
  return [...errors, ...endpoints.flatMap((endpoint, i) => endpointErrors(endpoint, addressType, at.index(i)))];
}

/** Topology is what v1beta1 had in place of zone and nodeName; v1 takes it from nobody, but does not tear it from what is stored. */
function dropTopology(slice: EndpointSlice, old?: Readonly<EndpointSlice>): void {
  if (old !== undefined && semanticEqual(slice.endpoints, old.endpoints)) return;
  const known = new Set(
    (old?.endpoints ?? []).map((endpoint) => endpoint.deprecatedTopology?.['kubernetes.io/hostname']),
  );
  for (const endpoint of slice.endpoints ?? []) {
    const name = endpoint.deprecatedTopology?.['kubernetes.io/hostname'];
    if (endpoint.nodeName === undefined && name && known.has(name) && nameIsDNSSubdomain(name, false).length === 0) {
      endpoint.nodeName = name;
    }
    delete endpoint.deprecatedTopology;
  }
}

function ipWarningsOf(slice: Readonly<EndpointSlice>): string[] {
  if (controllers.has(slice.metadata?.labels?.[managedBy] ?? '')) return [];
  return (slice.endpoints ?? []).flatMap(({ addresses = [] }, i) =>
    addresses.flatMap((address, j) =>
      ipWarnings(FieldPath.of('endpoints').index(i).child('addresses').index(j), address),
    ),
  );
}

function withoutMetadata({ metadata: _dropped, ...rest }: Readonly<EndpointSlice>): Readonly<EndpointSlice> {
  return rest;
}

export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  resource: 'endpointslices.discovery.k8s.io',
  generation: true,
  generationChanged: (slice, old) =>
    !semanticEqual(withoutMetadata(slice), withoutMetadata(old)) ||
    !semanticEqual(slice.metadata?.labels, old.metadata?.labels),
  applyDefaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepareForCreate: (slice) => dropTopology(slice),
  validateCreate: (slice) => sliceErrors(slice),
  warningsOnCreate: (slice) => [
    ...(slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...ipWarningsOf(slice),
  ],
  prepareForUpdate: dropTopology,
  validateUpdate: (slice, old) => [
    ...sliceErrors(slice, old),
    ...immutableErrors(slice.addressType ?? '', old.addressType ?? '', FieldPath.of('addressType')),
  ],
  warningsOnUpdate: ipWarningsOf,
};
