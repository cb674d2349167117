import type { ContainerRecord } from './container-record.ts';
import type { ContainerConfig, NodeFacts, Pod, PodRuntime, PodSandbox } from './pod-runtime.ts';
import type { PreparedPod } from './pod-setup.ts';

export interface ContainerPlace {
  readonly pod: Readonly<Pod>;
  readonly node: NodeFacts;
  readonly runtime: PodRuntime;
  readonly sandbox: PodSandbox;
  readonly prepared?: PreparedPod | undefined;
}

/** What a runtime is asked to run as the container's next attempt. Throws ContainerConfigError. */
export async function configOf(
  { spec, restarts }: ContainerRecord,
  { sandbox, prepared }: ContainerPlace,
): Promise<ContainerConfig> {
  const bare = { container: spec, environment: new Map<string, string>(), mounts: [] };
  const surroundings = (await prepared?.surroundings(spec, sandbox.ips)) ?? bare;
  return { ...surroundings, attempt: restarts, log: () => undefined };
}
