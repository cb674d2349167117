import { ContainerDriver, type ContainerDriverDeps } from './container-driver.ts';
import { runContainer } from './container-loop.ts';
import { type ContainerKind, type ContainerRecord, newRecord } from './container-record.ts';
import { ended } from './ended.ts';
import type { Container, ContainerStatus, Pod, PodSandbox } from './pod-runtime.ts';
import { restartsAfter } from './restart-policy.ts';
import { restore } from './restored-record.ts';

const restartingReason = 'RestartingAllContainers';
const restartingMessage = 'The container is removed because RestartAllContainers in place';

/** All containers of a pod: which runs when, and which ends when. */
export class PodContainers {
  readonly init: readonly ContainerRecord[];
  readonly main: readonly ContainerRecord[];
  readonly #deps: Omit<ContainerDriverDeps, 'restartAll' | 'goesOn'>;
  readonly #ephemeral: ContainerRecord[] = [];
  readonly #looking: Promise<unknown>[] = [];
  #driver: ContainerDriver | undefined;
  #signal: AbortSignal | undefined;
  /** Aborts when all containers are to start anew, for the exit of this one. */
  #restart: AbortController | undefined;
  #source: ContainerRecord | undefined;

  constructor(pod: Readonly<Pod>, deps: Omit<ContainerDriverDeps, 'restartAll' | 'goesOn'>) {
    this.#deps = deps;
    const { initContainers = [], containers = [], ephemeralContainers = [], restartPolicy } = pod.spec ?? {};
    const reason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
    const isOver = pod.metadata?.deletionTimestamp !== undefined || restartPolicy === 'Never';
    const { initContainerStatuses, containerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
    const recordOf = (spec: Container, kind: ContainerKind, statuses: readonly ContainerStatus[] = []) => {
      const record = newRecord(spec, kind === 'ephemeral' ? 'ContainerCreating' : reason, kind);
      const status = statuses.find(({ name }) => name === spec.name);
      restore(record, status, isOver || kind === 'ephemeral');
      return record;
    };
    this.init = initContainers.map((spec) =>
      recordOf(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init', initContainerStatuses),
    );
    this.main = containers.map((spec) => recordOf(spec, 'main', containerStatuses));
    for (const spec of ephemeralContainers)
      this.#ephemeral.push(recordOf(spec as Container, 'ephemeral', ephemeralContainerStatuses));
  }

  /** Those that came to look into the pod. */
  get ephemeral(): readonly ContainerRecord[] {
    return this.#ephemeral;
  }

  /** One of them has a rule that makes all start anew. */
  get mayRestartAll(): boolean {
    return [...this.init, ...this.main].some(({ spec }) =>
      spec.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
    );
  }

  get isRestartingAll(): boolean {
    return this.#restart?.signal.aborted === true;
  }

  all(): readonly ContainerRecord[] {
    return [...this.init, ...this.main, ...this.#ephemeral];
  }

  /** Until all has ended for good; when `signal` aborts, what runs is stopped. */
  async run(sandbox: PodSandbox, signal: AbortSignal): Promise<void> {
    const restartAll = (source: ContainerRecord): void => {
      this.#source = source;
      this.#restart?.abort();
    };
    const goesOn = (without: ContainerRecord): boolean =>
      this.main.some((record) => record !== without && record.state.is !== 'terminated');
    const driver = new ContainerDriver(sandbox, { ...this.#deps, restartAll, goesOn }, signal);
    this.#driver = driver;
    this.#signal = signal;
    for (const record of this.#ephemeral) this.#look(record);
    const mayRestart = this.mayRestartAll;
    do {
      if (this.isRestartingAll) this.#reset();
      if (mayRestart) this.#restart = new AbortController();
      const restart = this.#restart?.signal;
      await this.#round(driver, restart === undefined ? signal : AbortSignal.any([signal, restart]));
    } while (this.isRestartingAll && !signal.aborted);
    await this.#stopAll(driver, this.all());
    await Promise.all(this.#looking);
  }

  /** Stops what runs, each in its turn. */
  terminate(): void {
    const driver = this.#driver;
    if (driver === undefined) return;
    driver.leave();
    void this.#stopAll(driver, this.all()).catch(this.#deps.onError);
  }

  /** What is being stopped has less time by now. */
  hasten(graceSeconds: number): void {
    for (const record of this.all()) this.#driver?.hasten(record, graceSeconds);
  }

  /** Ends all at once. */
  kill(): void {
    this.#driver?.close();
    for (const { running } of this.all()) running?.stop(0);
  }

  /** The pod may have other images by now, or containers to look into it. */
  update({ spec = { containers: [] } }: Readonly<Pod>): void {
    const { initContainers = [], containers = [], ephemeralContainers = [] } = spec;
    for (const record of [...this.init, ...this.main]) {
      const specs = record.kind === 'main' ? containers : initContainers;
      const now = specs.find(({ name }) => name === record.spec.name);
      if (now !== undefined) this.#respec(record, now);
    }
    for (const container of ephemeralContainers) {
      if (this.#ephemeral.some((record) => record.spec.name === container.name)) continue;
      const record = newRecord(container as Container, 'ContainerCreating', 'ephemeral');
      this.#ephemeral.push(record);
      this.#look(record);
    }
  }

  /** Ends a container so that it starts again. */
  restart(record: ContainerRecord, message: string): void {
    this.#driver?.replace(record, message);
  }

  #respec(record: ContainerRecord, spec: Container): void {
    const isOther = spec.image !== record.spec.image;
    record.spec = spec;
    if (!isOther) return;
    record.wake();
    if (record.running === undefined || record.kind === 'init') return;
    this.#driver?.giveUp(record, `Container ${spec.name} definition changed`, true);
  }

  #look(record: ContainerRecord): void {
    const driver = this.#driver;
    const signal = this.#signal;
    if (driver === undefined || signal === undefined || record.state.is === 'terminated') return;
    this.#looking.push(runContainer(record, driver, signal).catch(this.#deps.onError));
  }

  async #round(driver: ContainerDriver, signal: AbortSignal): Promise<void> {
    const sidecarStop = this.init.some(({ kind }) => kind === 'sidecar') ? new AbortController() : undefined;
    const sidecarSignal = sidecarStop === undefined ? signal : AbortSignal.any([signal, sidecarStop.signal]);
    const sidecars: Promise<unknown>[] = [];
    const isInitialized = await this.#initialize(driver, signal, (record) => {
      sidecars.push(runContainer(record, driver, sidecarSignal));
    });
    if (isInitialized) {
      driver.inOrder(this.main);
      const stop = (): void => void this.#stopAll(driver, this.all()).catch(this.#deps.onError);
      this.#restart?.signal.addEventListener('abort', stop, { once: true });
      await Promise.all(this.main.map((record) => runContainer(record, driver, signal)));
    }
    sidecarStop?.abort(ended);
    await this.#stopAll(driver, [...this.init, ...this.main]);
    await Promise.all(sidecars);
  }

  /** One init container after the other; a sidecar lets the next begin when it has started. */
  async #initialize(
    driver: ContainerDriver,
    signal: AbortSignal,
    runSidecar: (record: ContainerRecord) => void,
  ): Promise<boolean> {
    // Of a pod that has done all it had to do, nothing is begun again.
    if (this.main.every((record) => this.#isOver(record))) return true;
    for (const record of this.init) {
      if (signal.aborted) return false;
      if (record.kind === 'sidecar') {
        const aborted = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => aborted.resolve(), { once: true });
        const started = driver.whenStarted(record);
        runSidecar(record);
        await Promise.race([started, aborted.promise]);
        continue;
      }
      if (record.state.is === 'terminated' && record.state.exitCode === 0) this.#again(record, record.state);
      const ended = await runContainer(record, driver, signal);
      if (ended === undefined || ended.exitCode !== 0) return false;
      record.isReady = true;
      this.#deps.changed();
    }
    return !signal.aborted;
  }

  #isOver({ state, spec }: ContainerRecord): boolean {
    const pod = this.#deps.pod().spec ?? { containers: [] };
    return state.is === 'terminated' && !restartsAfter(spec, pod, state.exitCode);
  }

  #again(record: ContainerRecord, last: ContainerRecord['last']): void {
    record.last = last;
    record.restarts++;
    record.isReady = false;
    record.state = { is: 'waiting', reason: 'PodInitializing' };
  }

  /** All containers are as if they had never been, but for what is said of it. */
  #reset(): void {
    const lost = { is: 'terminated', exitCode: 137, reason: restartingReason, message: restartingMessage } as const;
    for (const record of [...this.init, ...this.main]) {
      const { state } = record;
      if (state.is === 'waiting' && record.last === undefined) continue;
      const own = record === this.#source && state.is === 'terminated' ? state : undefined;
      this.#again(record, own ?? { ...lost, startedAt: undefined, finishedAt: undefined, id: '' });
      record.state = { is: 'waiting', reason: restartingReason, message: restartingMessage };
    }
    this.#deps.changed();
  }

  /** Containers first, all at once; then sidecars, the last first. */
  async #stopAll(driver: ContainerDriver, records: readonly ContainerRecord[]): Promise<void> {
    const before: Promise<unknown>[] = records.flatMap(({ kind, running }) =>
      kind === 'sidecar' || running === undefined ? [] : [running.exited],
    );
    const stopped: Promise<void>[] = [];
    for (const record of [...records].reverse()) {
      const { running, kind } = record;
      if (running === undefined) continue;
      const turn = kind === 'sidecar' ? Promise.all([...before]) : undefined;
      if (kind === 'sidecar') before.push(running.exited);
      stopped.push(driver.stop(record, turn === undefined ? {} : { turn }));
    }
    await Promise.all(stopped);
  }
}
