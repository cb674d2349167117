import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { Informer } from '../client/informer.ts';
import type { EventRecorder } from '../framework/event-recorder.ts';
import { NodeAdmission, type Rejection } from './admission.ts';
import { Eviction } from './eviction/eviction.ts';
import { roomOf } from './eviction/observations.ts';
import { reclaimDisk } from './eviction/reclaim.ts';
import { defaultSettings } from './eviction/settings.ts';
import type { EvictionSettings } from './eviction/thresholds.ts';
import { ImageManager } from './image-manager.ts';
import type { LogBudget } from './logs/log-budget.ts';
import { NodeAgent } from './node-agent.ts';
import { endPods, type ShutdownPeriod, shutdownRejection, shuttingDown } from './node-shutdown.ts';
import type { Node, NodeOptions } from './node-status.ts';
import { inResizeOrder } from './pod-resize.ts';
import type { DiskUsage, NodeFacts, Pod, PodRuntime } from './pod-runtime.ts';
import type { PodSetup } from './pod-setup.ts';
import { PodWorker } from './pod-worker.ts';
import { criticalPriority } from './preemption.ts';
import type { Schedule } from './schedule.ts';
import type { HostedPod, KubeletHost } from './server/kubelet-host.ts';
import { hashOf, type StaticPodSource, StaticPods } from './static-pods.ts';

export interface KubeletDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly runtime: PodRuntime;
  /** Of all pods, shared by the kubelets of a process, which tells each of its own. */
  readonly pods: Pick<Informer<Pod>, 'subscribe' | 'get'>;
  readonly recorder: EventRecorder;
  /** Shared by the kubelets of a process. */
  readonly schedule: Schedule;
  readonly setup: Pick<PodSetup, 'prepare'>;
  readonly maxBackOffMs: number;
  /** When pods are sent away; default: upstream's. */
  readonly eviction?: EvictionSettings | undefined;
  /** Undefined: nodes run what they are told to alone. */
  readonly staticPods: StaticPodSource | undefined;
  readonly logBudget?: LogBudget;
  /** Between renewals of the node's lease, and until the first. */
  readonly renewMs: number;
  readonly firstRenewMs: number;
  onError(error: unknown): void;
}

/** One node: registers it, keeps it alive, and runs the pods that are bound to it. */
export class Kubelet implements KubeletHost {
  readonly #deps: KubeletDeps;
  readonly #agent: NodeAgent;
  readonly #workers = new Map<string, PodWorker>();
  readonly #admission = new NodeAdmission();
  readonly #images: ImageManager;
  readonly #eviction: Eviction;
  readonly #static: StaticPods | undefined;
  /** Pods that wait for a fresh look at the node, as they are by now. */
  readonly #waiting = new Map<string, Readonly<Pod>>();
  /** For resizes of these. */
  #makingRoom: Set<string> | undefined;
  #isShuttingDown = false;
  readonly startedAt: number;
  readonly kubeletVersion: string;
  readonly capacity: Readonly<Record<string, string>>;

  constructor(options: NodeOptions, deps: KubeletDeps) {
    this.#deps = deps;
    const { images, volumes } = deps.runtime;
    this.#images = new ImageManager(deps.clock, images, options.name, ({ sizeBytes }) =>
      this.#eviction.wrote({ bytes: sizeBytes, files: 0 }),
    );
    const { client, clock, onError, staticPods, schedule } = deps;
    const mirrors = (): Readonly<Pod>[] =>
      [...this.#workers.values()].map(({ pod }) => pod).filter((pod) => hashOf(pod) !== undefined);
    this.#static =
      staticPods === undefined
        ? undefined
        : new StaticPods(staticPods, { client, clock, node: options.name, mirrors, onError });
    this.startedAt = deps.clock.now();
    this.kubeletVersion = options.kubeletVersion;
    this.capacity = options.capacity;
    const onNode = (node: Node): void => this.#admission.setNode(node);
    this.#agent = new NodeAgent(options, {
      ...deps,
      version: deps.runtime.version,
      images: deps.runtime.images,
      onNode,
    });
    this.#eviction = new Eviction({
      clock,
      schedule,
      store: volumes,
      startedAt: this.startedAt,
      settings: deps.eviction ?? defaultSettings,
      room: roomOf(options, deps.eviction ?? defaultSettings),
      pods: () => this.#workers.values(),
      ownDisk: () => this.ownDisk(),
      reclaim: () => {
        const pods = (): Iterable<PodWorker> => this.#workers.values();
        reclaimDisk({ node: options.name, images, pods }, clock.now());
      },
      onPressure: (pressures) => {
        void this.#agent.tell({ pressures }).catch(onError);
        this.#retryResizes();
      },
      event: (type, reason, message) => this.#agent.event(type, reason, message),
      onError,
    });
  }

  /** Registers the node; it is kept alive until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#agent.start(signal);
    this.#static?.begin();
  }

  /** Nothing runs any more. */
  close(): void {
    this.#static?.close();
    this.#eviction.close();
    for (const worker of this.#workers.values()) worker.close();
  }

  /** Its node is no more: resolves when all has ended that ran there. Nothing is said of it; pods of nodes that are gone are collected. */
  async end(): Promise<void> {
    this.close();
    const workers = [...this.#workers.values()];
    await Promise.all(workers.map(({ ended }) => ended));
    for (const worker of workers) for (const { logs } of worker.containers()) logs.drop();
  }

  /** The machine is about to stop: takes no pods any more and ends those that run, as long as `periods` last. */
  async shutDown(periods: readonly ShutdownPeriod[]): Promise<void> {
    this.#isShuttingDown = true;
    this.#agent.event('Normal', 'NodeShutdown', 'Shutdown manager detected shutdown event');
    await this.#agent.tell({ notReady: shuttingDown }).catch(this.#deps.onError);
    await endPods(this.#workers.values(), periods, this.#deps.clock);
  }

  /** The node has changed. */
  updateNode(node: Readonly<Node>): void {
    this.#agent.update(node);
    this.#retryResizes();
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  facts(): NodeFacts {
    return this.#agent.facts();
  }

  hostedPods(): Iterable<HostedPod> {
    return this.#workers.values();
  }

  emptyDirUsage(podUid: string, volume: string): DiskUsage | undefined {
    return this.#deps.runtime.volumes.emptyDirUsage?.(podUid, volume);
  }

  ownDisk(): DiskUsage {
    const { images, volumes } = this.#deps.runtime;
    const { name } = this.facts();
    const [ofImages, ofNode] = [images.usage?.(name) ?? noDisk, volumes.nodeUsage?.(name) ?? noDisk];
    return { bytes: ofImages.bytes + ofNode.bytes, files: ofImages.files + ofNode.files };
  }

  knownPod(namespace: string, name: string): Readonly<Pod> | undefined {
    const pod = this.#deps.pods.get(`${namespace}/${name}`);
    return pod?.spec?.nodeName === this.facts().name ? pod : undefined;
  }

  /** A static pod is the same under each of its mirrors. */
  #keyOf(pod: Readonly<Pod>): string {
    return (this.#static === undefined ? undefined : hashOf(pod)) ?? pod.metadata?.uid ?? '';
  }

  /** A pod of this node came or changed. */
  sync(pod: Readonly<Pod>): void {
    const uid = this.#keyOf(pod);
    if (hashOf(pod) !== undefined && this.#static?.heed(pod) === true) return;
    const worker = this.#workers.get(uid);
    if (worker !== undefined) {
      if (hasEnded(pod)) this.#free(uid);
      worker.update(pod);
      return;
    }
    const isLeaving = pod.metadata?.deletionTimestamp !== undefined;
    if (!isLeaving && hasEnded(pod)) return;
    // Who was let in before stays.
    const isKnown = isLeaving || pod.status?.startTime !== undefined;
    if (this.#waiting.has(uid)) {
      this.#waiting.set(uid, pod);
      return;
    }
    const rejection = (isKnown ? undefined : this.#refusal(pod)) ?? this.#admission.admit(pod, isKnown);
    if (rejection?.reason === 'NodeAffinity') void this.#lookAgain(uid, pod);
    else if (rejection !== undefined && isCritical(pod)) void this.#makeRoom(uid, pod, rejection);
    else this.#start(uid, pod, rejection);
  }

  /** Why no pod, or none like this, may begin now. */
  #refusal(pod: Readonly<Pod>): Rejection | undefined {
    return this.#isShuttingDown ? shutdownRejection : this.#eviction.refusal(pod);
  }

  #start(uid: string, pod: Readonly<Pod>, rejection: Rejection | undefined): void {
    const onWritten = (more: DiskUsage): void => this.#eviction.wrote(more);
    const deps = {
      ...this.#deps,
      node: this.#agent.facts(),
      images: this.#images,
      allocate: (now: Readonly<Pod>) => this.#allocate(uid, now),
      onMemory: () => this.#eviction.notice(),
      onWritten,
    };
    this.#followVolumes(pod, onWritten);
    const worker = new PodWorker(pod, deps, rejection);
    this.#workers.set(uid, worker);
    this.#eviction.add(worker);
  }

  #followVolumes({ metadata, spec }: Readonly<Pod>, onWritten: (more: DiskUsage) => void): void {
    const { volumes } = this.#deps.runtime;
    const mounted = spec?.volumes ?? [];
    if (mounted.some(({ emptyDir }) => emptyDir !== undefined && (emptyDir.medium ?? '') === ''))
      volumes.follow?.({ podUid: metadata?.uid ?? '' }, onWritten);
    if (mounted.some(({ hostPath }) => hostPath !== undefined))
      volumes.follow?.({ node: this.facts().name }, onWritten);
  }

  /** What upstream's kubelet finds infeasible cannot be asked for here: the API server refuses it, and there is no swap. */
  #allocate(uid: string, pod: Readonly<Pod>): Rejection | 'later' | undefined {
    if (this.#makingRoom?.has(uid) === true) return 'later';
    const refusal = this.#refusal(pod) ?? this.#admission.resize(pod);
    if (refusal === undefined) {
      // What it gives back may be what another waits for.
      queueMicrotask(() => this.#retryResizes());
      return undefined;
    }
    const victims = isCritical(pod) ? this.#admission.victimsOfResize(pod) : undefined;
    if (victims === undefined) return refusal;
    const making = this.#makingRoom ?? new Set();
    this.#makingRoom = making.add(uid);
    void this.#preempt(victims).then(() => {
      making.delete(uid);
      this.#workers.get(uid)?.retryResize();
    });
    return 'later';
  }

  /** Labels of the node may be newer than what is known of them here. */
  async #lookAgain(uid: string, pod: Readonly<Pod>): Promise<void> {
    this.#waiting.set(uid, pod);
    await this.#agent.look();
    const latest = this.#waiting.get(uid);
    this.#waiting.delete(uid);
    if (latest === undefined) return;
    const isLeaving = latest.metadata?.deletionTimestamp !== undefined;
    this.#start(uid, latest, this.#admission.admit(latest, isLeaving));
  }

  /** A critical pod is let in when others that go leave enough. */
  async #makeRoom(uid: string, pod: Readonly<Pod>, rejection: Rejection): Promise<void> {
    const victims = this.#admission.victims(pod);
    if (victims === undefined) {
      this.#start(uid, pod, rejection);
      return;
    }
    this.#waiting.set(uid, pod);
    await this.#preempt(victims);
    const latest = this.#waiting.get(uid);
    this.#waiting.delete(uid);
    if (latest !== undefined) this.#start(uid, latest, this.#admission.admit(latest));
  }

  async #preempt(victims: readonly string[]): Promise<void> {
    await Promise.all(
      victims.map(async (victim) => {
        await this.#workers.get(victim)?.fail(preempting, 'Warning');
        this.#free(victim);
      }),
    );
  }

  /** What a pod had may be what another waits for. */
  #free(uid: string): void {
    this.#admission.remove(this.#workers.get(uid)?.uid ?? uid);
    this.#retryResizes();
  }

  #retryResizes(): void {
    for (const worker of inResizeOrder(this.#workers.values())) worker.retryResize();
  }

  /** A pod of this node has gone. */
  forget(pod: Readonly<Pod>): void {
    const uid = this.#keyOf(pod);
    // The pod goes on: it gets another mirror.
    if (this.#static?.isWanted(pod) === true) {
      this.#static.look();
      return;
    }
    this.#static?.look();
    this.#free(uid);
    this.#waiting.delete(uid);
    const worker = this.#workers.get(uid);
    worker?.abandon();
    void worker?.ended.then(() => {
      this.#workers.delete(uid);
      for (const { logs } of worker.containers()) logs.drop();
    });
  }
}

const noDisk: DiskUsage = { bytes: 0, files: 0 };

const preempting = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
};

function isCritical({ spec }: Readonly<Pod>): boolean {
  return (spec?.priority ?? 0) >= criticalPriority;
}

function hasEnded({ status }: Readonly<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
