import type { Random } from '../../api/clock.ts';
import type { ControllerContext, ControllerDefinition } from '../framework/controller.ts';
import { maxBackOffMs } from './back-off.ts';
import type { NameService } from './environment/resolver-config.ts';
import { Kubelet } from './kubelet.ts';
import { LogBudget } from './logs/log-budget.ts';
import type { Node, NodeOptions } from './node-status.ts';
import type { Pod, PodRuntime } from './pod-runtime.ts';
import { PodSetup } from './pod-setup.ts';
import { podResource } from './pod-worker.ts';
import { Schedule } from './schedule.ts';
import type { KubeletHost } from './server/kubelet-host.ts';
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
  /** How the control plane reaches a node. */
  onNode(name: string, host: KubeletHost): void;
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
const renewMs = 10_000;
/** Of many nodes, which still is well within what the control plane waits for. */
const slowRenewMs = 20_000;
/** Nodes that register at a time. */
const atOnce = 32;

/** From 10.244.0.0/14 and on, then from 10.128.0.0: 5,000 nodes and more have one each. */
function podCIDROf(index: number): string {
  const own = 256 * 12;
  const second = index < own ? 244 + Math.floor(index / 256) : 128 + Math.floor((index - own) / 256);
  return `10.${second}.${index % 256}.0/24`;
}

/** Nodes stand in a network of their own; pods' networks come from the cluster's range. */
function nodeOptions(index: number, given: KubeletsOptions): NodeOptions {
  const { kubeletVersion, names, endpointOf, labels = {}, taints } = given;
  return {
    name: names?.[index] ?? `node-${index}`,
    address: `172.18.${Math.floor((index + 2) / 256)}.${(index + 2) % 256}`,
    endpoint: endpointOf?.(index),
    podCIDR: podCIDROf(index),
    kubeletVersion,
    capacity,
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
        maxBackOffMs,
        logBudget: new LogBudget(),
        renewMs: count > fewNodes ? slowRenewMs : renewMs,
        staticPods: given.staticPods,
        onError,
      };
      const kubelets = new Map<string, Kubelet>();
      for (let index = 0; index < count; index++) {
        const options = nodeOptions(index, given);
        const own = { recorder: context.recorder(name, options.name), firstRenewMs: (deps.renewMs * index) / count };
        const kubelet = new Kubelet(options, { ...deps, ...own });
        kubelets.set(options.name, kubelet);
        onNode(options.name, kubelet);
      }
      informers.of<Node>(nodeResource).subscribe({
        added: (node) => kubelets.get(node.metadata?.name ?? '')?.updateNode(node),
        updated: (node) => kubelets.get(node.metadata?.name ?? '')?.updateNode(node),
      });
      const kubeletOf = ({ spec }: Readonly<Pod>): Kubelet | undefined => kubelets.get(spec?.nodeName ?? '');
      pods.subscribe({
        added: (pod) => kubeletOf(pod)?.sync(pod),
        updated: (pod) => kubeletOf(pod)?.sync(pod),
        deleted: (pod) => kubeletOf(pod)?.forget(pod),
      });
      const ended = startAll([...kubelets.values()], signal).then(() => whenAborted(signal));
      return { name, queues: [], ended };
    },
  };
}

/** A few at a time: each asks the API server for several things. */
async function startAll(kubelets: readonly Kubelet[], signal: AbortSignal): Promise<void> {
  signal.addEventListener('abort', () => {
    for (const kubelet of kubelets) kubelet.close();
  });
  const waiting = kubelets.values();
  const next = async (): Promise<void> => {
    for (const kubelet of waiting) await kubelet.start(signal);
  };
  await Promise.all(Array.from({ length: atOnce }, next));
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
