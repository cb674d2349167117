import type { Clock, Random } from '../../api/clock.ts';
import type { ByteText, FileTree } from '../files/file-tree.ts';
import type { Container, Pod } from '../kubelet/pod-runtime.ts';
import type { NetworkNamespace } from '../network/network.ts';
import type { Reader, Writer } from '../shell/streams.ts';
import type { Budget } from './budget.ts';
import type { Hold } from './hold.ts';
import type { OpenFile, OpenFlags } from './open-file.ts';
import type { Terminal } from './terminal.ts';

/** What does not change while a container runs. */
export interface ContainerFacts {
  readonly hostname: string;
  readonly node: string;
  readonly pod: Readonly<Pod>;
  readonly container: Container;
  /** How often the container was started before. */
  readonly attempt: number;
}

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones. */
  readonly groups: readonly number[];
  /** Whether modes of files hold it back although it is root: without CAP_DAC_OVERRIDE. */
  readonly isBound?: boolean;
  /** Masks as in /proc/PID/status. */
  readonly capabilities?: { readonly inheritable: string; readonly effective: string; readonly bounding: string };
  readonly noNewPrivileges?: boolean;
  /** 0 unconfined, 2 filtered. */
  readonly seccomp?: 0 | 2;
}

/** How a process ended. */
export interface ProcessExit {
  /** 128 and the signal's number when a signal ended it. */
  readonly code: number;
  readonly signal?: string;
}

/** What others see of a process. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly user: Credentials;
  readonly cwd: string;
  readonly startedAt: number;
  readonly terminal: Terminal | undefined;
  /** Until it is told to go on. */
  readonly isStopped?: boolean;
  readonly descriptors: ReadonlyMap<number, OpenFile>;
}

export interface Child {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly isStopped?: boolean;
  /** What holds it, now or next. */
  stopped(): Promise<Pick<Hold, 'signal' | 'released'>>;
}

export interface SpawnOptions {
  /** The command line: a path or a name to look for in PATH, then the arguments. */
  readonly args: readonly string[];
  readonly environment?: ReadonlyMap<string, string>;
  readonly cwd?: string;
  readonly user?: Credentials;
  /** Instead of those of the parent. Each is held once more. */
  readonly descriptors?: ReadonlyMap<number, OpenFile>;
  /** A process group to join; `new`: of its own. Default: the parent's. */
  readonly group?: number | 'new';
  /** Runs in place of a file: what a shell forks. */
  readonly program?: Program;
  /** Default: now. */
  readonly startedAt?: number;
}

/** What a running program has. Properties may be taken apart; methods need no `this`. */
export interface ProgramContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly pid: number;
  readonly parent: number;
  readonly user: Credentials;
  /** The command line: the program's name as it was called, then its arguments. */
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  cwd: string;
  umask: number;
  /** The container's own files with its volumes, as the process's user may use them. */
  readonly files: FileTree;
  /** Of the pod, or of the node. */
  readonly network: NetworkNamespace;
  readonly facts: ContainerFacts;
  readonly stdin: Reader;
  /** Of a container's first process, what `kubectl logs` will show. */
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** By number. A process may open and close them; the table releases them at its end. */
  readonly descriptors: Map<number, OpenFile>;
  /** Where it was started from, if that is one. */
  readonly terminal: Terminal | undefined;
  readonly budget: Budget;
  /** Aborts when the process has ended, by whatever. */
  readonly killed: AbortSignal;
  /** Calls back with SIGTERM; the first process of a container ignores it without that. */
  onTerminate(callback: () => void): void;
  /** What to do about a signal; undefined: what is usual. */
  onSignal(name: string, action: (() => void) | 'ignore' | undefined): void;
  /** Files, devices, and what is in /dev/fd. Throws FileError. */
  open(path: string, flags: OpenFlags): OpenFile;
  /** Starts a process of its own in the same container. Throws ExecError. */
  spawn(options: SpawnOptions): Child;
  /** The program becomes another one: as `exec` of a shell. Throws ExecError. */
  become(options: SpawnOptions): Promise<number>;
  /** Of all that it can see. */
  processes(): readonly ProcessInfo[];
  /** Throws FileError ESRCH or EPERM. A negative number is a group; -1 all but itself and the first. */
  kill(pid: number, signal: string): void;
  /** Memory that the program says it uses, for statistics. */
  useMemory(bytes: number): void;
}

/** What a program does: its exit code. */
export interface Program {
  (context: ProgramContext): Promise<number> | number;
  /** Fetches its code, where that comes with the first run otherwise. May be called again. */
  load?(): Promise<unknown>;
}

/** A command line that cannot be run. The message is that of a container runtime. */
export class ExecError extends Error {
  /** As shells have it: 127 not found, 126 not to be executed. */
  readonly code: 126 | 127;
  readonly reason: 'ENOENT' | 'EACCES' | 'ENOEXEC';

  constructor(reason: ExecError['reason'], message: string) {
    super(message);
    this.name = 'ExecError';
    this.reason = reason;
    this.code = reason === 'ENOENT' ? 127 : 126;
  }
}

/** Thrown in a program whose process has ended, wherever it is. */
export class Ended extends Error {}

/** What a program writes, by stream. */
export type Log = (stream: 'stdout' | 'stderr', text: ByteText) => void;
