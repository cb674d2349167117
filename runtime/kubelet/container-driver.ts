import type { Clock } from '../../api/clock.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import { configOf } from './container-config.ts';
import type { ContainerLoop } from './container-loop.ts';
import type { ContainerKind, ContainerRecord, Terminated } from './container-record.ts';
import { startContainer } from './container-start.ts';
import { leastGraceSeconds, stopContainer } from './container-stop.ts';
import type { ImageManager } from './image-manager.ts';
import type { LogBudget } from './logs/log-budget.ts';
import { startLogged } from './logs/start-logged.ts';
import type {
  DiskUsage,
  NodeFacts,
  Pod,
  PodRuntime,
  PodSandbox,
  RegistryCredential,
  StartedContainer,
} from './pod-runtime.ts';
import type { PreparedPod } from './pod-setup.ts';
import { ContainerProbes } from './probes/container-probes.ts';
import type { ProbeTarget } from './probes/probe.ts';
import { restartsAfter, restartsAll, restartsWhenKilled } from './restart-policy.ts';
import type { Schedule } from './schedule.ts';
import { StartFailure } from './start-failure.ts';
import { terminationMessage } from './termination-message.ts';

export const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;
const defaultGraceSeconds = 30;
const lists: Readonly<Record<ContainerKind, string>> = {
  init: 'initContainers',
  sidecar: 'initContainers',
  main: 'containers',
  ephemeral: 'ephemeralContainers',
};

export interface ContainerDriverDeps {
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly runtime: PodRuntime;
  readonly node: NodeFacts;
  readonly images: ImageManager;
  readonly schedule: Schedule;
  readonly maxBackOffMs: number;
  readonly logBudget?: LogBudget;
  pod(): Readonly<Pod>;
  prepared(): PreparedPod | undefined;
  /** For the pod's images. */
  credentials(): Promise<readonly RegistryCredential[]>;
  changed(): void;
  /** What the kubelet leaves to a pod that it sends away. */
  graceSeconds(): number | undefined;
  /** A program uses other memory than before. */
  onMemory?(): void;
  /** So much more, at most, is on the node's disk. */
  onWritten?(more: DiskUsage): void;
  /** Others of the pod run, or will. */
  goesOn(without: ContainerRecord): boolean;
  /** An exit asks for all containers to start anew. */
  restartAll(source: ContainerRecord): void;
  onError(error: unknown): void;
}

/** Starts, watches and stops the containers of one pod, each as its loop asks. */
export class ContainerDriver implements ContainerLoop {
  readonly #deps: ContainerDriverDeps;
  readonly #sandbox: PodSandbox;
  readonly #signal: AbortSignal;
  readonly #probes = new Map<ContainerRecord, ContainerProbes>();
  /** Of those that a probe or a change has given up: they run again however they end. */
  readonly #mustRestart = new Set<ContainerRecord>();
  /** Of whom it is awaited that they have been tried, and that they have started. */
  readonly #tried = new Map<ContainerRecord, PromiseWithResolvers<void>>();
  readonly #started = new Map<ContainerRecord, PromiseWithResolvers<void>>();
  readonly #stopping = new Map<StartedContainer, { readonly ended: Promise<void>; readonly seconds: number }>();
  readonly #turns = new Map<ContainerRecord, Promise<unknown>>();

  /** `signal` aborts when the pod is to stop. */
  constructor(sandbox: PodSandbox, deps: ContainerDriverDeps, signal: AbortSignal) {
    this.#sandbox = sandbox;
    this.#deps = deps;
    this.#signal = signal;
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get maxBackOffMs(): number {
    return this.#deps.maxBackOffMs;
  }

  get podText(): string {
    const { name, namespace, uid } = this.#deps.pod().metadata ?? {};
    return `${name}_${namespace}(${uid})`;
  }

  /** They start in their order, each when the one before has been tried. */
  inOrder(records: readonly ContainerRecord[]): void {
    let before: Promise<unknown> = Promise.resolve();
    for (const record of records) {
      const tried = Promise.withResolvers<void>();
      this.#tried.set(record, tried);
      this.#turns.set(record, before);
      before = tried.promise;
    }
  }

  turn(record: ContainerRecord): Promise<unknown> {
    return this.#turns.get(record) ?? Promise.resolve();
  }

  tried(record: ContainerRecord): void {
    this.#tried.get(record)?.resolve();
  }

  /** When its startup probe, if any, has been content. */
  whenStarted(record: ContainerRecord): Promise<void> {
    const known = this.#started.get(record) ?? Promise.withResolvers<void>();
    this.#started.set(record, known);
    return known.promise;
  }

  start(record: ContainerRecord): Promise<StartedContainer> {
    const { images, pod, prepared } = this.#deps;
    const sandbox = this.#sandbox;
    const onWritten = (more: DiskUsage): void => this.#deps.onWritten?.(more);
    return startContainer(record, {
      images,
      pod,
      credentials: () => this.#deps.credentials(),
      configOf: (one) => configOf(one, sandbox, prepared()),
      start: (one, config) =>
        startLogged(
          one.logs,
          this.clock,
          (log) =>
            sandbox.startContainer({
              ...config,
              container: { ...config.container, resources: one.allocated },
              log,
              onMemory: () => this.#deps.onMemory?.(),
              onWritten,
            }),
          { budget: this.#deps.logBudget, onWritten },
        ),
      event: (type, reason, message) => this.event(type, reason, message, record),
    });
  }

  async afterStart(record: ContainerRecord): Promise<void> {
    const { running, spec } = record;
    const postStart = spec.lifecycle?.postStart;
    if (running === undefined || postStart === undefined) return;
    const ended = new AbortController();
    void running.exited.then(() => ended.abort());
    const { runHook } = await import('./hooks.ts');
    try {
      await runHook(postStart, this.#target(record, running), this.podText, ended.signal);
    } catch (error) {
      this.event('Warning', 'FailedPostStartHook', 'PostStartHook failed', record);
      await this.stop(record, { message: 'FailedPostStartHook' });
      throw new StartFailure('PostStartHookError', error instanceof Error ? error.message : String(error));
    }
  }

  observe(record: ContainerRecord): () => void {
    const { running, spec, kind } = record;
    if (running === undefined || this.#signal.aborted) {
      if (running !== undefined) void this.stop(record, {}).catch(this.#deps.onError);
      return () => undefined;
    }
    const hasProbes = kind === 'main' || kind === 'sidecar';
    const probes = new ContainerProbes(
      {
        clock: this.clock,
        schedule: this.#deps.schedule,
        startup: hasProbes ? spec.startupProbe : undefined,
        readiness: hasProbes ? spec.readinessProbe : undefined,
        liveness: hasProbes ? spec.livenessProbe : undefined,
        run: async (probe) => {
          const { runProbe } = await import('./probes/run-probe.ts');
          return runProbe(probe, this.#target(record, running));
        },
        counted: (which, outcome) => record.probeCounts.count(which, outcome),
        event: (reason, message) => this.event('Warning', reason, message, record),
        onStarted: () => {
          record.isStarted = true;
          this.#started.get(record)?.resolve();
          this.#deps.changed();
        },
        onReady: (isReady) => {
          // An init container is ready when it has ended well, and one to look in never.
          record.isReady = isReady && hasProbes;
          this.#deps.changed();
        },
        onFailed: (what) => {
          const word = what === 'Startup' ? 'startup' : 'liveness';
          const probe = what === 'Startup' ? spec.startupProbe : spec.livenessProbe;
          const graceSeconds = probe?.terminationGracePeriodSeconds;
          const restarts = restartsWhenKilled(record.spec, this.#deps.pod().spec ?? { containers: [] });
          // The last to run takes the pod with it.
          if (restarts || this.#deps.goesOn(record))
            this.giveUp(record, `Container ${spec.name} failed ${word} probe`, restarts, graceSeconds);
          else void this.stop(record, {}).catch(this.#deps.onError);
        },
      },
      record.state.is === 'running' ? record.state.startedAt : this.clock.now(),
    );
    this.#probes.set(record, probes);
    return () => {
      probes.stop();
      if (this.#probes.get(record) === probes) this.#probes.delete(record);
    };
  }

  pullAt({ spec }: ContainerRecord): number | undefined {
    return this.#deps.images.retryAt(this.#deps.pod(), spec.image ?? '');
  }

  restarts(record: ContainerRecord, { exitCode }: Terminated): boolean {
    const { kind, spec } = record;
    if (this.#mustRestart.delete(record)) return true;
    if (kind === 'ephemeral') return false;
    // An init container is done when it has ended well.
    if (kind === 'init' && exitCode === 0) return false;
    if (restartsAll(spec, exitCode)) {
      this.#deps.restartAll(record);
      return false;
    }
    return restartsAfter(spec, this.#deps.pod().spec ?? { containers: [] }, exitCode);
  }

  lastWords(record: ContainerRecord, exitCode: number): string | undefined {
    const { containers = [], initContainers = [], ephemeralContainers = [] } = this.#deps.pod().spec ?? {};
    return terminationMessage(record, exitCode, containers.length + initContainers.length + ephemeralContainers.length);
  }

  changed(): void {
    this.#deps.changed();
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string, { kind, spec }: ContainerRecord): void {
    const path = `spec.${lists[kind]}{${spec.name}}`;
    this.#deps.recorder.record(referenceTo(this.#deps.pod(), podKind, path), type, reason, message);
  }

  /** Ends a container that is to be replaced. */
  giveUp(record: ContainerRecord, why: string, restarts: boolean, graceSeconds?: number): void {
    if (restarts) this.#mustRestart.add(record);
    const message = restarts ? `${why}, will be restarted` : why;
    void this.stop(record, { message, graceSeconds }).catch(this.#deps.onError);
  }

  /** Ends a container that runs again at once, however it ends. */
  replace(record: ContainerRecord, message: string): void {
    this.#mustRestart.add(record);
    void this.stop(record, { message }).catch(this.#deps.onError);
  }

  stop(
    record: ContainerRecord,
    {
      message = `Stopping container ${record.spec.name}`,
      graceSeconds,
      turn,
    }: { readonly message?: string; readonly graceSeconds?: number | undefined; readonly turn?: Promise<unknown> },
  ): Promise<void> {
    const { running } = record;
    if (running === undefined) return Promise.resolve();
    const known = this.#stopping.get(running);
    if (known !== undefined) {
      // A probe gave it up, and now the pod leaves.
      const seconds = this.#deps.pod().metadata?.deletionGracePeriodSeconds;
      if (seconds !== undefined && seconds < known.seconds) this.hasten(record, seconds);
      return known.ended;
    }
    const { metadata, spec } = this.#deps.pod();
    const podSeconds = spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    const seconds = metadata?.deletionGracePeriodSeconds ?? graceSeconds ?? this.#deps.graceSeconds() ?? podSeconds;
    const ended = stopContainer(record, {
      clock: this.clock,
      message,
      graceSeconds: seconds,
      ...(turn === undefined ? {} : { turn }),
      event: (type, reason, text) => this.event(type, reason, text, record),
      runHook: async (hook, signal) => {
        const { runHook } = await import('./hooks.ts');
        await runHook(hook, this.#target(record, running), this.podText, signal);
      },
    }).finally(() => this.#stopping.delete(running));
    this.#stopping.set(running, { ended, seconds });
    return ended;
  }

  /** Who is being stopped has less time by now. */
  hasten({ running }: ContainerRecord, graceSeconds: number): void {
    if (running !== undefined && this.#stopping.has(running))
      running.stop(Math.max(graceSeconds, leastGraceSeconds) * 1000);
  }

  /** The pod is leaving: probes that could restart something are asked no more. */
  leave(): void {
    for (const probes of this.#probes.values()) probes.leave();
    for (const { resolve } of this.#started.values()) resolve();
  }

  /** Nothing is asked any more. */
  close(): void {
    for (const probes of this.#probes.values()) probes.stop();
  }

  #target({ spec }: ContainerRecord, running: StartedContainer): ProbeTarget {
    const [podIP = ''] = this.#sandbox.ips;
    return { clock: this.clock, container: spec, running, podIP, network: this.#sandbox.nodeNetwork };
  }
}
