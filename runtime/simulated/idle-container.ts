import type { Clock } from '../../api/clock.ts';
import type { ProcessStreams } from '../../api/streams/node-connection.ts';
import type { ByteText } from '../files/file-tree.ts';
import type { Container, ContainerExit, DiskUsage, Mount, StartedContainer, Usage } from '../kubelet/pod-runtime.ts';
import { bytesPerProcess, steadyUsage } from './usage.ts';

export interface IdleSetup {
  readonly id: string;
  readonly imageID: string;
  readonly clock: Clock;
  readonly mounts: readonly Mount[];
  /** Makes all of it, its first process as one that only waits. */
  whole(): StartedContainer;
  setResources(resources: Container['resources']): void;
  closed(): void;
}

/** A container whose program only waits to be told to end: its processes and files are made when somebody looks. */
export class IdleContainer implements StartedContainer {
  readonly id: string;
  readonly imageID: string;
  readonly exited: Promise<ContainerExit>;
  readonly #setup: IdleSetup;
  readonly #startedAt: number;
  readonly #exit: (exit: ContainerExit) => void;
  #whole: StartedContainer | undefined;
  #isOver = false;

  constructor(setup: IdleSetup) {
    const { promise, resolve } = Promise.withResolvers<ContainerExit>();
    this.id = setup.id;
    this.imageID = setup.imageID;
    this.exited = promise;
    this.#exit = resolve;
    this.#setup = setup;
    this.#startedAt = setup.clock.now();
  }

  get #all(): StartedContainer {
    if (this.#whole === undefined) {
      this.#whole = this.#setup.whole();
      void this.#whole.exited.then((exit) => this.#end(exit));
    }
    return this.#whole;
  }

  #end(exit: ContainerExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#setup.closed();
    this.#exit(exit);
  }

  stop(graceMs: number): void {
    if (this.#whole !== undefined) this.#whole.stop(graceMs);
    else if (graceMs <= 0) this.#end({ exitCode: 137, reason: 'Error' });
    else this.#end({ exitCode: 0, reason: 'Completed' });
  }

  exec(command: readonly string[], streams: ProcessStreams): Promise<number> {
    if (this.#isOver) return Promise.reject(new Error('container not running'));
    return this.#all.exec(command, streams);
  }

  async attach(streams: ProcessStreams): Promise<void> {
    if (!this.#isOver) await this.#all.attach(streams);
  }

  readFile(path: string): ByteText | undefined {
    if (this.#whole !== undefined) return this.#whole.readFile(path);
    const [mount] = this.#setup.mounts
      .filter((one) => path === one.path || path.startsWith(`${one.path}/`))
      .toSorted((a, b) => b.path.length - a.path.length);
    if (mount !== undefined) return mount.tree.read(path.slice(mount.path.length) || '/');
    // Nobody has written anything.
    return this.#isOver ? undefined : this.#all.readFile(path);
  }

  usage(): Usage {
    if (this.#whole !== undefined) return this.#whole.usage();
    const steady = steadyUsage(this.#setup.clock, this.#startedAt);
    return { ...steady, memoryBytes: steady.memoryBytes + bytesPerProcess };
  }

  written(): DiskUsage {
    return this.#whole?.written?.() ?? { bytes: 0, files: 0 };
  }

  processes(): number {
    return this.#whole?.processes?.() ?? 1;
  }

  setResources(resources: Container['resources']): void {
    this.#setup.setResources(resources);
  }
}
