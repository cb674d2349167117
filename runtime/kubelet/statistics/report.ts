import type { ContainerUsageReport, ResourceUsage } from '../../../api/streams/usage.ts';
import { hostedPod, type KubeletHost } from '../server/kubelet-host.ts';
import { usageOfNode, usageOfPod, usageOfPods } from './usage.ts';

/** What one node measures. */
export interface NodeUsage {
  ofNode(): ResourceUsage;
  ofPod(namespace: string, pod: string): readonly ContainerUsageReport[] | undefined;
}

export function createNodeUsage(host: KubeletHost): NodeUsage {
  return {
    ofNode: () => usageOfNode(host, usageOfPods(host)),
    ofPod: (namespace, name) => {
      const hosted = hostedPod(host, namespace, name);
      const pod = hosted === undefined ? undefined : usageOfPod(hosted);
      return pod?.containers.map(({ record, usage }) => ({ ...usage, name: record.spec.name ?? '' }));
    },
  };
}
