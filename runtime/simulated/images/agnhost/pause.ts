import { parseQuantity } from '../../../../api/quantity.ts';
import { stressWith } from '../apps/stress.ts';
import { lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

/** Waits for a signal and tells of it in its log and its termination message. */
export const pause: CommandProgram = (context) => {
  const { stdout, files, environment } = context;
  stdout.write('Paused\nSignals registered\n');
  return lifetimeOf(context, [], (end) => {
    const message = 'exiting because of signal "terminated"\n';
    files.write(environment.get('TERMINATION_MESSAGE_PATH') ?? '/dev/termination-log', message);
    stdout.write(message);
    end(2);
  }).ended;
};

/** Says what it would use, and that it uses it. */
export const stress: CommandProgram = (context, flags) => {
  const { stderr } = context;
  const total = flags.text('mem-total');
  stderr.write(
    `Allocating ${JSON.stringify(total)} memory, in ${JSON.stringify(flags.text('mem-alloc-size'))} chunks\n`,
  );
  for (let cpu = 0; cpu < flags.number('cpus'); cpu++) stderr.write('Spawning a thread to consume CPU\n');
  return stressWith(context, { cores: flags.number('cpus'), memoryBytes: Number(parseQuantity(total).value()) });
};
