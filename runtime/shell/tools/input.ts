import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import type { OpenFile } from '../../processes/open-file.ts';
import type { ShellProcess } from '../shell-process.ts';
import type { Reader } from '../streams.ts';

export interface Input {
  readonly name: string;
  readonly reader: Reader;
  /** Undefined: stdin. */
  readonly file: OpenFile | undefined;
}

/** What went wrong, in the system's words. */
export function reason(error: unknown): string {
  if (error instanceof FileError) return errorText(error.code);
  throw error;
}

/** A file to read, or stdin for `-`; undefined when it cannot be opened, which is said. */
export function openInput(process: ShellProcess, tool: string, path: string): Input | undefined {
  if (path === '-') return { name: path, reader: process.stdin, file: undefined };
  try {
    const file = process.open(path, { read: true });
    if (file.channel.read === undefined) throw new FileError('EISDIR', path);
    return { name: path, reader: file.reader, file };
  } catch (error) {
    const words = reason(error);
    const isDirectory = error instanceof FileError && error.code === 'EISDIR';
    process.stderr.write(isDirectory ? `${tool}: read error: ${words}\n` : `${tool}: ${path}: ${words}\n`);
    return undefined;
  }
}

/** All inputs one after the other, stdin when there is none. The exit code: 1 when one could not be opened. */
export async function eachInput(
  process: ShellProcess,
  tool: string,
  paths: readonly string[],
  run: (input: Input) => Promise<void>,
): Promise<number> {
  let code = 0;
  for (const path of paths.length === 0 ? ['-'] : paths) {
    const input = openInput(process, tool, path);
    if (input === undefined) {
      code = 1;
      continue;
    }
    try {
      await run(input);
    } finally {
      input.file?.release();
    }
  }
  return code;
}

/** A line of a tool, of what a command of a shell costs. */
const lineSteps = 0.1;

/** Lets others work, and waits for whoever reads what was written. */
export async function pause({ budget, stdout }: Pick<ShellProcess, 'budget' | 'stdout'>): Promise<void> {
  const rest = budget.breathe(lineSteps);
  if (rest !== undefined) await rest;
  const drained = stdout.drained();
  if (drained !== undefined) await drained;
}

/** All of the inputs' text; undefined when one could not be opened. */
export async function textOfInputs(
  process: ShellProcess,
  tool: string,
  paths: readonly string[],
): Promise<{ readonly text: string; readonly code: number }> {
  let text = '';
  const code = await eachInput(process, tool, paths, async ({ reader }) => {
    text += await reader.rest();
  });
  return { text, code };
}

/** Lines without their ends. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
