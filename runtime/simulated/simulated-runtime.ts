import type { Clock, Random } from '../../api/clock.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import { MountedTree } from '../files/mounted-tree.ts';
import { ImageError, type Pod, type PodRuntime } from '../kubelet/pod-runtime.ts';
import type { VirtualNetwork } from '../network/network.ts';
import { AddressPool } from './addresses.ts';
import { startProcess } from './process.ts';
import { launchOf } from './programs.ts';
import { steadyUsage } from './usage.ts';
import { createVolumeStore } from './volumes.ts';

export interface SimulatedRuntimeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: VirtualNetwork;
}

/** Runs pods without privileges and without images: a container is a program that stands for what its image does. */
export function createSimulatedRuntime({ clock, random, network }: SimulatedRuntimeDeps): PodRuntime {
  const pools = new Map<string, AddressPool>();
  const now = (): number => clock.now();
  const poolOf = (cidr: string): AddressPool => {
    const pool = pools.get(cidr) ?? new AddressPool(cidr);
    pools.set(cidr, pool);
    return pool;
  };
  const newId = (): string => (random.uuid() + random.uuid()).replaceAll('-', '');
  return {
    version: 'simulated://1.0.0',
    volumes: createVolumeStore(now),
    createSandbox: async (pod, { name: node, addresses, podCIDRs }) => {
      const isHost = pod.spec?.hostNetwork === true;
      const taken = isHost ? [] : podCIDRs.map((cidr, index) => poolOf(cidr).take(pod.status?.podIPs?.[index]?.ip));
      const ips = isHost ? addresses : taken.map(({ address }) => address);
      const namespace = isHost ? network.node(node, addresses) : network.open({ node, ips });
      const hostname = isHost ? node : hostnameOf(pod);
      return {
        ips,
        network: namespace,
        startContainer: async ({ container, attempt, environment, mounts, log }) => {
          const image = container.image ?? '';
          if (/[A-Z\s]/.test(image.replace(/[:@].*$/, '')))
            throw new ImageError('InvalidImageName', `couldn't parse image name "${image}": invalid reference format`);
          const files = new MountedTree(new MemoryTree({ now }), mounts);
          const { program, args, image: built } = launchOf(container);
          const process = startProcess(program, {
            clock,
            random,
            args,
            environment: new Map([...Object.entries(built.environment ?? {}), ...environment]),
            user: { uid: 0, gid: 0, groups: [] },
            cwd: container.workingDir || built.workingDir || '/',
            files,
            network: namespace,
            facts: { hostname, node, pod, container, attempt },
            programs: built.programs ?? {},
            log,
          });
          return {
            id: `simulated://${newId()}`,
            imageID: image,
            exec: async () => 126,
            attach: async () => undefined,
            readFile: (path) => files.read(path),
            usage: steadyUsage(clock),
            ...process,
          };
        },
        close: () => {
          if (!isHost) namespace.close();
          for (const { release } of taken) release();
        },
      };
    },
  };
}

/** As the kubelet names a pod's sandbox. */
function hostnameOf({ metadata, spec }: Readonly<Pod>): string {
  return spec?.hostnameOverride ?? (spec?.hostname || (metadata?.name ?? '')).slice(0, 63).replace(/[-.]+$/, '');
}
