import type { Api } from '../../api/object.ts';
import type { ControllerDefinition } from '../framework/controller.ts';
import type { VirtualNetwork } from '../network/network.ts';
import type { NetworkPolicy, PodFacts } from './policy.ts';
import { type Pod, PolicyFilter } from './policy-filter.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

const policies = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' } as const;
const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const namespaces = { group: '', version: 'v1', resource: 'namespaces' } as const;

export interface PolicyOptions {
  readonly network: VirtualNetwork;
  /** Services of the cluster that run in no pod, by address: policies treat them as the pods that others have for them. */
  readonly standIns: ReadonlyMap<string, PodFacts>;
}

/** Network policies hold in the network of this process. */
export function networkPolicyDefinition({ network, standIns }: PolicyOptions): ControllerDefinition {
  const name = 'network-policy';
  return {
    name,
    start: ({ informers }, signal) => {
      const podInformer = informers.of<Pod>(pods);
      const namespaceInformer = informers.of<Namespace>(namespaces);
      const filter = new PolicyFilter({
        podAt: (ip) => podInformer.get(network.locate(ip)?.pod ?? ''),
        standInAt: (ip) => standIns.get(ip),
        labelsOf: (namespace) => namespaceInformer.get(namespace)?.metadata?.labels ?? {},
      });
      network.setFilter(filter);
      const set = (policy: Readonly<NetworkPolicy>): void => filter.set(policy);
      const subscription = informers.of<NetworkPolicy>(policies).subscribe({
        added: set,
        updated: set,
        deleted: (policy) => filter.delete(policy),
      });
      const ended = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          subscription[Symbol.dispose]();
          resolve();
        });
      });
      return { name, queues: [], ended };
    },
  };
}
