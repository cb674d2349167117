import { nullFile } from '../processes/devices.ts';
import { type OpenFile, pipeFiles } from '../processes/open-file.ts';
import type { Child } from '../processes/program.ts';
import type { Interpreter } from './interpreter.ts';
import { addJob, inForeground } from './jobs.ts';
import type { Command, Item, List } from './language/syntax.ts';
import type { Shell } from './shell.ts';
import { Pipe } from './streams.ts';

/** Starts a chain of pipelines beside what follows. */
export function runInBackground({ shell, inside }: Interpreter, chain: readonly Item[]): void {
  const job = chain.map((item) => ({ ...item, isBackground: false }));
  const isMonitored = shell.options.has('m');
  const descriptors = new Map(shell.context.descriptors);
  const input = nullFile();
  if (!isMonitored) descriptors.set(0, input);
  const run = (inner: Shell): Promise<number> => {
    // Keys are for what runs in the foreground.
    if (!isMonitored) for (const name of ['INT', 'QUIT']) inner.context.onSignal(name, 'ignore');
    return inside(inner).contained(() => inside(inner).last(job));
  };
  const child = shell.fork(run, {
    descriptors,
    ...(isMonitored ? { group: 'new' as const } : {}),
  });
  input.release();
  // Without job control ash does not know what its jobs are called.
  const isCalled = isMonitored || shell.isBash;
  const text = chain.map(({ joined, pipeline }, at) => `${at === 0 ? '' : ` ${joined} `}${pipeline.text}`).join('');
  const added = addJob(shell, child, { text: isCalled ? text : '', isGroup: isMonitored });
  if (shell.isInteractive && shell.isBash) shell.context.stderr.write(`[${added.id}] ${child.pid}\n`);
  shell.lastCode = 0;
}

/** Commands side by side, each reading what the one before it writes: their exit codes. */
export async function runPiped({ shell, inside }: Interpreter, commands: readonly Command[]): Promise<number[]> {
  const { descriptors, pid } = shell.context;
  const running: Child[] = [];
  let group: number | 'new' | undefined = shell.options.has('m') ? 'new' : undefined;
  let input: OpenFile | undefined;
  for (const [index, command] of commands.entries()) {
    const given = new Map(descriptors);
    if (input !== undefined) given.set(0, input);
    const [reading, writing] = index === commands.length - 1 ? [] : pipeFiles(new Pipe(), pid * 100 + index);
    if (writing !== undefined) given.set(1, writing);
    const child = shell.fork((inner) => inside(inner).contained(() => inside(inner).last(alone(command))), {
      descriptors: given,
      ...(group === undefined ? {} : { group }),
    });
    if (group === 'new') group = child.pid;
    input?.release();
    writing?.release();
    input = reading;
    running.push(child);
  }
  const exits = await inForeground(shell, running, typeof group === 'number' ? group : undefined);
  return exits.map(({ code }) => code);
}

function alone(command: Command): List {
  const pipeline = { isNegated: false, isTimed: false, commands: [command], text: '' };
  return [{ joined: ';', isBackground: false, pipeline }];
}
