import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import { backOffText, isForgiven, restartDelay } from './back-off.ts';
import type { ContainerRecord, Terminated } from './container-record.ts';
import { ImageError, type StartedContainer } from './pod-runtime.ts';

const imageRetryMs = 10_000;

export interface ContainerLoop {
  readonly clock: Clock;
  /** Throws ImageError. */
  start(record: ContainerRecord): Promise<StartedContainer>;
  /** `name_namespace(uid)`, as messages name a pod. */
  readonly podText: string;
  /** When a container ends, whether it is to run again. */
  restarts(record: ContainerRecord, exit: Terminated): boolean;
  /** Waits until what is asked of a started container (probes) is so; it may be running while it waits. */
  observe(record: ContainerRecord, signal: AbortSignal): void;
  changed(): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string, record: ContainerRecord): void;
}

/** Starts a container, and again when it ends and shall restart; resolves with its last end, or undefined when the pod is stopped before it ran. */
export async function runContainer(
  record: ContainerRecord,
  loop: ContainerLoop,
  signal: AbortSignal,
): Promise<Terminated | undefined> {
  const { clock, podText } = loop;
  let failures = 0;
  while (!signal.aborted) {
    const ended = await runOnce(record, loop, signal);
    if (ended === undefined) continue;
    if (signal.aborted || !loop.restarts(record, ended)) return ended;
    if (isForgiven(ended.finishedAt - ended.startedAt)) failures = 0;
    const delay = restartDelay(failures++);
    record.last = ended;
    record.id = ended.id;
    if (delay > 0) {
      const message = `back-off ${backOffText(delay)} restarting failed container=${record.spec.name} pod=${podText}`;
      record.state = { is: 'waiting', reason: 'CrashLoopBackOff', message };
      loop.changed();
      loop.event(
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${record.spec.name} in pod ${podText}`,
        record,
      );
      await sleep(clock, delay, signal);
      if (signal.aborted) {
        record.state = ended;
        return ended;
      }
    }
    record.restarts++;
  }
  return record.state.is === 'terminated' ? record.state : undefined;
}

/** Undefined: it did not start. */
async function runOnce(
  record: ContainerRecord,
  loop: ContainerLoop,
  signal: AbortSignal,
): Promise<Terminated | undefined> {
  const { clock } = loop;
  const { spec } = record;
  try {
    record.running = await loop.start(record);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    loop.event('Warning', 'Failed', `Failed to pull image "${spec.image}": ${error.message}`, record);
    loop.event('Warning', 'Failed', `Error: ${error.reason}`, record);
    record.state = { is: 'waiting', reason: error.reason, message: error.message };
    loop.changed();
    await sleep(clock, imageRetryMs, signal);
    return undefined;
  }
  const { running } = record;
  loop.event('Normal', 'Pulled', pulledMessage(spec.image ?? ''), record);
  loop.event('Normal', 'Created', 'Container created', record);
  loop.event('Normal', 'Started', 'Container started', record);
  const startedAt = clock.now();
  record.id = running.id;
  record.imageID = running.imageID;
  record.state = { is: 'running', startedAt };
  const observing = new AbortController();
  const stopObserving = (): void => observing.abort();
  signal.addEventListener('abort', stopObserving, { once: true });
  loop.observe(record, observing.signal);
  loop.changed();
  const exit = await running.exited;
  signal.removeEventListener('abort', stopObserving);
  stopObserving();
  const ended: Terminated = { ...exit, is: 'terminated', startedAt, finishedAt: clock.now(), id: running.id };
  record.running = undefined;
  record.state = ended;
  record.isStarted = false;
  record.isReady = false;
  loop.changed();
  return ended;
}

function pulledMessage(image: string): string {
  return `Container image "${image}" already present on machine and can be accessed by the pod`;
}
