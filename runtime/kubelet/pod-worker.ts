import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { semanticEqual } from '../../api/equal.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import type { Rejection } from './admission.ts';
import { type ContainerLoop, runContainer } from './container-loop.ts';
import { type ContainerRecord, containerStatusOf, newRecord } from './container-record.ts';
import { environmentOf } from './environment/environment.ts';
import { conditionsOf, isSidecar, type PodState, phaseOf } from './pod-conditions.ts';
import type { NodeFacts, Pod, PodCondition, PodRuntime, PodSandbox, StartedContainer } from './pod-runtime.ts';
import { mountsOf } from './volumes/mounts.ts';

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
  #pod: Readonly<Pod>;
  #sandbox: PodSandbox | undefined;
  #startTime: string;
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #isDirty = false;
  #isReporting = false;
  #reporting: Promise<void> = Promise.resolve();
  #isClosed = false;
  #deadline: number | undefined;
  /** All containers have ended, for good. */
  #isDone = false;
  readonly ended: Promise<void>;

  /** A rejected pod has failed before it began. */
  constructor(pod: Readonly<Pod>, deps: PodWorkerDeps, rejection?: Rejection) {
    this.#deps = deps;
    this.#pod = pod;
    this.#startTime = pod.status?.startTime ?? toTime(deps.clock.now());
    const { initContainers = [], containers = [] } = pod.spec ?? {};
    const reason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
    this.#init = initContainers.map((spec) => newRecord(spec, 'PodInitializing'));
    this.#main = containers.map((spec) => newRecord(spec, reason));
    if (rejection !== undefined) {
      this.#failure = { reason: rejection.reason, message: `Pod was rejected: ${rejection.message}` };
      deps.recorder.record(referenceTo(pod, podKind), 'Warning', rejection.reason, rejection.message);
    }
    this.ended = this.#run();
  }

  /** The pod as it is now: it may be deleted, or have other readiness gates fulfilled. */
  update(pod: Readonly<Pod>): void {
    this.#pod = pod;
    this.#watchDeadline();
    const isDeleted = pod.metadata?.deletionTimestamp !== undefined;
    if (isDeleted && !this.#stop.signal.aborted) this.#terminate();
    if (isDeleted && this.#isDone) void this.#removeIfDeleted();
    this.#report();
  }

  /** The kubelet ends: nothing is written any more. */
  close(): void {
    this.#isClosed = true;
    this.#stop.abort();
    for (const { running } of [...this.#init, ...this.#main]) running?.stop(0);
  }

  async #run(): Promise<void> {
    const { onError } = this.#deps;
    if (this.#pod.metadata?.deletionTimestamp !== undefined) this.#stop.abort();
    this.#report();
    try {
      if (!this.#stop.signal.aborted && this.#failure === undefined) await this.#runContainers();
    } catch (error) {
      onError(error);
    }
    this.#sandbox?.close();
    this.#deps.runtime.volumes.release(this.#pod.metadata?.uid ?? '');
    await this.#reporting;
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
    this.#watchDeadline();
    const sidecars: Promise<unknown>[] = [];
    const sidecarStop = new AbortController();
    for (const record of this.#init) {
      if (signal.aborted) break;
      if (isSidecar(record)) {
        sidecars.push(runContainer(record, this.#loop(this.#sandbox), sidecarStop.signal));
        while (!record.isStarted && !signal.aborted) await sleep(clock, 10, signal);
        continue;
      }
      const ended = await runContainer(record, this.#loop(this.#sandbox), signal);
      if (ended === undefined || ended.exitCode !== 0) break;
      record.isReady = true;
    }
    const isInitialized = this.#init.every((record) => record.isReady || (isSidecar(record) && record.isStarted));
    const loop = this.#loop(this.#sandbox);
    if (isInitialized) {
      for (const record of this.#main) record.state = { is: 'waiting', reason: 'ContainerCreating' };
      await Promise.all(this.#main.map((record) => runContainer(record, loop, signal)));
    }
    sidecarStop.abort();
    for (const record of this.#init) if (isSidecar(record)) record.running?.stop(this.#graceMs());
    await Promise.all(sidecars);
    this.#report();
  }

  #loop(sandbox: PodSandbox): ContainerLoop {
    const { clock, recorder } = this.#deps;
    const { name, namespace, uid } = this.#pod.metadata ?? {};
    return {
      clock,
      start: (record) => this.#start(record, sandbox),
      podText: `${name}_${namespace}(${uid})`,
      restarts: (record, { exitCode }) => {
        const { restartPolicy = 'Always' } = this.#pod.spec ?? {};
        if (isSidecar(record)) return true;
        // An init container is done when it has ended well.
        const isDone = exitCode === 0 && (restartPolicy === 'OnFailure' || this.#init.includes(record));
        return restartPolicy !== 'Never' && !isDone;
      },
      observe: (record, signal) => void this.#observe(record, signal),
      changed: () => this.#report(),
      event: (type, reason, message, { spec }) => {
        const list = this.#init.some((record) => record.spec === spec) ? 'initContainers' : 'containers';
        recorder.record(referenceTo(this.#pod, podKind, `spec.${list}{${spec.name}}`), type, reason, message);
      },
    };
  }

  #start({ spec, restarts }: ContainerRecord, sandbox: PodSandbox): Promise<StartedContainer> {
    const { node, runtime } = this.#deps;
    const [podIP = ''] = sandbox.ips;
    const [hostIP = ''] = node.addresses;
    const placed = { ...this.#pod, status: { ...this.#pod.status, podIP, hostIP } };
    return sandbox.startContainer({
      container: spec,
      attempt: restarts,
      environment: environmentOf(placed, spec),
      mounts: mountsOf(this.#pod, spec, node, runtime.volumes),
      log: () => undefined,
    });
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
      this.#report();
      await sleep(clock, delayOf(readinessProbe), signal);
    }
    if (signal.aborted) return;
    // An init container is ready when it has ended well.
    if (this.#main.includes(record) || isSidecar(record)) record.isReady = true;
    this.#report();
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    return (metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000;
  }

  /** The deadline may be set, or moved, while the pod runs. */
  #watchDeadline(): void {
    const { clock } = this.#deps;
    const deadline = this.#pod.spec?.activeDeadlineSeconds;
    if (deadline === this.#deadline || this.#stop.signal.aborted) return;
    this.#deadline = deadline;
    if (deadline === undefined) return;
    const left = Date.parse(this.#startTime) + deadline * 1000 - clock.now();
    void sleep(clock, Math.max(0, left), this.#stop.signal).then(() => {
      if (this.#deadline === deadline) this.#expire();
    });
  }

  #expire(): void {
    if (this.#stop.signal.aborted || this.#isOver()) return;
    this.#failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
    const { recorder } = this.#deps;
    recorder.record(referenceTo(this.#pod, podKind), 'Normal', this.#failure.reason, this.#failure.message);
    this.#terminate();
  }

  #isOver(): boolean {
    return [...this.#main].every(({ state }) => state.is === 'terminated');
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

  /** Writes happen one after the other; changes meanwhile are written together. */
  #report(): void {
    this.#isDirty = true;
    if (this.#isReporting || this.#isClosed) return;
    this.#isReporting = true;
    this.#reporting = this.#reportAll();
  }

  async #reportAll(): Promise<void> {
    const { clock, onError } = this.#deps;
    while (this.#isDirty && !this.#isClosed) {
      this.#isDirty = false;
      try {
        await this.#write();
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'NotFound') break;
        if (!(error instanceof StatusError && error.reason === 'Conflict')) onError(error);
        this.#isDirty = true;
        await sleep(clock, retryMs, new AbortController().signal);
      }
    }
    this.#isReporting = false;
  }

  #state(): PodState {
    const phase = this.#failure === undefined ? phaseOf(this.#pod, this.#init, this.#main) : 'Failed';
    return { phase, hasSandbox: this.#sandbox !== undefined, init: this.#init, main: this.#main };
  }

  #status(): NonNullable<Pod['status']> {
    const { node, clock } = this.#deps;
    const state = this.#state();
    const ips = this.#sandbox?.ips ?? [];
    const { generation } = this.#pod.metadata ?? {};
    return {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      phase: state.phase,
      ...this.#failure,
      conditions: conditionsOf(this.#pod, state, toTime(clock.now())),
      hostIP: node.addresses[0] ?? '',
      hostIPs: node.addresses.map((ip) => ({ ip })),
      ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
      startTime: this.#startTime,
      ...(this.#init.length === 0 ? {} : { initContainerStatuses: this.#init.map(containerStatusOf) }),
      containerStatuses: this.#main.map(containerStatusOf),
    };
  }

  async #write(): Promise<void> {
    const { namespace = '', name = '', uid } = this.#pod.metadata ?? {};
    const status = this.#status();
    const { conditions = [], ...rest } = status;
    const known = this.#pod.status ?? {};
    const isKnown =
      Object.entries(rest).every(([key, value]) => semanticEqual(known[key as keyof typeof known], value)) &&
      conditions.every((one) => known.conditions?.some((other) => isSame(one, other)) === true);
    if (isKnown) return;
    const target = { resource: podResource, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
    // A merge keeps what it does not name: reasons that no longer hold are taken away.
    const cleared = conditions.map((condition) => ({ reason: null, message: null, ...condition }));
    const { podIPs, hostIPs } = status;
    const whole = {
      ...status,
      conditions: cleared,
      ...(podIPs === undefined ? {} : { podIPs: [{ $patch: 'replace' }, ...podIPs] }),
      ...(hostIPs === undefined ? {} : { hostIPs: [{ $patch: 'replace' }, ...hostIPs] }),
    };
    const patch = { metadata: { ...(uid === undefined ? {} : { uid }) }, status: whole };
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

function isSame(one: PodCondition, other: PodCondition): boolean {
  const { lastProbeTime: _, ...rest } = other;
  return semanticEqual(one, rest);
}
