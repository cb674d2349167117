import { pipeFiles } from '../processes/open-file.ts';
import type { Interpreter } from './interpreter.ts';
import { childExit } from './jobs.ts';
import type { List } from './language/syntax.ts';
import { Pipe } from './streams.ts';

/** What `$(…)` writes. */
export async function capture({ shell, inside }: Interpreter, script: List): Promise<string> {
  const [reading, writing] = pipeFiles(new Pipe());
  const descriptors = new Map(shell.context.descriptors);
  descriptors.set(1, writing);
  const child = shell.fork((inner) => inside(inner).contained(() => inside(inner).last(script)), { descriptors });
  writing.release();
  const text = await reading.reader.rest();
  reading.release();
  const { code } = await childExit(shell, child.exited);
  shell.substitutionCode = code;
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
