import type { ContainerRecord } from './container-record.ts';
import { environmentOf } from './environment/environment.ts';
import type { ContainerConfig, NodeFacts, Pod, PodRuntime, PodSandbox } from './pod-runtime.ts';
import { mountsOf } from './volumes/mounts.ts';

export interface ContainerPlace {
  readonly pod: Readonly<Pod>;
  readonly node: NodeFacts;
  readonly runtime: PodRuntime;
  readonly sandbox: PodSandbox;
}

/** What a runtime is asked to run as the container's next attempt. */
export async function configOf(
  { spec, restarts }: ContainerRecord,
  { pod, node, runtime, sandbox }: ContainerPlace,
): Promise<ContainerConfig> {
  const [podIP = ''] = sandbox.ips;
  const [hostIP = ''] = node.addresses;
  const placed = { ...pod, status: { ...pod.status, podIP, hostIP } };
  return {
    container: spec,
    attempt: restarts,
    environment: environmentOf(placed, spec),
    mounts: mountsOf(pod, spec, node, runtime.volumes),
    log: () => undefined,
  };
}
