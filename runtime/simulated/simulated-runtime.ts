import type { Clock, Random } from '../../api/clock.ts';
import type { PodRuntime } from '../kubelet/pod-runtime.ts';
import { ImageError } from '../kubelet/pod-runtime.ts';
import { MemoryTree, MountedTree } from '../shell/files.ts';
import { AddressPool } from './addresses.ts';
import { environmentOf } from './environment.ts';
import { startProcess } from './process.ts';
import { programOf } from './programs.ts';
import { SharedVolumes } from './volumes.ts';

export interface SimulatedRuntimeDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Runs pods without privileges and without images: a container is a program that stands for what its image does. */
export function createSimulatedRuntime({ clock, random }: SimulatedRuntimeDeps): PodRuntime {
  const pools = new Map<string, AddressPool>();
  const shared = new SharedVolumes();
  const poolOf = (cidr: string): AddressPool => {
    const pool = pools.get(cidr) ?? new AddressPool(cidr);
    pools.set(cidr, pool);
    return pool;
  };
  const newId = (): string => (random.uuid() + random.uuid()).replaceAll('-', '');
  return {
    version: 'simulated://1.0.0',
    createSandbox: async (pod, { name, addresses, podCIDRs }) => {
      const taken =
        pod.spec?.hostNetwork === true
          ? []
          : podCIDRs.map((cidr, index) => poolOf(cidr).take(pod.status?.podIPs?.[index]?.ip));
      const volumes = shared.of(pod, name);
      const ips = pod.spec?.hostNetwork === true ? addresses : taken.map(({ address }) => address);
      const [podIP = ''] = ips;
      const [hostIP = ''] = addresses;
      const placed = { ...pod, status: { ...pod.status, podIP, hostIP } };
      return {
        ips,
        startContainer: async (container) => {
          const image = container.image ?? '';
          if (/[A-Z\s]/.test(image.replace(/[:@].*$/, '')))
            throw new ImageError('InvalidImageName', `couldn't parse image name "${image}": invalid reference format`);
          const mounts = (container.volumeMounts ?? []).flatMap(({ name = '', mountPath = '' }) => {
            const volume = volumes.get(name);
            return volume === undefined ? [] : [[mountPath.replace(/\/$/, ''), volume] as const];
          });
          const process = startProcess(programOf(container), {
            clock,
            random,
            environment: environmentOf(placed, container),
            files: new MountedTree(new MemoryTree(), mounts),
            log: () => undefined,
          });
          return { id: `simulated://${newId()}`, imageID: image, ...process };
        },
        close: () => {
          for (const { release } of taken) release();
        },
      };
    },
  };
}
