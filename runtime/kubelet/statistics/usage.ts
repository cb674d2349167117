import type { ContainerRecord } from '../container-record.ts';
import type { Usage } from '../pod-runtime.ts';
import type { HostedPod, KubeletHost } from '../server/kubelet-host.ts';

export interface ContainerUsage {
  readonly record: ContainerRecord;
  readonly startedAt: number;
  readonly usage: Usage;
}

export interface PodUsage {
  readonly hosted: HostedPod;
  readonly containers: readonly ContainerUsage[];
  readonly total: Usage;
  readonly processes: number;
}

/** What a node uses beside its pods. */
const ownNanoCores = 40_000_000;
const ownMemoryBytes = 320 * 1024 * 1024;

function sumOf(usages: readonly Usage[]): Usage {
  let [cpuNanoseconds, cpuNanoCores, memoryBytes] = [0, 0, 0];
  for (const usage of usages) {
    cpuNanoseconds += usage.cpuNanoseconds;
    cpuNanoCores += usage.cpuNanoCores;
    memoryBytes += usage.memoryBytes;
  }
  return { cpuNanoseconds, cpuNanoCores, memoryBytes };
}

/** Undefined while no container of it runs. */
export function usageOfPod(hosted: HostedPod): PodUsage | undefined {
  const containers = hosted.containers().flatMap((record) => {
    const { running, state } = record;
    if (running === undefined || state.is !== 'running') return [];
    return [{ record, startedAt: state.startedAt, usage: running.usage() }];
  });
  if (containers.length === 0) return undefined;
  const processes = containers.reduce((sum, { record }) => sum + (record.running?.processes?.() ?? 1), 0);
  return { hosted, containers, total: sumOf(containers.map(({ usage }) => usage)), processes };
}

export function usageOfPods(host: KubeletHost): PodUsage[] {
  return [...host.hostedPods()].flatMap((hosted) => usageOfPod(hosted) ?? []);
}

/** Of the whole node. Counters of pods that have ended are gone: `cpuNanoseconds` is what the node's own work and the running pods make. */
export function usageOfNode(host: Pick<KubeletHost, 'clock' | 'startedAt'>, pods: readonly PodUsage[]): Usage {
  const { clock, startedAt } = host;
  const own = {
    cpuNanoseconds: ((clock.now() - startedAt) / 1000) * ownNanoCores,
    cpuNanoCores: ownNanoCores,
    memoryBytes: ownMemoryBytes,
  };
  return sumOf([own, ...pods.map(({ total }) => total)]);
}
