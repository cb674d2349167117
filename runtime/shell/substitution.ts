import { pipeFiles } from '../processes/open-file.ts';
import type { Interpreter } from './interpreter.ts';
import { inForeground } from './jobs.ts';
import type { List } from './language/syntax.ts';
import type { Shell } from './shell.ts';
import { Pipe } from './streams.ts';

/** What `$(…)` writes. */
export async function capture({ shell, inside }: Interpreter, script: List): Promise<string> {
  const [reading, writing] = pipeFiles(new Pipe());
  const descriptors = new Map(shell.context.descriptors);
  descriptors.set(1, writing);
  const run = (inner: Shell): Promise<number> => {
    // It is no job that could go on later.
    if (shell.isInteractive) inner.context.onSignal('TSTP', 'ignore');
    return inside(inner).contained(() => inside(inner).last(script));
  };
  const child = shell.fork(run, { descriptors });
  writing.release();
  const text = await reading.reader.rest();
  reading.release();
  const [exit] = await inForeground(shell, [child]);
  shell.substitutionCode = exit?.code;
  return text;
}

/** Where what `<(…)` writes can be read, or what `>(…)` reads can be written. */
export function processPath({ shell, inside }: Interpreter, script: List, isInput: boolean): string {
  const [reading, writing] = pipeFiles(new Pipe());
  const [own, others] = isInput ? [reading, writing] : [writing, reading];
  const descriptors = new Map(shell.context.descriptors);
  descriptors.set(isInput ? 1 : 0, others);
  shell.fork((inner) => inside(inner).contained(() => inside(inner).last(script)), { descriptors });
  others.release();
  let number = 63;
  while (shell.context.descriptors.has(number)) number--;
  shell.context.descriptors.set(number, own);
  return `/dev/fd/${number}`;
}
