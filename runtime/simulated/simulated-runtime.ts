import type { Clock, Random } from '../../api/clock.ts';
import { keyOf } from '../client/object-key.ts';
import { sandboxHostname } from '../kubelet/environment/hosts-file.ts';
import type { Container, DiskUsage, Pod, PodRuntime, StartedContainer } from '../kubelet/pod-runtime.ts';
import type { VirtualNetwork } from '../network/network.ts';
import { defaultPath } from '../processes/execute.ts';
import { createProcessTable, type ProcessTable } from '../processes/process-table.ts';
import type { Program } from '../processes/program.ts';
import { toolPrograms } from '../shell/tool-programs.ts';
import { AddressPool } from './addresses.ts';
import { createCgroups } from './cgroups.ts';
import { type FirstProcess, startContainer } from './container.ts';
import { containerFiles, containerLayer } from './container-files.ts';
import { credentialsOf } from './credentials.ts';
import { openHostPorts } from './host-ports.ts';
import { IdleContainer } from './idle-container.ts';
import { createImageCatalog, type ImageCatalog } from './image-catalog.ts';
import { createImageStore, imageIdOf } from './image-store.ts';
import type { Image } from './images/image.ts';
import { createPodProcesses } from './pod-processes.ts';
import { server } from './process.ts';
import { launchOf } from './programs.ts';
import { createUserland, type ImageContent } from './userland.ts';
import { createVolumeStore } from './volumes.ts';

const clusterDomain = 'cluster.local';

export interface SimulatedRuntimeDeps {
  readonly clock: Clock;
  /** Of what containers see, on their files too; default: that of everybody. */
  readonly insideClock?: Clock;
  readonly random: Random;
  readonly network: VirtualNetwork;
  /** Default: built-in images, and any other one as a server that stays up. */
  readonly catalog?: ImageCatalog;
}

/** Runs pods without privileges and without images: a container is a program that stands for what its image does. */
export function createSimulatedRuntime({
  clock,
  insideClock = clock,
  random,
  network,
  catalog = createImageCatalog(),
}: SimulatedRuntimeDeps): PodRuntime {
  const pools = new Map<string, AddressPool>();
  const now = (): number => insideClock.now();
  const userland = createUserland(now, toolPrograms());
  const nodeProcesses = new Map<string, ProcessTable>();
  const poolOf = (cidr: string): AddressPool => {
    const pool = pools.get(cidr) ?? new AddressPool(cidr);
    pools.set(cidr, pool);
    return pool;
  };
  const nodeTable = (node: string): ProcessTable => {
    const table = nodeProcesses.get(node) ?? createProcessTable();
    nodeProcesses.set(node, table);
    return table;
  };
  const cgroups = createCgroups();
  const volumes = createVolumeStore(now, cgroups.of);
  const newId = (): string => (random.uuid() + random.uuid()).replaceAll('-', '');
  return {
    version: 'simulated://1.0.0',
    volumes: {
      ...volumes,
      image: async (reference, pod) =>
        userland.contentOf(await catalog.imageFor({ name: '', image: reference }, pod)).base,
    },
    images: createImageStore(clock, catalog),
    forgetNode: (node) => {
      nodeProcesses.delete(node);
      volumes.leave(node);
    },
    createSandbox: async (pod, { name: node, addresses, podCIDRs }) => {
      const isHost = pod.spec?.hostNetwork === true;
      const taken = isHost ? [] : podCIDRs.map((cidr, index) => poolOf(cidr).take(pod.status?.podIPs?.[index]?.ip));
      const ips = isHost ? addresses : taken.map(({ address }) => address);
      const namespace = isHost ? network.node(node, addresses) : network.open({ node, ips, pod: keyOf(pod) });
      const hostPorts = openHostPorts(network, pod, { node, ips: isHost ? [] : ips });
      const hostname = sandboxHostname(pod, node, clusterDomain);
      const processes = createPodProcesses(pod, () => nodeTable(node), {
        clock,
        insideClock,
        random,
        network: namespace,
        hostname,
        node,
      });
      const podGroup = cgroups.open(node, pod);
      return {
        ips,
        network: namespace,
        nodeNetwork: isHost ? namespace : network.node(node, addresses),
        startContainer: async (config) => {
          const { container, attempt, environment, mounts, log } = config;
          const name = container.image ?? '';
          const { args, image } = launchOf(container, await catalog.imageFor(container, pod));
          const prepare = async (): Promise<void> => {
            await Promise.all(mounts.map((mount) => mount.prepare?.()));
          };
          const id = newId();
          const group = podGroup.container(id, container.resources);
          const common = { id: `simulated://${id}`, imageID: imageIdOf(name), clock };
          const whole = (first?: FirstProcess): StartedContainer => {
            const content = userland.contentOf(image);
            const facts = { hostname, node, pod, container, attempt };
            const table = processes.tableFor(container);
            const { devices } = userland;
            const layer = containerLayer(content, now, config.onWritten);
            const startedAt = first?.insideStartedAt ?? now();
            const files = containerFiles(config, { layer, facts, table, now, startedAt, devices, cgroup: group.tree });
            const started = startContainer({
              ...common,
              ...(first === undefined ? {} : { first }),
              insideClock,
              random,
              facts,
              args,
              environment: new Map([
                ['PATH', defaultPath],
                ['HOSTNAME', hostname],
                ...Object.entries(image.environment ?? {}),
                ...environment,
              ]),
              user: credentialsOf(pod, container, files, image.user),
              ...(image.stopSignal === undefined ? {} : { stopSignal: image.stopSignal }),
              cwd: container.workingDir || image.workingDir || '/',
              files,
              network: namespace,
              programs: content.programs,
              ...(content.unknownProgram === undefined ? {} : { unknownProgram: content.unknownProgram }),
              table,
              log,
              prepare,
              ...(config.onMemory === undefined ? {} : { onMemory: config.onMemory }),
              get memoryLimit() {
                return group.memoryLimit;
              },
            });
            const written = (): DiskUsage => ({
              bytes: layer.usedBytes + (image.writtenBytes ?? 0),
              files: layer.usedFiles,
            });
            if (image.writtenBytes !== undefined) config.onWritten?.({ bytes: image.writtenBytes, files: 0 });
            return Object.assign(started, { setResources: group.set, written });
          };
          const words = isShared(pod) ? undefined : wordsOfIdle(image, { pod, container });
          if (words !== undefined) {
            if (words !== '') log('stdout', words);
            const first = { program: server, startedAt: clock.now(), insideStartedAt: now() };
            const closed = (): void => group.close();
            return new IdleContainer({ ...common, mounts, whole: () => whole(first), setResources: group.set, closed });
          }
          // What nobody knows reads no files.
          if (image.anyProgram === undefined || container.command !== undefined) await prepare();
          // Code that is fetched meanwhile would let a container run that does nothing yet.
          await firstProgram(userland.contentOf(image), args)?.load?.();
          const started = whole();
          void started.exited.then(() => group.close());
          return started;
        },
        close: () => {
          processes.close();
          podGroup.close();
          hostPorts.close();
          if (!isHost) namespace.close();
          for (const { release } of taken) release();
        },
      };
    },
  };
}

/** Undefined: only its files can tell, or nobody. */
function firstProgram({ programs, unknownProgram }: ImageContent, [path = '']: readonly string[]): Program | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return programs.get(path) ?? programs.get(name) ?? unknownProgram?.(name);
}

/** Whether its containers' processes are seen by others. */
function isShared({ spec }: Readonly<Pod>): boolean {
  return spec?.shareProcessNamespace === true || spec?.hostPID === true;
}

/** What a container says that then does nothing at all; undefined: it does something, or may be talked to or stopped in its own way. */
function wordsOfIdle(image: Image, facts: { readonly pod: Readonly<Pod>; readonly container: Container }) {
  const { command = [], tty = false, stdin = false, lifecycle, resources } = facts.container;
  const isPlain = command.length === 0 && !tty && !stdin && lifecycle?.stopSignal === undefined;
  const isBound = resources?.limits?.['memory'] !== undefined;
  return isPlain && !isBound && image.stopSignal === undefined ? image.idleWords?.(facts) : undefined;
}
