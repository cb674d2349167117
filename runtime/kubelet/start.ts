import type { Random } from '../../api/clock.ts';
import type { Informer } from '../client/informer.ts';
import { indexByNode, podsOn } from '../controllers/pods-by-node.ts';
import type { ControllerContext, ControllerDefinition } from '../framework/controller.ts';
import { AddedNodes, type AddedNodesDeps } from './added-nodes.ts';
import { maxBackOffMs } from './back-off.ts';
import type { NameService } from './environment/resolver-config.ts';
import { allocatableOf } from './eviction/allocatable.ts';
import { defaultSettings } from './eviction/settings.ts';
import type { EvictionSettings } from './eviction/thresholds.ts';
import { Kubelet } from './kubelet.ts';
import { LogBudget } from './logs/log-budget.ts';
import { NodePlaces, placeOf } from './node-places.ts';
import type { Node, NodeOptions } from './node-status.ts';
import type { Pod, PodRuntime } from './pod-runtime.ts';
import { PodSetup } from './pod-setup.ts';
import { podResource } from './pod-worker.ts';
import { freeAmong } from './requested-node.ts';
import { Schedule } from './schedule.ts';
import type { StaticPodSource } from './static-pods.ts';

export interface KubeletsOptions {
  /** How many nodes: `node-0`, `node-1` and so on. */
  readonly count: number;
  readonly kubeletVersion: string;
  /** Default: `node-` and a number, as many as are counted. */
  readonly names?: readonly string[] | undefined;
  /** Where the kubelets serve; they count from 0. */
  endpointOf?(index: number): NodeOptions['endpoint'];
  /** Of each node when it is registered. */
  readonly labels?: NodeOptions['labels'] | undefined;
  readonly taints?: NodeOptions['taints'];
  /** How pods find names: the cluster's own service, or the nodes' servers. */
  readonly nameService: NameService;
  /** What nodes run by themselves. */
  readonly staticPods?: StaticPodSource | undefined;
  createRuntime(context: { readonly clock: ControllerContext['clock']; readonly random: Random }): PodRuntime;
  /** Between restarts of a container that fails again and again; default: 5 minutes. */
  readonly maxBackOffMs?: number | undefined;
  /** When pods are sent away; default: upstream's. */
  readonly eviction?: EvictionSettings | undefined;
  /** How the control plane reaches a node. */
  onNode(name: string, host: Kubelet): void;
  /** Undefined: no nodes come and go but those of `names`. */
  readonly added?: AddedNodesEvents | undefined;
}

/** What follows nodes that are created and deleted while the cluster runs. */
export interface AddedNodesEvents {
  /** Its kubelet is not to be reached any more. */
  left(name: string): void;
  /** All that ran on it has ended. */
  ended(name: string): void;
}

const capacity = {
  cpu: '16',
  memory: '64Gi',
  pods: '110',
  'ephemeral-storage': '100Gi',
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
};

const nodeResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const fewNodes = 1000;
const fastRenewMs = 10_000;
/** Of many nodes, which still is well within what the control plane waits for. */
const slowRenewMs = 20_000;
/** Nodes that register at a time. */
const atOnce = 32;

function nodeOptions(
  index: number,
  given: KubeletsOptions,
  allocatable: NodeOptions['allocatable'] = capacity,
): NodeOptions {
  const { kubeletVersion, names, endpointOf, labels = {}, taints } = given;
  const { address, podCIDR } = placeOf(index);
  return {
    name: names?.[index] ?? `node-${index}`,
    address,
    endpoint: endpointOf?.(index),
    podCIDR,
    kubeletVersion,
    capacity,
    allocatable,
    labels,
    taints,
  };
}

/** The kubelets of this process: one informer of pods tells each of its own. */
export function kubeletsDefinition(given: KubeletsOptions): ControllerDefinition {
  const { count, createRuntime, onNode } = given;
  const name = 'kubelet';
  return {
    name,
    start: (context, signal) => {
      const { client, clock, random, informers } = context;
      const runtime = createRuntime({ clock, random });
      const pods = informers.of<Pod>(podResource);
      const recorder = context.recorder(name);
      const onError = (error: unknown): void => context.onError(error, name);
      const store = runtime.volumes;
      const setup = new PodSetup({
        client,
        clock,
        random,
        informers,
        store,
        recorder,
        names: given.nameService,
        onError,
      });
      const deps = {
        client,
        clock,
        runtime,
        pods,
        recorder,
        setup,
        schedule: new Schedule(clock),
        maxBackOffMs: given.maxBackOffMs ?? maxBackOffMs,
        logBudget: new LogBudget(),
        staticPods: given.staticPods,
        eviction: given.eviction,
        onError,
      };
      const kubelets = new Map<string, Kubelet>();
      const limit = limited(atOnce);
      const make = (options: NodeOptions, renewal: { renewMs: number; firstRenewMs: number }): Kubelet => {
        const own = { recorder: context.recorder(name, options.name), ...renewal };
        const kubelet = new Kubelet(options, { ...deps, ...own });
        kubelets.set(options.name, kubelet);
        onNode(options.name, kubelet);
        return kubelet;
      };
      const allocatable = allocatableOf(capacity, given.eviction ?? defaultSettings);
      const renewMs = count > fewNodes ? slowRenewMs : fastRenewMs;
      const fixed = Array.from({ length: count }, (_, index) =>
        make(nodeOptions(index, given, allocatable), { renewMs, firstRenewMs: (renewMs * index) / count }),
      );
      const nodes = informers.of<Node>(nodeResource);
      if (given.added !== undefined) indexByNode(pods);
      const added =
        given.added === undefined
          ? undefined
          : addedNodes(given, {
              nodes,
              allocatable,
              begin: (options, signal) => {
                const renewMs = kubelets.size > fewNodes ? slowRenewMs : fastRenewMs;
                const kubelet = make(options, { renewMs, firstRenewMs: renewMs * random.next() });
                void limit(() => kubelet.start(signal));
                for (const pod of podsOn(pods, options.name)) kubelet.sync(pod);
                return kubelet;
              },
              leave: (node) => kubelets.delete(node),
              gone: (node) => runtime.forgetNode?.(node),
              onError,
            });
      const see = (node: Readonly<Node>): void => {
        added?.see(node);
        kubelets.get(node.metadata?.name ?? '')?.updateNode(node);
      };
      nodes.subscribe({
        added: see,
        updated: see,
        deleted: ({ metadata: { name = '' } = {} }) => {
          if (kubelets.has(name)) added?.end(name);
          else given.added?.ended(name);
        },
      });
      const kubeletOf = ({ spec }: Readonly<Pod>): Kubelet | undefined => kubelets.get(spec?.nodeName ?? '');
      pods.subscribe({
        added: (pod) => kubeletOf(pod)?.sync(pod),
        updated: (pod) => kubeletOf(pod)?.sync(pod),
        deleted: (pod) => kubeletOf(pod)?.forget(pod),
      });
      signal.addEventListener('abort', () => {
        for (const kubelet of fixed) kubelet.close();
        added?.close();
      });
      const started = Promise.all(fixed.map((kubelet) => limit(() => kubelet.start(signal))));
      return { name, queues: [], ended: started.then(() => whenAborted(signal)) };
    },
  };
}

interface AddedNodesPlace extends Pick<AddedNodesDeps, 'begin' | 'leave' | 'gone' | 'onError'> {
  readonly nodes: Informer<Node>;
  readonly allocatable: NonNullable<NodeOptions['allocatable']>;
}

function addedNodes({ count, kubeletVersion, added }: KubeletsOptions, deps: AddedNodesPlace): AddedNodes {
  return new AddedNodes({
    places: new NodePlaces(count),
    usual: { kubeletVersion, capacity, allocatable: deps.allocatable },
    isFree: freeAmong(deps.nodes),
    begin: deps.begin,
    leave: (name) => {
      deps.leave(name);
      added?.left(name);
    },
    gone: (name) => {
      deps.gone(name);
      added?.ended(name);
    },
    onError: deps.onError,
  });
}

/** A few at a time: each asks the API server for several things. */
function limited(atOnce: number): (work: () => Promise<void>) => Promise<void> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
