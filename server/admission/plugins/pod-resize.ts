import type { Api } from '../../../api/object.ts';
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import { StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';
import { type Amounts, podAmounts } from './limit-constraints.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;

/** A resize must fit the node that the pod runs on, and the node must be able to do it. */
export function createPodResizeValidator(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'PodResizeValidator',
    handles: ({ operation, group, resource, subresource }) =>
      operation === 'UPDATE' && group === '' && resource === 'pods' && subresource === 'resize',
    validate(request) {
      const pod = (request.object ?? {}) as Pod;
      const nodeName = pod.spec?.nodeName;
      if (!nodeName || pod.metadata?.generation === request.oldObject?.metadata?.generation) return;
      const node = reader.get<Node>('nodes', '', nodeName);
      if (node === undefined) throw forbiddenByAdmission(request, `node ${JSON.stringify(nodeName)} not found`);
      const os = node.metadata?.labels?.['kubernetes.io/os'] ?? 'linux';
      if (os !== 'linux') {
        const what = `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ${JSON.stringify(os)}`;
        throw refusal(request, what, 'UnsupportedPlatform');
      }
      const excess = excessOver(pod, (node.status?.allocatable ?? {}) as Amounts);
      if (excess.length === 0) return;
      throw refusal(request, `node didn't have enough allocatable resources: ${excess.join('; ')}`, 'NodeCapacity');
    },
  };
}

function refusal(request: AdmissionRequest, why: string, reason: string): StatusError {
  const error = forbiddenByAdmission(request, why);
  return new StatusError('Forbidden', error.message, { details: { ...error.details, causes: [{ reason }] } });
}

function excessOver(pod: Readonly<Pod>, allocatable: Amounts): string[] {
  const requests = podAmounts(pod.spec ?? {}, 'requests');
  for (const [name, amount] of Object.entries((pod.spec?.overhead ?? {}) as Amounts)) {
    requests[name] = parseQuantity(requests[name] ?? '0')
      .add(parseQuantity(amount))
      .toString();
  }
  const exceeds = (name: string): boolean => compareQuantity(requests[name] ?? '0', allocatable[name] ?? '0') > 0;
  const milli = (amount = '0'): bigint => parseQuantity(amount).milliValue();
  const whole = (amount = '0'): bigint => parseQuantity(amount).value();
  return [
    ...(exceeds('cpu') ? [`cpu, requested: ${milli(requests['cpu'])}, allocatable: ${milli(allocatable['cpu'])}`] : []),
    ...(exceeds('memory')
      ? [`memory, requested: ${whole(requests['memory'])}, allocatable: ${whole(allocatable['memory'])}`]
      : []),
  ];
}
