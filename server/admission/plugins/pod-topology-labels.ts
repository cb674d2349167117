import type { Api, KubeObject } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, isPodRequest } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Binding = Api<'io.k8s.api.core.v1.Binding'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A pod that gets a node gets to know the node's zone and region, as labels. */
export function createPodTopologyLabels(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    handles: (request) => request.operation === 'CREATE' && (isPodRequest(request) || isBindingRequest(request)),
    mutate(request) {
      const { object } = request;
      if (object === undefined) return;
      const name = isBindingRequest(request) ? boundNode(object) : (object as Pod).spec?.nodeName;
      const node = name ? reader.get<Node>('nodes', '', name) : undefined;
      if (node !== undefined) copyLabels(object, node);
    },
  };
}

function isBindingRequest({ group, resource, subresource }: AdmissionRequest): boolean {
  return group === '' && resource === 'pods' && subresource === 'binding';
}

function boundNode(object: Binding): string | undefined {
  return object.target?.kind === 'Node' ? object.target.name : undefined;
}

function copyLabels(object: KubeObject, node: Readonly<Node>): void {
  for (const label of topologyLabels) {
    const value = node.metadata?.labels?.[label];
    if (value === undefined) continue;
    object.metadata ??= {};
    object.metadata.labels ??= {};
    object.metadata.labels[label] = value;
  }
}
