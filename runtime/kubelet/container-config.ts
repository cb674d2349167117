import type { ContainerRecord } from './container-record.ts';
import { environmentOf } from './environment/environment.ts';
import { hostNames } from './environment/hosts-file.ts';
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
  const none = { configMaps: new Map(), secrets: new Map(), services: [], allocatable: {}, file: () => undefined };
  const placed = { pod, podIPs: sandbox.ips, hostIPs: node.addresses };
  const { hostname } = hostNames(pod, 'cluster.local');
  return {
    container: spec,
    attempt: restarts,
    environment: new Map([['HOSTNAME', hostname], ...environmentOf(placed, spec, none)]),
    mounts: mountsOf(pod, spec, node, runtime.volumes),
    log: () => undefined,
  };
}
