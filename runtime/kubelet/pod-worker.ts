import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import type { Rejection } from './admission.ts';
import { configOf } from './container-config.ts';
import { type ContainerLoop, runContainer } from './container-loop.ts';
import { type ContainerRecord, newRecord } from './container-record.ts';
import { startLogged } from './logs/start-logged.ts';
import { isSidecar, phaseOf } from './pod-conditions.ts';
import { PodDeadline } from './pod-deadline.ts';
import type { NodeFacts, Pod, PodRuntime, PodSandbox } from './pod-runtime.ts';
import { type PodFailure, type PodStatus, statusOf, statusPatch } from './pod-status.ts';
import { StatusWriter } from './status-writer.ts';

export const podResource = { group: '', version: 'v1', resource: 'pods' } as const;
const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;
const retryMs = 1000;
const defaultGraceSeconds = 30;

export interface PodWorkerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly runtime: PodRuntime;
  readonly node: NodeFacts;
  readonly recorder: EventRecorder;
  onError(error: unknown): void;
}

/** Runs one pod from its binding to its end, and tells the API server how it is. */
export class PodWorker {
  readonly #deps: PodWorkerDeps;
  readonly #init: ContainerRecord[];
  readonly #main: ContainerRecord[];
  /** Aborts when the pod is to stop: deleted, past its deadline, or the kubelet ends. */
  readonly #stop = new AbortController();
  readonly #status: StatusWriter;
  readonly #deadline: PodDeadline;
  readonly #startTime: string;
  #pod: Readonly<Pod>;
  #sandbox: PodSandbox | undefined;
  #failure: PodFailure | undefined;
  #isClosed = false;
  /** All containers have ended, for good. */
  #isDone = false;
  readonly ended: Promise<void>;

  /** A rejected pod has failed before it began. */
  constructor(pod: Readonly<Pod>, deps: PodWorkerDeps, rejection?: Rejection) {
    const { clock, onError, recorder } = deps;
    this.#deps = deps;
    this.#pod = pod;
    this.#startTime = pod.status?.startTime ?? toTime(clock.now());
    const { initContainers = [], containers = [] } = pod.spec ?? {};
    const reason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
    this.#init = initContainers.map((spec) => newRecord(spec, 'PodInitializing'));
    this.#main = containers.map((spec) => newRecord(spec, reason));
    this.#status = new StatusWriter({ clock, onError, write: () => this.#write() });
    this.#deadline = new PodDeadline(clock, this.#stop.signal, () => this.#expire());
    if (rejection !== undefined) {
      this.#failure = { reason: rejection.reason, message: `Pod was rejected: ${rejection.message}` };
      recorder.record(referenceTo(pod, podKind), 'Warning', rejection.reason, rejection.message);
    }
    this.ended = this.#run();
  }

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
    return [...this.#init, ...this.#main];
  }

  /** What the API server is told. */
  status(): PodStatus {
    const { node, clock } = this.#deps;
    const phase = this.#failure === undefined ? phaseOf(this.#pod, this.#init, this.#main) : 'Failed';
    const facts = {
      phase,
      hasSandbox: this.#sandbox !== undefined,
      init: this.#init,
      main: this.#main,
      failure: this.#failure,
      ips: this.#sandbox?.ips ?? [],
      startTime: this.#startTime,
    } as const;
    return statusOf(this.#pod, facts, node, toTime(clock.now()));
  }

  /** The pod as it is now: it may be deleted, or have other readiness gates fulfilled. */
  update(pod: Readonly<Pod>): void {
    this.#pod = pod;
    this.#deadline.set(pod, this.#startTime);
    const isDeleted = pod.metadata?.deletionTimestamp !== undefined;
    if (isDeleted && !this.#stop.signal.aborted) this.#terminate();
    if (isDeleted && this.#isDone) void this.#removeIfDeleted();
    this.#status.report();
  }

  /** The kubelet ends: nothing is written any more. */
  close(): void {
    this.#isClosed = true;
    this.#status.close();
    this.#stop.abort();
    for (const { running } of this.containers()) running?.stop(0);
  }

  async #run(): Promise<void> {
    const { onError } = this.#deps;
    if (this.#pod.metadata?.deletionTimestamp !== undefined) this.#stop.abort();
    this.#status.report();
    try {
      if (!this.#stop.signal.aborted && this.#failure === undefined) await this.#runContainers();
    } catch (error) {
      onError(error);
    }
    this.#sandbox?.close();
    this.#deps.runtime.volumes.release(this.#pod.metadata?.uid ?? '');
    await this.#status.settled();
    this.#isDone = true;
    await this.#removeIfDeleted();
  }

  async #removeIfDeleted(): Promise<void> {
    while (!this.#isClosed && this.#pod.metadata?.deletionTimestamp !== undefined && !(await this.#remove()))
      await sleep(this.#deps.clock, retryMs, new AbortController().signal);
  }

  async #runContainers(): Promise<void> {
    const { runtime, node, clock } = this.#deps;
    this.#sandbox = await runtime.createSandbox(this.#pod, node);
    const { signal } = this.#stop;
    this.#deadline.set(this.#pod, this.#startTime);
    const sidecars: Promise<unknown>[] = [];
    const sidecarStop = new AbortController();
    const loop = this.#loop(this.#sandbox);
    for (const record of this.#init) {
      if (signal.aborted) break;
      if (isSidecar(record)) {
        sidecars.push(runContainer(record, loop, sidecarStop.signal));
        while (!record.isStarted && !signal.aborted) await sleep(clock, 10, signal);
        continue;
      }
      const ended = await runContainer(record, loop, signal);
      if (ended === undefined || ended.exitCode !== 0) break;
      record.isReady = true;
    }
    const isInitialized = this.#init.every((record) => record.isReady || (isSidecar(record) && record.isStarted));
    if (isInitialized) {
      for (const record of this.#main) record.state = { is: 'waiting', reason: 'ContainerCreating' };
      await Promise.all(this.#main.map((record) => runContainer(record, loop, signal)));
    }
    sidecarStop.abort();
    for (const record of this.#init) if (isSidecar(record)) record.running?.stop(this.#graceMs());
    await Promise.all(sidecars);
    this.#status.report();
  }

  #loop(sandbox: PodSandbox): ContainerLoop {
    const { clock, recorder, node, runtime } = this.#deps;
    const { name, namespace, uid } = this.#pod.metadata ?? {};
    return {
      clock,
      start: async (record) => {
        const config = await configOf(record, { pod: this.#pod, node, runtime, sandbox });
        return startLogged(record.logs, clock, (log) => sandbox.startContainer({ ...config, log }));
      },
      podText: `${name}_${namespace}(${uid})`,
      restarts: (record, { exitCode }) => {
        const { restartPolicy = 'Always' } = this.#pod.spec ?? {};
        if (isSidecar(record)) return true;
        // An init container is done when it has ended well.
        const isDone = exitCode === 0 && (restartPolicy === 'OnFailure' || this.#init.includes(record));
        return restartPolicy !== 'Never' && !isDone;
      },
      observe: (record, signal) => void this.#observe(record, signal),
      changed: () => this.#status.report(),
      event: (type, reason, message, { spec }) => {
        const list = this.#init.some((record) => record.spec === spec) ? 'initContainers' : 'containers';
        recorder.record(referenceTo(this.#pod, podKind, `spec.${list}{${spec.name}}`), type, reason, message);
      },
    };
  }

  /** Probes: what the container says to them is not asked yet, only their delays count. */
  async #observe(record: ContainerRecord, signal: AbortSignal): Promise<void> {
    const { startupProbe, readinessProbe } = record.spec;
    const { clock } = this.#deps;
    const delayOf = (probe: typeof readinessProbe): number => (probe?.initialDelaySeconds ?? 0) * 1000;
    if (startupProbe !== undefined) await sleep(clock, delayOf(startupProbe), signal);
    if (signal.aborted) return;
    record.isStarted = true;
    if (readinessProbe !== undefined) {
      this.#status.report();
      await sleep(clock, delayOf(readinessProbe), signal);
    }
    if (signal.aborted) return;
    // An init container is ready when it has ended well.
    if (this.#main.includes(record) || isSidecar(record)) record.isReady = true;
    this.#status.report();
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    return (metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000;
  }

  #expire(): void {
    if (this.#main.every(({ state }) => state.is === 'terminated')) return;
    this.#failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
    const { recorder } = this.#deps;
    recorder.record(referenceTo(this.#pod, podKind), 'Normal', this.#failure.reason, this.#failure.message);
    this.#terminate();
  }

  #terminate(): void {
    this.#stop.abort();
    const { recorder } = this.#deps;
    for (const record of [...this.#init.filter((one) => !isSidecar(one)), ...this.#main]) {
      if (record.running === undefined) continue;
      const path = `spec.containers{${record.spec.name}}`;
      const message = `Stopping container ${record.spec.name}`;
      recorder.record(referenceTo(this.#pod, podKind, path), 'Normal', 'Killing', message);
      record.running.stop(this.#graceMs());
    }
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
