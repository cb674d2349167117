import type { Clock, Random } from '../../api/clock.ts';
import type { FileTree } from '../files/file-tree.ts';
import type { NetworkNamespace } from '../network/network.ts';
import type { Reader, Writer } from './streams.ts';
import type { Command } from './syntax.ts';

/** What a running shell or program sees. A subshell has a copy of its own. */
export interface ShellProcess {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: FileTree;
  /** Of the pod; undefined where a shell runs by itself. */
  readonly network?: NetworkNamespace;
  readonly hostname?: string;
  readonly variables: Map<string, string>;
  readonly exported: Set<string>;
  readonly functions: Map<string, Command>;
  readonly traps: Map<string, string>;
  /** `$0`, then `$1` and so on. */
  parameters: readonly string[];
  cwd: string;
  lastCode: number;
  stdin: Reader;
  stdout: Writer;
  stderr: Writer;
  /** Aborts when it is killed. */
  readonly killed: AbortSignal;
  /** Signals that came and were not heeded yet; shared with what it starts. */
  readonly pending: Set<string>;
  /** What runs in the background. */
  readonly jobs: Promise<number>[];
  /** Programs by name, besides those that every shell has. */
  readonly programs: ReadonlyMap<string, ShellProgram>;
  /** `set -e`, `set -x` and the like. */
  readonly options: Set<string>;
}

/** A program: words without its name. Answers with the exit code. */
export type ShellProgram = (args: readonly string[], process: ShellProcess) => Promise<number> | number;

/** Leaves a script, a loop or a function. */
export class Leave extends Error {
  readonly what: 'exit' | 'return' | 'break' | 'continue';
  readonly value: number;

  constructor(what: Leave['what'], value: number) {
    super(what);
    this.what = what;
    this.value = value;
  }
}

export function copyOf(process: ShellProcess, changes: Partial<ShellProcess> = {}): ShellProcess {
  return {
    ...process,
    variables: new Map(process.variables),
    exported: new Set(process.exported),
    functions: new Map(process.functions),
    traps: new Map(),
    pending: new Set(),
    jobs: [],
    options: new Set(process.options),
    ...changes,
  };
}
