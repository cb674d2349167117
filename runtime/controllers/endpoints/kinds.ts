import type { Api, GroupVersionKind, GroupVersionResource } from '../../../api/object.ts';

export type Pod = Api<'io.k8s.api.core.v1.Pod'>;
export type Node = Api<'io.k8s.api.core.v1.Node'>;
export type Service = Api<'io.k8s.api.core.v1.Service'>;
export type ServicePort = Api<'io.k8s.api.core.v1.ServicePort'>;
export type Endpoints = Api<'io.k8s.api.core.v1.Endpoints'>;
export type EndpointSubset = Api<'io.k8s.api.core.v1.EndpointSubset'>;
export type EndpointAddress = Api<'io.k8s.api.core.v1.EndpointAddress'>;
export type CoreEndpointPort = Api<'io.k8s.api.core.v1.EndpointPort'>;
export type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;
/** One that is to be written. */
export type DesiredSlice = EndpointSlice & { endpoints: Endpoint[] };
export type Endpoint = Api<'io.k8s.api.discovery.v1.Endpoint'>;
export type EndpointPort = Api<'io.k8s.api.discovery.v1.EndpointPort'>;

export type AddressType = 'IPv4' | 'IPv6';

export const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
export const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
export const services: GroupVersionResource = { group: '', version: 'v1', resource: 'services' };
export const endpoints: GroupVersionResource = { group: '', version: 'v1', resource: 'endpoints' };
export const endpointSlices: GroupVersionResource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
};

export const serviceKind: GroupVersionKind = { group: '', version: 'v1', kind: 'Service' };
export const endpointsKind: GroupVersionKind = { group: '', version: 'v1', kind: 'Endpoints' };

export const headlessLabel = 'service.kubernetes.io/headless';
export const serviceNameLabel = 'kubernetes.io/service-name';
export const sliceManagedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Absent and empty are the same on the wire. */
export function hasSelector({ spec }: Readonly<Service>): boolean {
  return Object.keys(spec?.selector ?? {}).length > 0;
}

/** A headless Service, or one that has no address yet, has none. */
export function hasClusterIP({ spec }: Readonly<Service>): boolean {
  return spec?.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';
}
