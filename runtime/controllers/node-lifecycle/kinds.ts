import type { Api, GroupVersionResource } from '../../../api/object.ts';

export type Node = Api<'io.k8s.api.core.v1.Node'>;
export type NodeCondition = Api<'io.k8s.api.core.v1.NodeCondition'>;
export type Pod = Api<'io.k8s.api.core.v1.Pod'>;
export type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;
export type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

export const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
export const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
export const leases: GroupVersionResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' };

export function readyCondition({ status }: Readonly<Node>): NodeCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}
