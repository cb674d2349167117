import type { Clock, Random } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import type { FileTree } from '../files/file-tree.ts';
import type { Container, ContainerExit, Pod } from '../kubelet/pod-runtime.ts';
import type { NetworkNamespace } from '../network/network.ts';
import { type Reader, readerOf, type Writer, writerOf } from '../shell/streams.ts';

/** What does not change while a container runs. */
export interface ContainerFacts {
  readonly hostname: string;
  readonly node: string;
  readonly pod: Readonly<Pod>;
  readonly container: Container;
  /** How often the container was started before. */
  readonly attempt: number;
}

export interface ProgramContext {
  readonly clock: Clock;
  readonly random: Random;
  /** The command line: the program's name as it was called, then its arguments. */
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly cwd: string;
  /** The container's own files with its volumes mounted into them. */
  readonly files: FileTree;
  /** Of the pod, or of the node. */
  readonly network: NetworkNamespace;
  readonly facts: ContainerFacts;
  /** What the image has besides a shell's own programs, by path. */
  readonly programs: Readonly<Record<string, Program>>;
  readonly stdin: Reader;
  /** Of a container's first process, what `kubectl logs` will show. */
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** Aborts when the container is killed. */
  readonly killed: AbortSignal;
  /** Calls back with SIGTERM; a program without a handler ignores it, as the first process of a container does. */
  onTerminate(callback: () => void): void;
}

/** Says as runc does why a program cannot start. */
export class StartError extends Error {}

const startErrorCode = 128;
const startErrorText =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process';

/** What an image does: its exit code. */
export type Program = (context: ProgramContext) => Promise<number>;

const killedCode = 137;

export interface Process {
  readonly exited: Promise<ContainerExit>;
  stop(graceMs: number): void;
}

/** What a container gives its first process. */
export type ContainerSetup = Pick<
  ProgramContext,
  'clock' | 'random' | 'args' | 'environment' | 'user' | 'cwd' | 'files' | 'network' | 'facts' | 'programs'
> & {
  log(stream: 'stdout' | 'stderr', text: string): void;
};

/** Runs a program as the first process of a container. */
export function startProcess(program: Program, setup: ContainerSetup): Process {
  const kill = new AbortController();
  const handlers: (() => void)[] = [];
  const killed = new Promise<number>((resolve) => {
    kill.signal.addEventListener('abort', () => resolve(killedCode), { once: true });
  });
  const { log, ...given } = setup;
  const context: ProgramContext = {
    ...given,
    stdin: readerOf(''),
    stdout: writerOf((text) => log('stdout', text)),
    stderr: writerOf((text) => log('stderr', text)),
    killed: kill.signal,
    onTerminate: (callback) => void handlers.push(callback),
  };
  const exited = Promise.race([program(context), killed]).then(
    (exitCode): ContainerExit => ({ exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' }),
    (error: unknown): ContainerExit => {
      if (!(error instanceof StartError)) throw error;
      const message = `${startErrorText}: ${error.message}: unknown`;
      return { exitCode: startErrorCode, reason: 'StartError', message };
    },
  );
  return {
    exited,
    stop: (graceMs) => {
      for (const handler of handlers) handler();
      if (graceMs <= 0) kill.abort();
      else void sleep(setup.clock, graceMs, kill.signal).then(() => kill.abort());
    },
  };
}

/** Stays up until it is told to end, then ends well: any server. */
export const server: Program = ({ killed, onTerminate }) =>
  new Promise((resolve) => {
    onTerminate(() => resolve(0));
    killed.addEventListener('abort', () => resolve(killedCode), { once: true });
  });

/** Stays up and takes no notice of a wish to end. */
export const deaf: Program = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(killedCode), { once: true }));
