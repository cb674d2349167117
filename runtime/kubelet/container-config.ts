import type { ContainerRecord } from './container-record.ts';
import { ContainerConfigError } from './environment/container-config-error.ts';
import type { ContainerConfig, PodSandbox } from './pod-runtime.ts';
import type { PreparedPod } from './pod-setup.ts';

/** What a runtime is asked to run as the container's next attempt. Throws ContainerConfigError. */
export async function configOf(
  { spec, restarts }: ContainerRecord,
  { ips }: PodSandbox,
  prepared: PreparedPod | undefined,
): Promise<ContainerConfig> {
  if (prepared === undefined) throw new ContainerConfigError('the pod has no volumes yet');
  return { ...(await prepared.surroundings(spec, ips)), attempt: restarts, log: () => undefined };
}
