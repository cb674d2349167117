import type { OpenFile } from '../processes/open-file.ts';
import type { Child, ProgramContext } from '../processes/program.ts';
import type { Job } from './jobs.ts';
import type { Command } from './language/syntax.ts';
import { Variables } from './variables.ts';

/** What a shell keeps in mind. A subshell has a copy. */
export class Shell {
  readonly context: ProgramContext;
  readonly variables: Variables;
  readonly functions: Map<string, Command>;
  readonly aliases: Map<string, string>;
  /** Scripts by signal, EXIT, or ERR; an empty one: the signal is ignored. */
  readonly traps: Map<string, string>;
  /** Letters of `set`, and `pipefail`. */
  readonly options: Set<string>;
  readonly isBash: boolean;
  /** `$$`: subshells have that of their shell. */
  readonly pid: number;
  /** `$0`. */
  name: string;
  /** `$1` and so on. */
  parameters: readonly string[] = [];
  isInteractive = false;
  /** `-c`. */
  isCommand = false;
  lastCode = 0;
  /** Of the last `$(…)`, while the words of a command are expanded. */
  substitutionCode: number | undefined;
  lastJob: number | undefined;
  /** The current one first, then the one before. */
  jobs: Job[] = [];
  /** What a job would be called that begins now. */
  commandText = '';
  /** How often something was stopped in the foreground. */
  stops = 0;
  /** Above 0: that jobs are stopped was just said. */
  exitWarnings = 0;
  onJobChange: (() => void) | undefined;
  line = 1;
  /** Of a script in a file: stands in messages. */
  hasLines = false;
  /** How deep in conditions, where `set -e` does not count. */
  conditionDepth = 0;
  loopDepth = 0;
  depth = 0;
  history: string[] = [];
  readonly startedAt: number;
  /** Signals that came and wait for their traps. */
  readonly pending = new Set<string>();
  /** Restart of `getopts`: the place in a cluster of letters. */
  optionAt = 0;
  /** Set by `exec` without a command: its redirections stay. */
  keepsRedirections = false;
  #interruption = new AbortController();

  constructor(context: ProgramContext, from?: Shell) {
    this.context = context;
    this.variables = from?.variables.copy() ?? new Variables();
    this.functions = new Map(from?.functions);
    this.aliases = new Map(from?.aliases);
    // What is ignored stays ignored; scripts are the shell's own.
    this.traps = new Map([...(from?.traps ?? [])].filter(([, script]) => script === ''));
    this.options = new Set(from?.options);
    this.isBash = from?.isBash ?? false;
    this.pid = from?.pid ?? context.pid;
    this.name = from?.name ?? 'sh';
    this.startedAt = from?.startedAt ?? context.clock.now();
    if (from === undefined) return;
    this.parameters = from.parameters;
    this.lastCode = from.lastCode;
    this.lastJob = from.lastJob;
    this.line = from.line;
    this.hasLines = from.hasLines;
    this.conditionDepth = from.conditionDepth;
    this.depth = from.depth;
    this.options.delete('m');
    this.isCommand = from.isCommand;
  }

  static create(context: ProgramContext, options: { readonly isBash: boolean; readonly name: string }): Shell {
    const shell = new Shell(context);
    Object.assign(shell, options);
    return shell;
  }

  /** Aborts when a signal with a trap comes: what waits is to be left. */
  get interruption(): AbortSignal {
    return this.#interruption.signal;
  }

  interrupt(signal: string): void {
    this.pending.add(signal);
    this.#interruption.abort();
    this.#interruption = new AbortController();
  }

  say(text: string): void {
    this.context.stdout.write(text);
  }

  /** A message with what stands before those of this shell. */
  complain(text: string, command?: string): void {
    const { label } = this;
    const line = command === undefined || this.hasLines || this.isBash || this.isInteractive ? '' : 'line 0: ';
    this.context.stderr.write(`${label}: ${command === undefined ? '' : `${command}: ${line}`}${text}\n`);
  }

  /** A message of a builtin that is a program, too: it says its own name only. */
  complainShort(text: string): void {
    this.context.stderr.write(`${this.isBash ? this.label : 'sh'}: ${text}\n`);
  }

  /** What messages begin with. */
  get label(): string {
    const { name } = this;
    if (this.isInteractive) return name.replace(/^-/, '');
    return this.hasLines || this.isBash ? `${name}: line ${this.line}` : name;
  }

  /** A descriptor's file in the place of what was there, which is given back. */
  install(descriptor: number, file: OpenFile | undefined): OpenFile | undefined {
    const { descriptors } = this.context;
    const before = descriptors.get(descriptor);
    if (file === undefined) descriptors.delete(descriptor);
    else descriptors.set(descriptor, file);
    return before;
  }

  /** A copy of this shell as a process of its own. */
  fork(
    run: (shell: Shell) => Promise<number>,
    {
      descriptors,
      group,
    }: { readonly descriptors?: ReadonlyMap<number, OpenFile>; readonly group?: number | 'new' } = {},
  ): Child {
    const { context } = this;
    return context.spawn({
      args: context.args,
      environment: this.variables.environment(),
      program: (inner) => {
        inner.umask = context.umask;
        inner.cwd = context.cwd;
        return run(new Shell(inner, this));
      },
      ...(descriptors === undefined ? {} : { descriptors }),
      ...(group === undefined ? {} : { group }),
    });
  }
}
