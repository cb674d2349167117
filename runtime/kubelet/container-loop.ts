import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import { backOffText, isForgiven, restartDelay } from './back-off.ts';
import { type ContainerRecord, type Terminated, userStatus } from './container-record.ts';
import type { StartedContainer } from './pod-runtime.ts';
import { StartFailure } from './start-failure.ts';

/** A kubelet notices so soon that a container is not as it should be. */
const noticeMs = 1000;
/** What could not be started for its configuration is tried again so often. */
const retryMs = 10_000;

export interface ContainerLoop {
  readonly clock: Clock;
  /** `name_namespace(uid)`, as messages name a pod. */
  readonly podText: string;
  readonly maxBackOffMs: number;
  /** Resolves when the containers before this one have been started. */
  turn(record: ContainerRecord): Promise<unknown>;
  /** Throws StartFailure. */
  start(record: ContainerRecord): Promise<StartedContainer>;
  /** The hook after its start; throws StartFailure when it fails, after the container was stopped. */
  afterStart(record: ContainerRecord): Promise<void>;
  /** Asks probes until the result is called. */
  observe(record: ContainerRecord): () => void;
  /** Of a try to start it, whatever came of it. */
  tried(record: ContainerRecord): void;
  /** When its image may be pulled again. */
  pullAt(record: ContainerRecord): number | undefined;
  /** When a container ends, whether it is to run again. */
  restarts(record: ContainerRecord, exit: Terminated): boolean;
  lastWords(record: ContainerRecord, exitCode: number): string | undefined;
  changed(): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string, record: ContainerRecord): void;
}

/** Starts a container, and again when it ends and shall restart; resolves with its last end, or undefined when the pod is stopped before it ran. */
export async function runContainer(
  record: ContainerRecord,
  loop: ContainerLoop,
  signal: AbortSignal,
): Promise<Terminated | undefined> {
  try {
    return await runOn(record, loop, signal);
  } finally {
    // Nobody waits for who runs no more.
    loop.tried(record);
  }
}

async function runOn(
  record: ContainerRecord,
  loop: ContainerLoop,
  signal: AbortSignal,
): Promise<Terminated | undefined> {
  let failures = 0;
  let begunAt = loop.clock.now();
  // It ran before this kubelet did.
  if (record.state.is === 'terminated') {
    if (!loop.restarts(record, record.state)) return record.state;
    begin(record, record.state);
  }
  await loop.turn(record);
  while (!signal.aborted) {
    const run = await runOnce(record, loop, signal);
    const { ended, failure } = run;
    if (ended === undefined) {
      await waitToRetry(record, loop, signal);
      continue;
    }
    if (signal.aborted || !loop.restarts(record, ended)) return ended;
    if (isForgiven((ended.finishedAt ?? begunAt) - begunAt, loop.maxBackOffMs)) failures = 0;
    const delay = restartDelay(failures++, loop.maxBackOffMs);
    if (failure !== undefined) {
      record.last = ended;
      record.state = { is: 'waiting', reason: failure.reason, message: failure.message };
      loop.changed();
    }
    const isAwake = await backOff(record, loop, { ended, delay, isFailure: failure !== undefined }, signal);
    if (signal.aborted) {
      record.state = ended;
      if (failure !== undefined) record.last = undefined;
      return ended;
    }
    if (isAwake) failures = 0;
    begin(record, ended);
    begunAt = loop.clock.now();
  }
  return record.state.is === 'terminated' ? record.state : undefined;
}

/** The next attempt: what it was is what it was before. */
function begin(record: ContainerRecord, ended: Terminated): void {
  record.last = ended;
  record.id = ended.id;
  record.restarts++;
}

/** Waits; true when it was woken, since the container is another by now. */
async function pause(record: ContainerRecord, clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  const woken = new AbortController();
  record.wake = () => woken.abort();
  await sleep(clock, ms, AbortSignal.any([signal, woken.signal]));
  record.wake = () => undefined;
  return woken.signal.aborted;
}

interface Pause {
  readonly ended: Terminated;
  readonly delay: number;
  readonly isFailure: boolean;
}

async function backOff(
  record: ContainerRecord,
  loop: ContainerLoop,
  { ended, delay, isFailure }: Pause,
  signal: AbortSignal,
): Promise<boolean> {
  const { clock, podText } = loop;
  const { name } = record.spec;
  if (delay === 0) return isFailure && (await pause(record, clock, noticeMs, signal));
  // How it ended is seen for a while.
  if (await pause(record, clock, noticeMs, signal)) return true;
  if (signal.aborted) return false;
  const message = `back-off ${backOffText(delay)} restarting failed container=${name} pod=${podText}`;
  record.last = ended;
  record.state = { is: 'waiting', reason: 'CrashLoopBackOff', message };
  loop.changed();
  loop.event('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${podText}`, record);
  return pause(record, clock, delay - noticeMs, signal);
}

async function waitToRetry(record: ContainerRecord, loop: ContainerLoop, signal: AbortSignal): Promise<void> {
  const { clock } = loop;
  const { state } = record;
  if (signal.aborted || state.is !== 'waiting') return;
  if (state.reason === 'ErrImagePull') {
    // The next look finds that it has to wait.
    await pause(record, clock, noticeMs, signal);
    return;
  }
  const pullAt = loop.pullAt(record);
  const ms = pullAt === undefined ? retryMs : Math.max(0, pullAt - clock.now());
  await pause(record, clock, ms, signal);
}

interface Run {
  /** Undefined: there was no container to end. */
  readonly ended?: Terminated;
  /** It did not start as it should. */
  readonly failure?: StartFailure;
}

async function runOnce(record: ContainerRecord, loop: ContainerLoop, signal: AbortSignal): Promise<Run> {
  const { clock } = loop;
  try {
    record.running = await loop.start(record);
  } catch (error) {
    loop.tried(record);
    if (!(error instanceof StartFailure)) throw error;
    record.state = { is: 'waiting', reason: error.reason, message: error.message };
    loop.changed();
    return {};
  }
  const { running } = record;
  const startedAt = clock.now();
  record.id = running.id;
  record.imageID = running.imageID;
  record.user = userStatus(running.user);
  record.wasCreated = true;
  record.resources = record.allocated;
  loop.event('Normal', 'Created', 'Container created', record);
  const stillborn = await earlyEnd(running);
  if (stillborn?.reason === 'StartError') {
    const message = stillborn.message ?? '';
    loop.event('Warning', 'Failed', `Error: ${message}`, record);
    loop.tried(record);
    record.running = undefined;
    const ended: Terminated = { ...stillborn, is: 'terminated', startedAt: 0, finishedAt: clock.now(), id: running.id };
    record.state = ended;
    return { ended, failure: new StartFailure('RunContainerError', message) };
  }
  loop.event('Normal', 'Started', 'Container started', record);
  const failed = record.spec.lifecycle?.postStart === undefined ? undefined : await hooked(record, loop);
  loop.tried(record);
  let stopObserving: () => void = () => undefined;
  if (failed === undefined) {
    record.state = { is: 'running', startedAt };
    loop.changed();
    if (!signal.aborted) stopObserving = loop.observe(record);
  }
  const exit = await running.exited;
  stopObserving();
  const { message = loop.lastWords(record, exit.exitCode), ...end } = exit;
  const words = message === undefined || message === '' ? {} : { message };
  const ended: Terminated = { ...end, ...words, is: 'terminated', startedAt, finishedAt: clock.now(), id: running.id };
  record.running = undefined;
  record.state = ended;
  record.isStarted = false;
  record.isReady = false;
  loop.changed();
  return { ended, ...(failed === undefined ? {} : { failure: failed }) };
}

async function hooked(record: ContainerRecord, loop: ContainerLoop): Promise<StartFailure | undefined> {
  try {
    await loop.afterStart(record);
    return undefined;
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    return error;
  }
}

/** What a runtime finds at once when it starts a program that is not there. */
async function earlyEnd(running: StartedContainer): Promise<Awaited<StartedContainer['exited']> | undefined> {
  let end: Awaited<StartedContainer['exited']> | undefined;
  void running.exited.then((exit) => {
    end = exit;
  });
  for (let turns = 0; turns < 10 && end === undefined; turns++) await Promise.resolve();
  return end;
}
