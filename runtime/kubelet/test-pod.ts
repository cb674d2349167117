import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import type { Rejection } from './admission.ts';
import { maxBackOffMs } from './back-off.ts';
import { ImageManager } from './image-manager.ts';
import type { Container, ContainerExit, ImageStore, Pod, PodRuntime, StartedContainer } from './pod-runtime.ts';
import type { PodStatus } from './pod-status.ts';
import { PodWorker, type PodWorkerDeps } from './pod-worker.ts';
import { Schedule } from './schedule.ts';

export interface TestClock extends Clock {
  /** Lets `ms` pass, a step at a time, and all that waits for it happen. */
  pass(ms: number): Promise<void>;
  readonly timers: number;
}

export function testClock(start = Date.UTC(2026, 0, 2, 3, 4, 5)): TestClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    pass: async (ms) => {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = end;
    },
    get timers() {
      return timers.size;
    },
  };
}

/** One attempt of a container, whose end the test decides. */
export interface TestContainer {
  readonly name: string;
  readonly container: Container;
  readonly files: MemoryTree;
  /** As they came: grace in ms. */
  readonly stops: number[];
  /** What it uses, in bytes. */
  memoryBytes: number;
  writtenBytes: number;
  writtenFiles: number;
  processes: number;
  exit(exitCode: number, more?: Partial<ContainerExit>): void;
  log(text: string): void;
}

export interface TestPod {
  readonly clock: TestClock;
  readonly worker: PodWorker;
  /** All that was started, in its order. */
  readonly started: TestContainer[];
  readonly events: string[];
  /** Statuses as they were written. */
  readonly written: PodStatus[];
  /** What a program that is run in a container answers: its exit code, or `late`. */
  answers: (container: string, command: readonly string[]) => number | Promise<number>;
  /** Whether a container ends when it is asked to. */
  obeys: boolean;
  isRemoved: boolean;
  latest(name: string): TestContainer;
  update(change: (pod: Pod) => Pod): void;
}

export interface TestPodOptions {
  /** Default: one of its own. */
  readonly clock?: TestClock;
  readonly images?: ImageStore;
  /** By name. */
  readonly secrets?: Readonly<Record<string, object>>;
  readonly status?: Pod['status'];
  readonly metadata?: Pod['metadata'];
  answers?: TestPod['answers'];
  readonly rejection?: Rejection;
  allocate?(pod: Readonly<Pod>): Rejection | 'later' | undefined;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** A pod on a kubelet whose runtime, API server and clock are the test's. */
export async function testPod(spec: Pod['spec'], options: TestPodOptions = {}): Promise<TestPod> {
  const { clock = testClock() } = options;
  const started: TestContainer[] = [];
  const events: string[] = [];
  const written: PodStatus[] = [];
  let revision = 1;
  const metadata = { name: 'p', namespace: 'n', uid: 'u', generation: 1, resourceVersion: '1', ...options.metadata };
  let pod: Readonly<Pod> = { metadata, spec, ...(options.status === undefined ? {} : { status: options.status }) };
  const unused = (): never => {
    throw new Error('not used');
  };
  const client: ApiClient = {
    get: async (_resource, _namespace, name) => (options.secrets?.[name] ?? unused()) as never,
    list: unused,
    create: unused,
    update: unused,
    request: unused,
    watch: unused,
    patch: async (_target: unknown, body: object) => {
      const { status } = body as { readonly status: PodStatus };
      const conditions = status.conditions?.filter((one) => !('$patch' in one));
      const known = { ...status, conditions } as PodStatus;
      written.push(known);
      revision++;
      pod = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(revision) }, status: known };
      return pod as never;
    },
    delete: async () => {
      test.isRemoved = true;
      return {} as never;
    },
  };
  const startContainer = (container: Container, log: (stream: 'stdout', text: string) => void): StartedContainer => {
    const exited = Promise.withResolvers<ContainerExit>();
    const stops: number[] = [];
    if (container.command?.[0] === '/missing')
      exited.resolve({ exitCode: 128, reason: 'StartError', message: 'no such file' });
    const files = new MemoryTree({ now: () => clock.now() });
    const own: TestContainer = {
      name: container.name ?? '',
      container,
      files,
      stops,
      memoryBytes: 0,
      writtenBytes: 0,
      writtenFiles: 0,
      processes: 1,
      exit: (exitCode, more) => exited.resolve({ exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...more }),
      log: (text) => log('stdout', text),
    };
    started.push(own);
    return {
      id: `test://${started.length}`,
      imageID: 'sha',
      exited: exited.promise,
      stop: (graceMs) => {
        stops.push(graceMs);
        if (test.obeys) exited.resolve({ exitCode: 0, reason: 'Completed' });
        else clock.after(graceMs, () => exited.resolve({ exitCode: 137, reason: 'Error' }));
      },
      exec: async (command, streams) => {
        const code = await test.answers(container.name ?? '', command);
        streams.stdout?.write(`says ${code}`);
        return code;
      },
      attach: async () => undefined,
      readFile: (path) => files.read(path),
      usage: () => ({ cpuNanoseconds: 0, cpuNanoCores: 0, memoryBytes: own.memoryBytes }),
      written: () => ({ bytes: own.writtenBytes, files: own.writtenFiles }),
      processes: () => own.processes,
    };
  };
  const present: ImageStore = {
    find: (_node, image) => ({ name: image, sizeBytes: 1 }),
    pull: async (_node, image) => ({ name: image, sizeBytes: 1 }),
  };
  const network = {} as never;
  const runtime: PodRuntime = {
    version: 'test://1',
    volumes: { release: () => undefined } as never,
    images: options.images ?? present,
    createSandbox: async () => ({
      ips: ['10.0.0.1'],
      network,
      nodeNetwork: network,
      startContainer: async ({ container, log }) => startContainer(container, log),
      close: () => undefined,
    }),
  };
  const node = { name: 'node', addresses: ['1.2.3.4'], podCIDRs: [] };
  const test: Mutable<TestPod> = {
    worker: undefined as unknown as PodWorker,
    clock,
    started,
    events,
    written,
    answers: options.answers ?? (() => 0),
    obeys: true,
    isRemoved: false,
    latest: (name: string) => {
      const found = started.findLast((one) => one.name === name);
      if (found === undefined) throw new Error(`${name} has not started`);
      return found;
    },
    update: (change: (now: Pod) => Pod) => {
      pod = change({ ...pod });
      test.worker.update(pod);
    },
  };
  const deps: PodWorkerDeps = {
    client,
    clock,
    runtime,
    node,
    images: new ImageManager(clock, runtime.images, node.name),
    schedule: new Schedule(clock),
    setup: {
      prepare: async () => ({
        surroundings: async (container) => ({ container, environment: new Map(), mounts: [] }),
        close: () => undefined,
      }),
    },
    allocate: options.allocate ?? (() => undefined),
    maxBackOffMs,
    recorder: {
      record: ({ fieldPath = '' }, type, reason, message) => {
        const [, name = ''] = /\{(.*)\}/.exec(fieldPath) ?? [];
        events.push(`${type === 'Warning' ? '! ' : ''}${name === '' ? '' : `${name}: `}${reason}: ${message}`);
      },
    },
    onError: (error) => {
      throw error;
    },
  };
  test.worker = new PodWorker(pod, deps, options.rejection);
  await clock.pass(0);
  return test;
}
