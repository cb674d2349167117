import type { ApiClient } from '../api/client.ts';
import type { LocalNodes } from '../api/streams/node-connection.ts';
import type { OutsideOptions } from '../runtime/dns/outside.ts';
import type { ControllerDefinition } from '../runtime/framework/controller.ts';
import type { RunningManager } from '../runtime/framework/manager.ts';
import type { Metrics } from '../runtime/framework/metrics.ts';
import { type ControllerManagerOptions, defaultOptions } from '../runtime/framework/options.ts';
import type { Kubelet } from '../runtime/kubelet/kubelet.ts';
import type { KubeletsOptions } from '../runtime/kubelet/start.ts';
import type { StaticPodSource } from '../runtime/kubelet/static-pods.ts';
import type { EntryPorts } from './entry-ports.ts';
import { type ImagesOptions, openImages } from './images.ts';
import { type NetworkSetup, networkDefinitions, openNetwork } from './network.ts';
import type { NodeLifeOptions } from './node-life-options.ts';
import type { SigningKeys } from './signing.ts';
import { systemClock, systemRandom } from './system.ts';

export interface ControllersSetup {
  /** As `--controllers`. */
  readonly names: readonly string[];
  /** Whether pods are given nodes, too. */
  readonly scheduler: boolean;
  /** How many simulated nodes, and which version they say they are. */
  readonly nodes: number;
  readonly images: ImagesOptions;
  /** How fast time passes in simulated containers. */
  readonly timeFactor?: number;
  /** Default: as a kubelet without a configuration. */
  readonly nodeLife?: NodeLifeOptions;
  /** Undefined: nodes run what they are told to alone. */
  readonly podManifestFolder?: string | undefined;
  readonly release: string;
  readonly network: NetworkSetup;
  /** Name of the one that is made; empty: none. */
  readonly defaultStorageClass: string;
  /** Of this machine, that lead to the cluster's names and Ingresses. */
  readonly entries?: EntryPorts;
  /** Names that pods find beside the cluster's, with their addresses. */
  readonly hosts?: ReadonlyMap<string, readonly string[]>;
  readonly options: Pick<ControllerManagerOptions, 'rootCA'> & Partial<ControllerManagerOptions>;
  readonly keys: SigningKeys;
  clientFor(controller: string): ApiClient;
  readonly metrics: Metrics;
  onError(error: unknown, controller: string): void;
}

export interface RunningControllers extends RunningManager {
  /** The nodes that run with them. */
  readonly nodes: LocalNodes | undefined;
  /** Ends the pods of nodes that are to be given time. */
  shutDownNodes(): Promise<void>;
}

/** Nothing of the controllers and the scheduler is loaded where none is to run. */
export async function openControllers(setup: ControllersSetup): Promise<RunningControllers | undefined> {
  const { names, scheduler, nodes, options, keys, clientFor, metrics, onError } = setup;
  const hasControllers = names.some((name) => !name.startsWith('-'));
  if (!hasControllers && !scheduler && nodes === 0) return undefined;
  const { createSigning } = await import('./signing.ts');
  const { chosenControllers, startManager } = await import('../runtime/framework/manager.ts');
  const definitions = hasControllers ? (await import('../runtime/controllers/catalog.ts')).controllerDefinitions : [];
  const scheduling = scheduler ? [(await import('../runtime/scheduler/definition.ts')).schedulerDefinition()] : [];
  const simulated = nodes > 0 ? await simulatedNodes(setup) : undefined;
  const kubelets = simulated === undefined ? [] : simulated.definitions;
  const { defaultStorageClass: className } = setup;
  const storage =
    nodes > 0 && hasControllers && className !== ''
      ? [(await import('../runtime/controllers/volumes/default-storage-class.ts')).defaultStorageClass(className)]
      : [];
  const parts = [...chosenControllers(definitions, names), ...scheduling, ...kubelets, ...storage];
  const manager = startManager(parts, {
    clientFor,
    clock: systemClock,
    random: systemRandom,
    options: { ...defaultOptions, signing: createSigning(keys), ...options },
    metrics,
    onError,
  });
  return { ...manager, nodes: simulated?.nodes, shutDownNodes: async () => simulated?.shutDown() };
}

/** Of simulated pods, as kubelets hand their addresses out. */
const podRange = '10.244.0.0/14';
/** More have pods beyond the default range. */
const nodesInRange = 256;
/** Where the cluster's names are answered. */
const dnsServer = '172.18.255.253';
/** Where Ingresses are served. */
const ingressGateway = '172.18.255.252';

export interface SimulatedSetup
  extends Pick<
    ControllersSetup,
    'nodes' | 'images' | 'timeFactor' | 'nodeLife' | 'podManifestFolder' | 'release' | 'network' | 'entries' | 'hosts'
  > {
  readonly options: Partial<ControllerManagerOptions>;
  /** Of kubelets that serve a port of this machine. */
  readonly kubelet?: Pick<KubeletsOptions, 'names' | 'endpointOf' | 'labels' | 'taints'>;
}

export interface SimulatedNodes {
  readonly definitions: readonly ControllerDefinition[];
  readonly nodes: LocalNodes;
  /** Ends their pods when they are to be given time. */
  shutDown(): Promise<void>;
}

/** What is said of names outside of the cluster. */
async function outsideNames({ network, hosts }: SimulatedSetup): Promise<OutsideOptions> {
  const known = hosts === undefined ? {} : { hosts };
  return network.outside ? { ...known, otherwise: (await import('./host-resolver.ts')).createHostResolver() } : known;
}

async function openManifests({ podManifestFolder }: SimulatedSetup): Promise<StaticPodSource | undefined> {
  if (podManifestFolder === undefined) return undefined;
  return (await import('./static-pods.ts')).openStaticPods(podManifestFolder);
}

/** Kubelets, and what pods find on their network. */
export async function simulatedNodes(setup: SimulatedSetup): Promise<SimulatedNodes> {
  const { nodes: count, release: kubeletVersion } = setup;
  const { serviceClusterIPRange: serviceRange, clusterCIDR } = { ...defaultOptions, ...setup.options };
  const { kubeletsDefinition } = await import('../runtime/kubelet/start.ts');
  const { createSimulatedRuntime } = await import('../runtime/simulated/simulated-runtime.ts');
  const { scaledClock } = await import('../runtime/simulated/scaled-clock.ts');
  const { createLocalNodes } = await import('../runtime/kubelet/server/local-nodes.ts');
  const images = await openImages(setup.images);
  const network = await openNetwork(setup.network);
  const nodes = createLocalNodes({ network, ranges: [podRange, ...serviceRange.split(',')] });
  const { dnsAddress, kubeDnsDefinition } = await import('../runtime/dns/kube-dns.ts');
  const running = new Map<string, Kubelet>();
  const { shutdown = [], maxBackOffMs, eviction } = setup.nodeLife ?? {};
  const leave = (name: string): void => {
    nodes.remove(name);
    running.delete(name);
  };
  const kubelets = kubeletsDefinition({
    count,
    maxBackOffMs,
    eviction,
    kubeletVersion,
    ...setup.kubelet,
    nameService: {
      clusterDomain: 'cluster.local',
      clusterServers: [dnsAddress(serviceRange)],
      nodeServers: [dnsServer],
      nodeSearches: [],
    },
    staticPods: await openManifests(setup),
    createRuntime: (context) => {
      const insideClock = scaledClock(context.clock, setup.timeFactor ?? 1);
      return createSimulatedRuntime({ ...context, insideClock, network, catalog: images.catalog });
    },
    onNode: (name, host) => {
      nodes.add(name, host);
      running.set(name, host);
    },
    // Who brings nodes to another cluster brings those that were asked for.
    added: setup.kubelet === undefined ? { left: leave, ended: (name) => network.forgetNode(name) } : undefined,
  });
  const { ingressDefinition } = await import('../runtime/ingress/ingress-controller.ts');
  const entries =
    setup.entries === undefined ? undefined : (await import('./entry-ports.ts')).createEntries(setup.entries);
  const dns = kubeDnsDefinition({
    network,
    address: dnsServer,
    outside: await outsideNames(setup),
    isPublished: setup.kubelet === undefined,
    ...(entries === undefined ? {} : { onReady: entries.dns }),
  });
  const ingress = ingressDefinition({
    network,
    address: ingressGateway,
    fallbackCertificate: async () => (await import('./entry-ports.ts')).fallbackCertificate(),
    ...(entries === undefined ? {} : { onReady: entries.ingress }),
  });
  const podRanges = count > nodesInRange ? [podRange] : clusterCIDR.split(',');
  const onNetwork = await networkDefinitions(network, setup.network, { podRanges, dnsServer });
  const shutDown = async (): Promise<void> => {
    if (shutdown.length > 0) await Promise.all([...running.values()].map((one) => one.shutDown(shutdown)));
  };
  // Whoever brings nodes to another cluster leaves its Ingresses to others.
  const gateways = setup.entries === undefined ? [] : [ingress];
  return { definitions: [...onNetwork, images.definition, kubelets, dns, ...gateways], nodes, shutDown };
}
