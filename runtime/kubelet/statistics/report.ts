import type { ContainerUsageReport } from '../../../api/streams/usage.ts';
import { hostedPod, type KubeletHost } from '../server/kubelet-host.ts';
import { usageOfPod } from './usage.ts';

/** What the running containers of a pod use, as the metrics API is told; undefined: none runs here. */
export function reportOfPod(
  host: KubeletHost,
  namespace: string,
  name: string,
): readonly ContainerUsageReport[] | undefined {
  const hosted = hostedPod(host, namespace, name);
  const pod = hosted === undefined ? undefined : usageOfPod(hosted);
  return pod?.containers.map(({ record, usage }) => ({ ...usage, name: record.spec.name ?? '' }));
}
