import type { Clock, Random } from '../../api/clock.ts';
import type { ProcessStreams } from '../../api/streams/node-connection.ts';
import type { ByteText, FileTree } from '../files/file-tree.ts';
import type { ContainerExit, StartedContainer } from '../kubelet/pod-runtime.ts';
import type { NetworkNamespace } from '../network/network.ts';
import { createBudget } from '../processes/budget.ts';
import { nullFile, terminalChannel } from '../processes/devices.ts';
import { OpenFile, pipeFiles, readingFile, writingFile } from '../processes/open-file.ts';
import type { Process, Space } from '../processes/process.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import { type ContainerFacts, type Credentials, ExecError, type Log, type Program } from '../processes/program.ts';
import { signalName } from '../processes/signals.ts';
import { Terminal } from '../processes/terminal.ts';
import { Pipe, type Writer } from '../shell/streams.ts';
import { accountOf } from '../shell/tools/accounts.ts';
import { createAttachments } from './attachments.ts';
import { feed, streamWriter } from './stream-bridge.ts';
import { bytesPerProcess, steadyUsage } from './usage.ts';

/** One that runs already, though nobody has looked at it so far. */
export interface FirstProcess {
  readonly program: Program;
  readonly startedAt: number;
  /** By the clock that programs see. */
  readonly insideStartedAt: number;
}

export interface ContainerSetup {
  readonly id: string;
  readonly imageID: string;
  readonly clock: Clock;
  /** What its programs see; default: the same. */
  readonly insideClock?: Clock;
  readonly random: Random;
  readonly facts: ContainerFacts;
  readonly args: readonly string[];
  /** In the place of what the arguments name. */
  readonly first?: FirstProcess;
  readonly environment: ReadonlyMap<string, string>;
  readonly user: Credentials;
  readonly cwd: string;
  readonly files: FileTree;
  readonly network: NetworkNamespace;
  readonly programs: ReadonlyMap<string, Program>;
  unknownProgram?(name: string): Program | undefined;
  readonly table: ProcessTable;
  readonly log: Log;
  /** Of its image. */
  readonly stopSignal?: string;
  /** In bytes. */
  readonly memoryLimit?: number;
  /** A program uses other memory than before. */
  onMemory?(): void;
  /** Waited for before another program runs. */
  prepare?(): Promise<void>;
}

const startErrorCode = 128;
const startErrorText =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process';
const execErrorText = 'OCI runtime exec failed: exec failed: unable to start container process';

/** Starts a container's first process. What cannot start is a container that has ended already. */
export function startContainer(given: ContainerSetup): StartedContainer {
  const setup = { ...given, environment: withHome(given) };
  const { clock, facts, table, log, files } = setup;
  const { container } = facts;
  const memory = new Map<number, number>();
  const processes = (): number => table.list().filter((one) => one.space === space).length;
  const memoryBytes = (): number =>
    [...memory.values()].reduce((sum, bytes) => sum + bytes, processes() * bytesPerProcess);
  let isOutOfMemory = false;
  const space: Space = {
    clock: setup.insideClock ?? clock,
    random: setup.random,
    files,
    network: setup.network,
    facts,
    programs: setup.programs,
    ...(setup.unknownProgram === undefined ? {} : { unknownProgram: setup.unknownProgram }),
    budget: createBudget(clock),
    fifos: new Map(),
    memory,
    checkMemory: () => {
      if (memory.size > 0) setup.onMemory?.();
      if (memoryBytes() <= (setup.memoryLimit ?? Number.POSITIVE_INFINITY)) return;
      isOutOfMemory = true;
      first?.end({ code: 137, signal: 'KILL' });
    },
  };
  const attachments = createAttachments(log);
  const terminal = container.tty === true ? openTerminal(table, attachments.writer('stdout')) : undefined;
  const input = container.stdin === true ? new Pipe() : undefined;
  let first: Process | undefined;
  const usage = createUsage(clock, space, memoryBytes, setup.first?.startedAt);
  const common = {
    id: setup.id,
    imageID: setup.imageID,
    user: setup.user,
    readFile: (path: string) => files.read(path),
    usage,
    processes,
  };
  try {
    first = table.spawn(space, {
      args: setup.args,
      ...(setup.first === undefined ? {} : { program: setup.first.program, startedAt: setup.first.insideStartedAt }),
      environment: terminal === undefined ? setup.environment : new Map([['TERM', 'xterm'], ...setup.environment]),
      cwd: setup.cwd,
      user: setup.user,
      descriptors: terminal === undefined ? firstStreams(input, attachments) : onTerminal(terminal),
    });
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const message = `${startErrorText}: ${error.message}`;
    const exited: ContainerExit = { exitCode: startErrorCode, reason: 'StartError', message: `${message}: unknown` };
    return {
      ...common,
      exited: Promise.resolve(exited),
      stop: () => undefined,
      exec: () => Promise.reject(new Error('container not running')),
      attach: async () => undefined,
    };
  }
  const process = first;
  // A program may ask for memory before it has been put here.
  space.checkMemory?.();
  if (terminal !== undefined) terminal.foreground = process.group;
  let isRunning = true;
  const exited = process.exited.then(({ code }): ContainerExit => {
    isRunning = false;
    table.killSpace(space);
    input?.break();
    const reason = isOutOfMemory ? 'OOMKilled' : code === 0 ? 'Completed' : 'Error';
    return { exitCode: code, reason };
  });
  const stopSignal = signalName(container.lifecycle?.stopSignal ?? setup.stopSignal ?? 'SIGTERM') ?? 'TERM';
  return {
    ...common,
    exited,
    stop: (graceMs) => {
      if (!isRunning) return;
      const kill = (): void => process.end({ code: 137, signal: 'KILL' });
      if (graceMs <= 0) {
        kill();
        return;
      }
      process.deliver(stopSignal);
      const timer = clock.after(graceMs, kill);
      void exited.then(() => timer.cancel());
    },
    exec: (command, streams) => {
      if (!isRunning) return Promise.reject(new Error('container not running'));
      return execute(command, streams, { setup, space });
    },
    attach: (streams) => {
      const { promise: left, resolve: leave } = Promise.withResolvers<void>();
      const isOver = attachments.add(streams, Promise.race([exited, left]));
      streams.onStart?.();
      const isOnce = container.stdinOnce === true;
      const onEnd = isOnce ? () => undefined : () => void clock.after(lastWordsMs, leave);
      attachInput(streams, terminal, input, { isOnce, onEnd });
      return isOver;
    },
  };
}

/** Whoever has no more input for a program that may get more leaves, as containerd has it; what the last input brings is still heard. */
const lastWordsMs = 100;

function firstStreams(
  input: Pipe | undefined,
  attachments: ReturnType<typeof createAttachments>,
): ReadonlyMap<number, OpenFile> {
  return new Map([
    [0, input === undefined ? nullFile() : readingFile(input)],
    [1, writingFile(attachments.writer('stdout'), 'pipe:[1]')],
    [2, writingFile(attachments.writer('stderr'), 'pipe:[2]')],
  ]);
}

function onTerminal(terminal: Terminal): ReadonlyMap<number, OpenFile> {
  const file = new OpenFile(terminalChannel(terminal));
  return new Map([0, 1, 2].map((number) => [number, file]));
}

function openTerminal(table: ProcessTable, output: Writer): Terminal {
  return new Terminal(table.nextTerminal(), {
    output: (text) => output.write(text),
    drained: () => output.drained(),
    signal: (group, name) => void table.signalGroup(group, name),
  });
}

function attachInput(
  { stdin, onResize, signal, isTerminal }: ProcessStreams,
  terminal: Terminal | undefined,
  input: Pipe | undefined,
  { isOnce, onEnd }: { readonly isOnce: boolean; onEnd(): void },
): void {
  if (terminal !== undefined && isTerminal) onResize?.(({ width, height }) => terminal.resize(width, height));
  if (stdin === undefined || input === undefined) return;
  const end = (): void => {
    if (isOnce && !signal.aborted) terminal === undefined ? input.end() : terminal.endInput();
    onEnd();
  };
  const target = terminal === undefined ? input : undefined;
  feed(stdin, {
    write: (text) => (target === undefined ? terminal?.type(text) : target.write(text)),
    drained: () => target?.drained(),
    end,
  });
}

/** Runs a command beside the first process. */
async function execute(
  command: readonly string[],
  { stdin, stdout, stderr, isTerminal, onResize, onStart, signal }: ProcessStreams,
  { setup, space }: { readonly setup: ContainerSetup; readonly space: Space },
): Promise<number> {
  const { table, environment, cwd, user } = setup;
  await setup.prepare?.();
  const output = streamWriter(stdout);
  const terminal = isTerminal ? openTerminal(table, output) : undefined;
  const [reading, writing] = pipeFiles(new Pipe());
  const descriptors =
    terminal === undefined
      ? new Map([
          [0, stdin === undefined ? nullFile() : reading],
          [1, writingFile(output, 'pipe:[1]')],
          [2, writingFile(streamWriter(stderr), 'pipe:[2]')],
        ])
      : onTerminal(terminal);
  let process: Process;
  try {
    process = table.spawn(space, {
      args: command,
      environment: terminal === undefined ? environment : new Map([['TERM', 'xterm'], ...environment]),
      cwd,
      user,
      descriptors,
    });
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    throw new ExecError(error.reason, `${execErrorText}: ${error.message}`);
  }
  onStart?.();
  // The process holds them now.
  for (const file of new Set(descriptors.values())) file.release();
  if (terminal !== undefined) {
    terminal.foreground = process.group;
    onResize?.(({ width, height }) => terminal.resize(width, height));
    if (stdin !== undefined) feed(stdin, { write: (text) => terminal.type(text), end: () => terminal.endInput() });
    signal.addEventListener('abort', () => terminal.hangUp(), { once: true });
  } else if (stdin !== undefined) {
    const { channel } = writing;
    feed(stdin, {
      write: (text: ByteText) => channel.write?.(text),
      drained: () => channel.drained?.(),
      end: () => channel.close?.(),
    });
  }
  const { code } = await process.exited;
  if (terminal !== undefined) table.signalGroup(terminal.foreground, 'HUP');
  return code;
}

/** As runc has it: from /etc/passwd, where nobody says it. */
function withHome({ environment, files, user }: ContainerSetup): ReadonlyMap<string, string> {
  if (environment.has('HOME')) return environment;
  return new Map([...environment, ['HOME', accountOf(files, user.uid)?.home ?? '/']]);
}

function createUsage(
  clock: Clock,
  { budget }: Space,
  memoryBytes: () => number,
  startedAt = clock.now(),
): StartedContainer['usage'] {
  let last = { at: clock.now(), cpu: 0, perSecond: 0 };
  return () => {
    const cpu = budget.cpuNanoseconds();
    const now = clock.now();
    const passed = (now - last.at) / 1000;
    if (passed >= 1) last = { at: now, cpu, perSecond: Math.round((cpu - last.cpu) / passed) };
    const base = steadyUsage(clock, startedAt);
    return {
      cpuNanoseconds: base.cpuNanoseconds + cpu,
      cpuNanoCores: base.cpuNanoCores + last.perSecond,
      memoryBytes: base.memoryBytes + memoryBytes(),
    };
  };
}
