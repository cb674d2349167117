import type { Api } from '../../../api/object.ts';
import type { AdmissionPlugin } from '../plugin.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;

const notReady = 'node.kubernetes.io/not-ready';

/** A new node takes no pods until somebody says that it is ready. */
export function createTaintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    handles: ({ operation, resource, group, subresource }) =>
      operation === 'CREATE' && resource === 'nodes' && group === '' && subresource === '',
    mutate({ object }) {
      if (object === undefined) return;
      const node: Node = object;
      node.spec ??= {};
      const taints = node.spec.taints ?? [];
      if (taints.some(({ key, effect }) => key === notReady && effect === 'NoSchedule')) return;
      node.spec.taints = [...taints, { key: notReady, effect: 'NoSchedule' }];
    },
  };
}
