import type { Api } from '../object.ts';
import type { QuotaEvaluator } from './evaluator.ts';

type Service = Readonly<Api<'io.k8s.api.core.v1.Service'>>;

const names: ReadonlySet<string> = new Set([
  'count/services',
  'services',
  'services.nodeports',
  'services.loadbalancers',
]);

export const serviceEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  resourcesAmong: (given) => given.filter((name) => names.has(name)),
  usage: (service: Service) => ({
    'count/services': '1',
    services: '1',
    'services.loadbalancers': service.spec?.type === 'LoadBalancer' ? '1' : '0',
    'services.nodeports': String(nodePorts(service)),
  }),
};

function nodePorts({ spec = {} }: Service): number {
  const { type, ports = [], allocateLoadBalancerNodePorts } = spec;
  if (type === 'LoadBalancer' && allocateLoadBalancerNodePorts === false)
    return ports.filter(({ nodePort = 0 }) => nodePort !== 0).length;
  return type === 'NodePort' || type === 'LoadBalancer' ? ports.length : 0;
}
