import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import type { Rejection } from './admission.ts';
import { podKind } from './container-driver.ts';
import type { ContainerRecord } from './container-record.ts';
import { ended } from './ended.ts';
import type { ImageManager } from './image-manager.ts';
import type { LogBudget } from './logs/log-budget.ts';
import { PodContainers } from './pod-containers.ts';
import { PodDeadline } from './pod-deadline.ts';
import { phaseOf } from './pod-phase.ts';
import { PodResize } from './pod-resize.ts';
import type { DiskUsage, NodeFacts, Pod, PodRuntime, PodSandbox, RegistryCredential } from './pod-runtime.ts';
import type { PodSetup, PreparedPod } from './pod-setup.ts';
import { type PodFailure, type PodStatus, rejectedStatus, statusOf, statusPatch } from './pod-status.ts';
import type { Schedule } from './schedule.ts';
import { StatusWriter } from './status-writer.ts';

export const podResource = { group: '', version: 'v1', resource: 'pods' } as const;
const retryMs = 1000;
const sandboxRetryMs = 10_000;

export interface PodWorkerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly runtime: PodRuntime;
  readonly node: NodeFacts;
  readonly images: ImageManager;
  readonly schedule: Schedule;
  readonly setup: Pick<PodSetup, 'prepare'>;
  /** Gives a pod that runs what it asks for by now; otherwise why not. `later`: room is being made. */
  allocate(pod: Readonly<Pod>): Rejection | 'later' | undefined;
  /** Between restarts of a container that fails again and again. */
  readonly maxBackOffMs: number;
  readonly logBudget?: LogBudget;
  readonly recorder: EventRecorder;
  /** A program uses other memory than before. */
  onMemory?(): void;
  /** So much more, at most, is on the node's disk. */
  onWritten?(more: DiskUsage): void;
  onError(error: unknown): void;
}

/** Runs one pod from its binding to its end, and tells the API server how it is. */
export class PodWorker {
  readonly #deps: PodWorkerDeps;
  readonly #containers: PodContainers;
  readonly #resize: PodResize;
  /** Aborts when the pod is to stop: deleted, past its deadline, or the kubelet ends. */
  readonly #stop = new AbortController();
  readonly #status: StatusWriter;
  readonly #deadline: PodDeadline;
  readonly #startTime: string;
  #pod: Readonly<Pod>;
  #prepared: PreparedPod | undefined;
  #sandbox: PodSandbox | undefined;
  /** Of a pod that has ended they are still told, of one that is deleted they are not. */
  #ips: readonly string[] = [];
  #failure: PodFailure | undefined;
  readonly #isRejected: boolean;
  /** What is left to a pod that is sent away; undefined: as long as it says itself. */
  #graceSeconds: number | undefined;
  #isClosed = false;
  /** Nothing of it runs, or will. */
  #isOver = false;
  /** The API server knows the end. */
  #isDone = false;
  readonly ended: Promise<void>;

  /** A rejected pod has failed before it began. */
  constructor(pod: Readonly<Pod>, deps: PodWorkerDeps, rejection?: Rejection) {
    const { clock, onError, recorder } = deps;
    this.#deps = deps;
    this.#pod = pod;
    this.uid = pod.metadata?.uid ?? '';
    this.#startTime = pod.status?.startTime ?? toTime(clock.now());
    this.#containers = new PodContainers(pod, {
      ...deps,
      pod: () => this.#pod,
      prepared: () => this.#prepared,
      changed: () => this.#status.report(),
      graceSeconds: () => this.#graceSeconds,
      credentials: () => this.#credentials(),
    });
    this.#status = new StatusWriter({ clock, onError, write: () => this.#write() });
    this.#resize = new PodResize({
      clock,
      allocate: (now) => deps.allocate(now),
      restart: (record) => this.#containers.restart(record, `Container ${record.spec.name} resize requires restart`),
      event: (type, reason, message) => recorder.record(referenceTo(this.#pod, podKind), type, reason, message),
      changed: () => this.#status.report(),
    });
    this.#deadline = new PodDeadline(clock, this.#stop.signal, () => this.#expire());
    this.#isRejected = rejection !== undefined;
    if (rejection !== undefined) {
      this.#failure = { reason: rejection.reason, message: `Pod was rejected: ${rejection.message}` };
      recorder.record(referenceTo(pod, podKind), 'Warning', rejection.reason, rejection.message);
    }
    this.ended = this.#run();
  }

  /** Of the pod that it began with: a static pod may have other mirrors later. */
  readonly uid: string;

  /** As it was last seen. */
  get pod(): Readonly<Pod> {
    return this.#pod;
  }

  /** Undefined before it is made and after all has ended. */
  get sandbox(): PodSandbox | undefined {
    return this.#sandbox;
  }

  /** Of any kind, by its name. */
  container(name: string): ContainerRecord | undefined {
    return this.containers().find(({ spec }) => spec.name === name);
  }

  containers(): readonly ContainerRecord[] {
    return this.#containers.all();
  }

  /** What the API server is told. */
  status(): PodStatus {
    const { node, clock } = this.#deps;
    if (this.#isRejected && this.#failure !== undefined) return rejectedStatus(this.#failure, this.#startTime);
    const { init, main, ephemeral, isRestartingAll, mayRestartAll } = this.#containers;
    const isOver = this.#isOver;
    const facts = {
      phase: this.#failure === undefined ? phaseOf(this.#pod, { init, main, isOver }) : 'Failed',
      hasSandbox: this.#sandbox !== undefined,
      init,
      main,
      ephemeral,
      isRestartingAll: mayRestartAll ? isRestartingAll : undefined,
      failure: this.#failure,
      isOver,
      ips: this.#sandbox === undefined && this.#pod.metadata?.deletionTimestamp !== undefined ? [] : this.#ips,
      startTime: this.#startTime,
      resizing: this.#resize.conditions(),
    } as const;
    return statusOf(this.#pod, facts, node, toTime(clock.now()));
  }

  /** The pod as it is now: it may be deleted, or have other readiness gates fulfilled. */
  update(pod: Readonly<Pod>): void {
    const before = this.#pod;
    this.#pod = pod;
    this.#deadline.set(pod, this.#startTime);
    const isDeleted = pod.metadata?.deletionTimestamp !== undefined;
    if (isDeleted && !this.#stop.signal.aborted) this.#terminate();
    else if (isDeleted && isShorter(pod, before))
      this.#containers.hasten(pod.metadata?.deletionGracePeriodSeconds ?? 0);
    if (isDeleted && this.#isDone) void this.#removeIfDeleted();
    if (!this.#stop.signal.aborted) {
      this.#containers.update(pod);
      this.retryResize();
    }
    this.#status.report();
  }

  /** Others may have left room for what it asks for. */
  retryResize(): void {
    if (this.#sandbox !== undefined && !this.#stop.signal.aborted)
      this.#resize.consider(this.#pod, [...this.#containers.init, ...this.#containers.main]);
  }

  /** Nothing of it runs, or will. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Since when it waits to be given what it asks for; undefined: it does not. */
  get resizePendingSince(): number | undefined {
    return this.#resize.pendingSince;
  }

  /** It has gone from the API server, though it may still run: it is ended as any other, and nothing is said of it. */
  abandon(): void {
    this.#isClosed = true;
    this.#status.close();
    if (!this.#stop.signal.aborted) this.#terminate();
  }

  /** The kubelet ends: nothing is written any more. */
  close(): void {
    this.#isClosed = true;
    this.#status.close();
    this.#stop.abort(ended);
    this.#containers.kill();
  }

  async #run(): Promise<void> {
    const { onError, images, runtime } = this.#deps;
    if (this.#pod.metadata?.deletionTimestamp !== undefined) this.#stop.abort(ended);
    this.#status.report();
    try {
      if (!this.#stop.signal.aborted && this.#failure === undefined) await this.#runContainers();
    } catch (error) {
      onError(error);
      this.#containers.kill();
    }
    this.#sandbox?.close();
    this.#sandbox = undefined;
    this.#prepared?.close();
    this.#isOver = true;
    images.forget(this.#pod);
    runtime.volumes.release(this.uid);
    this.#status.report();
    await this.#status.settled();
    this.#isDone = true;
    await this.#removeIfDeleted();
  }

  async #removeIfDeleted(): Promise<void> {
    while (!this.#isClosed && this.#pod.metadata?.deletionTimestamp !== undefined && !(await this.#remove()))
      await sleep(this.#deps.clock, retryMs, new AbortController().signal);
  }

  async #runContainers(): Promise<void> {
    this.#deadline.set(this.#pod, this.#startTime);
    const { setup, node } = this.#deps;
    this.#prepared = await setup.prepare(() => this.#pod, node, this.#stop.signal);
    if (this.#prepared === undefined) return;
    this.#sandbox = await this.#createSandbox();
    if (this.#sandbox === undefined) return;
    this.#ips = this.#sandbox.ips;
    this.#status.report();
    await this.#containers.run(this.#sandbox, this.#stop.signal);
  }

  async #credentials(): Promise<readonly RegistryCredential[]> {
    if ((this.#pod.spec?.imagePullSecrets ?? []).length === 0) return [];
    const { pullCredentials } = await import('./pull-secrets.ts');
    return pullCredentials(this.#pod, this.#deps.client, (type, reason, message) =>
      this.#deps.recorder.record(referenceTo(this.#pod, podKind), type, reason, message),
    );
  }

  /** Undefined: the pod is to stop before there is one. */
  async #createSandbox(): Promise<PodSandbox | undefined> {
    const { runtime, node, clock, recorder } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        return await runtime.createSandbox(this.#pod, node);
      } catch (error) {
        const message = `Failed to create pod sandbox: ${error instanceof Error ? error.message : String(error)}`;
        recorder.record(referenceTo(this.#pod, podKind), 'Warning', 'FailedCreatePodSandBox', message);
        await sleep(clock, sandboxRetryMs, signal);
      }
    }
    return undefined;
  }

  #expire(): void {
    const message = 'Pod was active on the node longer than the specified deadline';
    void this.fail({ reason: 'DeadlineExceeded', message }, 'Normal');
  }

  /** Ends the pod for good, whatever its containers do; resolves when nothing of it runs. Without a type no event tells it. */
  async fail(failure: PodFailure, type: 'Normal' | 'Warning' | undefined, graceSeconds?: number): Promise<void> {
    if (this.#isOver || this.#failure !== undefined) return;
    this.#failure = failure;
    this.#graceSeconds = graceSeconds;
    if (type !== undefined)
      this.#deps.recorder.record(referenceTo(this.#pod, podKind), type, failure.reason, failure.message);
    this.#terminate();
    this.#status.report();
    await this.ended;
  }

  #terminate(): void {
    this.#resize.close();
    this.#stop.abort(ended);
    this.#containers.terminate();
  }

  async #write(): Promise<void> {
    const { namespace = '', name = '' } = this.#pod.metadata ?? {};
    const patch = statusPatch(this.#pod, this.status());
    if (patch === undefined) return;
    const target = { resource: podResource, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
    const written = await this.#deps.client.patch<Pod>(target, patch, { subresource: 'status' });
    // A newer one may have come by the watch already.
    if (Number(written.metadata?.resourceVersion) > Number(this.#pod.metadata?.resourceVersion)) this.#pod = written;
  }

  /** True: it has gone. */
  async #remove(): Promise<boolean> {
    const { namespace = '', name = '', uid } = this.#pod.metadata ?? {};
    try {
      await this.#deps.client.delete(podResource, namespace, name, {
        gracePeriodSeconds: 0,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
      return true;
    } catch (error) {
      if (error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Conflict')) return true;
      this.#deps.onError(error);
      return false;
    }
  }
}

/** Someone has less patience than before. */
function isShorter({ metadata }: Readonly<Pod>, { metadata: before }: Readonly<Pod>): boolean {
  const seconds = metadata?.deletionGracePeriodSeconds;
  const known = before?.deletionGracePeriodSeconds;
  return seconds !== undefined && (known === undefined || seconds < known);
}
