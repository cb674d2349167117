import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from '../../framework/controller.ts';
import type { EventRecorder } from '../../framework/event-recorder.ts';
import { podsOn } from '../pods-by-node.ts';
import {
  hasNoExecute,
  missingLabels,
  notReadyTaint,
  taintsOf,
  unreachableTaint,
  withNoExecute,
} from './condition-taints.ts';
import { type Node, type Pod, readyCondition } from './kinds.ts';
import type { NodeHealth } from './node-health.ts';
import { addLabels, changeTaints, markPodNotReady, markUnknown, type NodeWriterDeps } from './node-writes.ts';
import { type ZoneQueue, Zones, zoneKey } from './zones.ts';

const controller = 'node-lifecycle-controller';
const exclusionLabel = 'node.kubernetes.io/exclude-disruption';
/** Nodes that are written side by side. */
const parallelWrites = 8;

export interface MonitorDeps {
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly health: NodeHealth;
  /** Has `taint` called in that time. */
  taintAfter(ms: number): void;
}

/** Acts on what nodes say, or no longer say. */
export class NodeMonitor {
  readonly #deps: MonitorDeps;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #writer: NodeWriterDeps;
  readonly #zones = new Zones();
  /** Silent nodes of whose pods some are still to be marked: it failed. */
  readonly #unmarked = new Set<string>();
  /** Uid by name. */
  readonly #known = new Map<string, string>();

  constructor(context: ControllerContext, deps: MonitorDeps) {
    this.#deps = deps;
    this.#context = context;
    this.#events = context.recorder('node-controller');
    this.#writer = { client: context.client, clock: context.clock, events: this.#events };
  }

  /** A look at all nodes: cheap for those about which there is nothing to do. */
  async look(): Promise<void> {
    const { options } = this.#context;
    const grace = { monitorMs: options.nodeMonitorGracePeriodMs, startupMs: options.nodeStartupGracePeriodMs };
    const nodes = this.#deps.nodes.list();
    this.#register(nodes);
    const now = this.#now();
    const ready = new Map<string, (string | undefined)[]>();
    const jobs: (() => Promise<void>)[] = [];
    const settle = (node: Readonly<Node>): void => {
      if (node.metadata?.labels?.[exclusionLabel] === undefined) {
        const statuses = ready.get(zoneKey(node));
        if (statuses === undefined) ready.set(zoneKey(node), [readyCondition(node)?.status]);
        else statuses.push(readyCondition(node)?.status);
      }
    };
    for (const node of nodes) {
      const isSilent = this.#deps.health.isSilent(node, now, grace) && readyCondition(node)?.status !== 'Unknown';
      if (isSilent) jobs.push(() => this.#silent(node, settle));
      else {
        settle(node);
        const job = this.#evictionTaints(node);
        if (job !== undefined) jobs.push(job);
        const { name = '' } = node.metadata ?? {};
        if (!this.#unmarked.has(name)) continue;
        if (readyCondition(node)?.status === 'True') this.#unmarked.delete(name);
        else jobs.push(() => this.#markPods(name));
      }
    }
    await this.#all(jobs);
    await this.#disruption(ready, nodes);
    this.#deps.taintAfter(0);
  }

  /** Lets the next nodes of each zone have their NoExecute taint. */
  async taint(): Promise<void> {
    for (const queue of this.#zones.queues()) {
      for (let name = queue.take(this.#now()); name !== undefined; name = queue.take(this.#now()))
        await this.#swap(name, ({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.status);
      const waitMs = queue.waitMs(this.#now());
      if (waitMs !== undefined) this.#deps.taintAfter(Math.max(waitMs, 100));
    }
  }

  /** NoSchedule taints and the older labels. */
  async label(name: string): Promise<void> {
    const node = this.#deps.nodes.get(name);
    if (node === undefined) return;
    await changeTaints(this.#writer, name, (newest) => taintsOf(newest, this.#now()));
    const labels = missingLabels(node);
    if (labels !== undefined) await addLabels(this.#writer, name, labels);
  }

  /** It has come to a node that is not ready. */
  async markPod(key: string): Promise<void> {
    const pod = this.#deps.pods.get(key);
    const node = this.#deps.nodes.get(pod?.spec?.nodeName ?? '');
    if (pod === undefined || node === undefined) return;
    const ready = readyCondition(node);
    if (ready !== undefined && ready.status !== 'True') await markPodNotReady(this.#writer, pod);
  }

  #now(): number {
    return this.#context.clock.now();
  }

  #queueOf(node: Readonly<Node>): ZoneQueue {
    return this.#zones.queueOf(zoneKey(node));
  }

  #record(name: string, uid: string, reason: string, message: string): void {
    this.#events.record({ kind: 'Node', apiVersion: 'v1', name, uid }, 'Normal', reason, message);
  }

  #register(nodes: readonly Readonly<Node>[]): void {
    for (const node of nodes) {
      const { name = '', uid = '' } = node.metadata ?? {};
      if (this.#known.has(name)) continue;
      this.#known.set(name, uid);
      const message = `Node ${name} event: Registered Node ${name} in Controller`;
      this.#record(name, uid, 'RegisteredNode', message);
      this.#queueOf(node);
    }
    if (this.#known.size === nodes.length) return;
    const present = new Set(nodes.map(({ metadata }) => metadata?.name ?? ''));
    for (const [name, uid] of this.#known) {
      if (present.has(name)) continue;
      this.#known.delete(name);
      this.#unmarked.delete(name);
      this.#record(name, uid, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    }
  }

  async #silent(node: Readonly<Node>, settle: (node: Readonly<Node>) => void): Promise<void> {
    const marked = await markUnknown(this.#writer, node);
    if (marked === undefined) return;
    settle(marked.node);
    await this.#evictionTaints(marked.node)?.();
    if (marked.before !== 'True' || readyCondition(marked.node)?.status === 'True') return;
    const { name = '', uid = '' } = node.metadata ?? {};
    this.#record(name, uid, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    this.#unmarked.add(name);
    await this.#markPods(name);
  }

  async #markPods(name: string): Promise<void> {
    for (const pod of podsOn(this.#deps.pods, name)) await markPodNotReady(this.#writer, pod);
    this.#unmarked.delete(name);
  }

  /** One taint becomes the other at once; the first one waits for its zone; a ready node loses them. */
  #evictionTaints(node: Readonly<Node>): (() => Promise<void>) | undefined {
    const { name = '' } = node.metadata ?? {};
    const status = readyCondition(node)?.status;
    const hasNotReady = hasNoExecute(node, notReadyTaint);
    const hasUnreachable = hasNoExecute(node, unreachableTaint);
    if (status === 'True') {
      this.#queueOf(node).remove(name);
      return hasNotReady || hasUnreachable ? () => this.#swap(name, () => 'True') : undefined;
    }
    if (status !== 'False' && status !== 'Unknown') return undefined;
    const [own, opposite] = status === 'False' ? [hasNotReady, hasUnreachable] : [hasUnreachable, hasNotReady];
    if (opposite) return () => this.#swap(name, () => status);
    if (!own) this.#queueOf(node).add(name);
    return undefined;
  }

  /** The NoExecute taint that goes with a status of the Ready condition, and no other. */
  async #swap(name: string, statusOf: (node: Readonly<Node>) => string | undefined): Promise<void> {
    await changeTaints(this.#writer, name, (node) => {
      const taints = node.spec?.taints ?? [];
      const status = statusOf(node);
      if (status === undefined) return taints;
      const key = status === 'False' ? notReadyTaint : status === 'Unknown' ? unreachableTaint : '';
      return withNoExecute(taints, key, this.#now());
    });
  }

  async #disruption(
    ready: ReadonlyMap<string, readonly (string | undefined)[]>,
    nodes: readonly Readonly<Node>[],
  ): Promise<void> {
    const change = this.#zones.update(ready, this.#now());
    if (change === 'ends') this.#deps.health.hearAll(this.#now());
    if (change !== 'begins') return;
    for (const node of nodes) this.#queueOf(node).remove(node.metadata?.name ?? '');
    const isTainted = (node: Readonly<Node>): boolean =>
      hasNoExecute(node, notReadyTaint) || hasNoExecute(node, unreachableTaint);
    await this.#all(nodes.filter(isTainted).map((node) => () => this.#swap(node.metadata?.name ?? '', () => 'True')));
  }

  /** A failure about one node says nothing about the others; the next look tries again. */
  async #all(jobs: (() => Promise<void>)[]): Promise<void> {
    const rest = jobs.values();
    const work = async (): Promise<void> => {
      for (const job of rest)
        try {
          await job();
        } catch (error) {
          this.#context.onError(error, controller);
        }
    };
    await Promise.all(Array.from({ length: Math.min(parallelWrites, jobs.length) }, work));
  }
}
