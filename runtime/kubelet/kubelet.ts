import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import type { Informer } from '../client/informer.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import { type Rejection, rejectionOf } from './admission.ts';
import { NodeAgent, type NodeOptions } from './node-agent.ts';
import type { Pod, PodRuntime } from './pod-runtime.ts';
import { PodWorker, podKind, podResource } from './pod-worker.ts';

export interface KubeletDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly runtime: PodRuntime;
  /** Of all pods, shared by the kubelets of a process, which tells each of its own. */
  readonly pods: Pick<Informer<Pod>, 'subscribe'>;
  readonly recorder: EventRecorder;
  onError(error: unknown): void;
}

/** One node: registers it, keeps it alive, and runs the pods that are bound to it. */
export class Kubelet {
  readonly #deps: KubeletDeps;
  readonly #agent: NodeAgent;
  readonly #workers = new Map<string, PodWorker>();
  readonly #rejected = new Set<string>();

  constructor(options: NodeOptions, deps: KubeletDeps) {
    this.#deps = deps;
    this.#agent = new NodeAgent(options, { ...deps, version: deps.runtime.version });
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#agent.run(signal);
    for (const worker of this.#workers.values()) worker.close();
  }

  /** A pod of this node came or changed. */
  sync(pod: Readonly<Pod>): void {
    const { uid = '' } = pod.metadata ?? {};
    const worker = this.#workers.get(uid);
    if (worker !== undefined) {
      worker.update(pod);
      return;
    }
    const isLeaving = pod.metadata?.deletionTimestamp !== undefined;
    if (!isLeaving && (isOver(pod) || this.#rejected.has(uid))) return;
    const rejection = isLeaving || pod.status?.startTime !== undefined ? undefined : this.#rejectionOf(pod);
    if (rejection !== undefined) {
      this.#rejected.add(uid);
      void this.#reject(pod, rejection);
      return;
    }
    const made = new PodWorker(pod, { ...this.#deps, node: this.#agent.facts() });
    this.#workers.set(uid, made);
  }

  /** A pod of this node has gone. */
  forget(pod: Readonly<Pod>): void {
    const { uid = '' } = pod.metadata ?? {};
    this.#workers.get(uid)?.close();
    this.#workers.delete(uid);
    this.#rejected.delete(uid);
  }

  #rejectionOf(pod: Readonly<Pod>): Rejection | undefined {
    return rejectionOf(pod, () =>
      [...this.#workers.values()].map((worker) => worker.pod).filter((other) => !isOver(other)),
    );
  }

  async #reject(pod: Readonly<Pod>, { reason, message }: Rejection): Promise<void> {
    const { client, clock, recorder, onError } = this.#deps;
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    recorder.record(referenceTo(pod, podKind), 'Warning', reason, message);
    const target = { resource: podResource, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
    const startTime = toTime(clock.now());
    const status = { phase: 'Failed', reason, message: `Pod was rejected: ${message}`, startTime };
    try {
      await client.patch(target, { metadata: { uid }, status }, { subresource: 'status' });
    } catch (error) {
      this.#rejected.delete(uid);
      if (!(error instanceof StatusError && error.reason === 'NotFound')) onError(error);
    }
  }
}

function isOver({ status }: Readonly<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
