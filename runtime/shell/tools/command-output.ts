import { type OpenFile, pipeFiles } from '../../processes/open-file.ts';
import type { Child } from '../../processes/program.ts';
import type { ShellProcess } from '../shell-process.ts';
import { Pipe } from '../streams.ts';

/** What a shell's command writes. */
export async function outputOf(process: ShellProcess, command: string): Promise<string> {
  const { reading } = startReading(process, command);
  const text = await reading.reader.rest();
  reading.release();
  return text;
}

/** Starts a command whose output is to be read. */
export function startReading(
  process: ShellProcess,
  command: string,
): { readonly reading: OpenFile; readonly child: Child } {
  const [reading, writing] = pipeFiles(new Pipe());
  const descriptors = new Map(process.descriptors);
  descriptors.set(1, writing);
  const child = process.spawn({ args: ['sh', '-c', command], descriptors });
  writing.release();
  return { reading, child };
}

/** Starts a command that reads what is written. */
export function startWriting(
  process: ShellProcess,
  command: string,
): { readonly writing: OpenFile; readonly child: Child } {
  const [reading, writing] = pipeFiles(new Pipe());
  const descriptors = new Map(process.descriptors);
  descriptors.set(0, reading);
  const child = process.spawn({ args: ['sh', '-c', command], descriptors });
  reading.release();
  return { writing, child };
}
