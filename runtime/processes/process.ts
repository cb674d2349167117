import type { Clock, Random } from '../../api/clock.ts';
import type { FileTree } from '../files/file-tree.ts';
import type { NetworkNamespace } from '../network/network.ts';
import { BrokenPipe, type Reader, type ReadOptions, readerOf, type Writer } from '../shell/streams.ts';
import type { Budget } from './budget.ts';
import { executionOf } from './execute.ts';
import { Gate, GatedBudget, GatedClock, type Hold, stops } from './hold.ts';
import type { OpenFile } from './open-file.ts';
import { type Fifo, openPath } from './open-path.ts';
import { ProcessFiles } from './process-files.ts';
import { ProcessNetwork } from './process-network.ts';
import type { ProcessTable } from './process-table.ts';
import {
  type ContainerFacts,
  type Credentials,
  Ended,
  ExecError,
  type ProcessExit,
  type ProcessInfo,
  type Program,
  type ProgramContext,
  type SpawnOptions,
} from './program.ts';
import { isDeadly, signalNumber } from './signals.ts';
import type { Terminal } from './terminal.ts';

/** What the processes of a container have in common. */
export interface Space {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: FileTree;
  readonly network: NetworkNamespace;
  readonly facts: ContainerFacts;
  readonly budget: Budget;
  readonly fifos: Map<string, Fifo>;
  /** By the name that stands in a program's file. */
  readonly programs: ReadonlyMap<string, Program>;
  unknownProgram?(name: string): Program | undefined;
  /** What a program says it uses, by process. */
  readonly memory: Map<number, number>;
  /** Ends what uses too much. */
  checkMemory?(): void;
}

export interface Process extends ProcessInfo {
  parent: number;
  group: number;
  readonly space: Space;
  readonly exited: Promise<ProcessExit>;
  stopped(): Promise<Hold>;
  readonly context: ProgramContext;
  /** Signals that it ignores, and what it starts does. */
  ignored(): readonly string[];
  start(): void;
  /** A signal, from inside. */
  deliver(name: string): void;
  end(exit: ProcessExit): void;
}

interface Setup {
  readonly table: ProcessTable;
  readonly space: Space;
  readonly options: SpawnOptions;
  readonly pid: number;
  readonly parent: Process | undefined;
}

const root: Credentials = { uid: 0, gid: 0, groups: [] };
const brokenPipeCode = 141;
/** A process costs about as much as so many commands of a shell. */
const stepsPerSpawn = 10;

/** Throws ExecError before there is a process. */
export function createProcess({ table, space, options, pid, parent }: Setup): Process {
  const before = parent?.context;
  const { clock, random, facts, budget } = space;
  const user = options.user ?? before?.user ?? root;
  const { promise: exited, resolve } = Promise.withResolvers<ProcessExit>();
  const actions = new Map<string, (() => void) | 'ignore'>();
  const descriptors = new Map<number, OpenFile>();
  let isEnded = false;
  const gate = new Gate();
  let share: Budget | undefined;
  let time: Clock | undefined;
  let kill: AbortController | undefined;
  let files: FileTree | undefined;
  let network: ProcessNetwork | undefined;
  let execution = start(options, {
    cwd: options.cwd ?? before?.cwd ?? '/',
    environment: options.environment ?? before?.environment ?? new Map(),
  });

  function start(wanted: SpawnOptions, { cwd, environment }: Pick<ProgramContext, 'cwd' | 'environment'>) {
    const found =
      wanted.program === undefined
        ? executionOf(wanted.args, {
            files: space.files,
            cwd,
            user,
            environment,
            programs: space.programs,
            ...(space.unknownProgram === undefined ? {} : { unknown: space.unknownProgram }),
          })
        : { program: wanted.program, args: wanted.args };
    return { ...found, cwd, environment };
  }

  function opened(number: number): OpenFile {
    if (isEnded) throw new Ended('ended');
    const open = descriptors.get(number);
    if (open === undefined) throw new BrokenPipe('Bad file descriptor');
    return open;
  }

  /** A write to a pipe without a reader ends the process, unless it takes care of that itself. */
  function write(number: number, text: string): void {
    const open = opened(number);
    if (open.channel.write === undefined) throw new BrokenPipe('Bad file descriptor');
    try {
      open.channel.write(text);
    } catch (error) {
      if (!(error instanceof BrokenPipe) || actions.has('PIPE')) throw error;
      end({ code: brokenPipeCode, signal: 'PIPE' });
      throw new Ended('SIGPIPE');
    }
  }

  const writer = (number: number): Writer => ({
    write: (text) => write(number, text),
    drained: () => (isEnded ? undefined : (gate.hold?.released ?? descriptors.get(number)?.channel.drained?.())),
  });
  const input: Reader = readerOf((wanted?: ReadOptions) => {
    if (isBeside(opened(0).channel.terminal)) table.signalGroup(process.group, 'TTIN');
    return gate.hold === undefined
      ? opened(0).reader.chunk(wanted)
      : gate.hold.released.then(() => input.chunk(wanted));
  });

  /** Whether keys are for another group of processes, which is there: who reads them nevertheless is stopped. */
  function isBeside(terminal: Terminal | undefined): boolean {
    if (terminal === undefined || pid === 1 || terminal.foreground === process.group || actions.has('TTIN'))
      return false;
    return table.list().some(({ group }) => group === terminal.foreground);
  }

  const context: ProgramContext = {
    get clock() {
      time ??= new GatedClock(gate, clock);
      return time;
    },
    random,
    get network() {
      network ??= new ProcessNetwork(space.network, gate);
      return network;
    },
    facts,
    get budget() {
      share ??= new GatedBudget(gate, budget);
      return share;
    },
    pid,
    user,
    get parent() {
      return process.parent;
    },
    get args() {
      return execution.args;
    },
    get environment() {
      return execution.environment;
    },
    cwd: execution.cwd,
    umask: before?.umask ?? 0o022,
    get files() {
      files ??= new ProcessFiles(space.files, context);
      return files;
    },
    stdin: input,
    stdout: writer(1),
    stderr: writer(2),
    descriptors,
    get terminal() {
      return terminalOf(descriptors) ?? before?.terminal;
    },
    get killed() {
      kill ??= new AbortController();
      if (isEnded) kill.abort();
      return kill.signal;
    },
    onTerminate: (callback) => {
      actions.set('TERM', callback);
      actions.set('INT', callback);
    },
    onSignal: (name, action) => {
      if (action === undefined) actions.delete(name);
      else actions.set(name, action);
    },
    open: (path, flags) => openPath(path, flags, { ...opener(), files: context.files, fifos: space.fifos }),
    spawn: (wanted) => {
      if (isEnded) throw new Ended('ended');
      budget.charge(stepsPerSpawn);
      return table.spawn(space, wanted, process);
    },
    become: async (wanted) => {
      const { cwd } = context;
      execution = start(wanted, { cwd, environment: wanted.environment ?? execution.environment });
      for (const [name, action] of actions) if (action !== 'ignore') actions.delete(name);
      return execution.program(context);
    },
    processes: () => table.list(),
    kill: (target, name) => table.kill(target, name, process),
    useMemory: (bytes) => {
      space.memory.set(pid, bytes);
      space.checkMemory?.();
    },
  };

  function opener() {
    const { cwd, umask, terminal } = context;
    return { cwd, umask, terminal, descriptors, random };
  }

  function end(exit: ProcessExit): void {
    if (isEnded) return;
    isEnded = true;
    for (const open of descriptors.values()) open.release();
    descriptors.clear();
    space.memory.delete(pid);
    table.forget(process);
    kill?.abort();
    network?.close();
    gate.open();
    resolve(exit);
  }

  const process: Process = {
    pid,
    parent: parent?.pid ?? 0,
    group: options.group === 'new' || parent === undefined ? pid : (options.group ?? parent.group),
    space,
    user,
    startedAt: options.startedAt ?? clock.now(),
    descriptors,
    exited,
    context,
    get args() {
      return execution.args;
    },
    get environment() {
      return execution.environment;
    },
    get cwd() {
      return context.cwd;
    },
    get terminal() {
      return context.terminal;
    },
    get isStopped() {
      return gate.hold !== undefined;
    },
    stopped: () => gate.closed(),
    ignored: () => [...actions].filter(([, action]) => action === 'ignore').map(([name]) => name),
    start: () => {
      const given = options.descriptors ?? parent?.descriptors ?? new Map<number, OpenFile>();
      for (const [number, open] of given) descriptors.set(number, open.retain());
      for (const name of parent?.ignored() ?? []) actions.set(name, 'ignore');
      void run();
    },
    deliver: (name) => {
      if (isEnded) return;
      if (name === 'CONT') goOn();
      if (gate.hold !== undefined && name !== 'KILL') {
        gate.hold.keep(name);
        return;
      }
      const action = name === 'KILL' || name === 'STOP' ? undefined : actions.get(name);
      if (typeof action === 'function') action();
      else if (action === undefined && isDeadly(name) && pid !== 1)
        end({ code: 128 + signalNumber(name), signal: name });
      else if (action === undefined && stops(name) && pid !== 1) gate.close(name);
    },
    end,
  };

  async function run(): Promise<void> {
    try {
      const code = await execution.program(context);
      while (gate.hold !== undefined && !isEnded) await gate.hold.released;
      end({ code: code & 0xff });
    } catch (error) {
      if (error instanceof Ended || isEnded) return;
      const text = error instanceof Error ? error.message : String(error);
      if (!(error instanceof BrokenPipe)) complain(`${execution.args[0] ?? ''}: ${text}\n`);
      end({ code: error instanceof ExecError ? error.code : 1 });
    }
  }

  function goOn(): void {
    for (const name of gate.open()) process.deliver(name);
  }

  function complain(text: string): void {
    try {
      descriptors.get(2)?.channel.write?.(text);
    } catch (error) {
      // Nobody is there to be told.
      if (!(error instanceof BrokenPipe)) throw error;
    }
  }

  return process;
}

function terminalOf(descriptors: ReadonlyMap<number, OpenFile>): Terminal | undefined {
  for (const number of [0, 1, 2]) {
    const terminal = descriptors.get(number)?.channel.terminal;
    if (terminal !== undefined) return terminal;
  }
  return undefined;
}
