import type { ShellProcess } from '../../shell-process.ts';
import type { Reader } from '../../streams.ts';
import { type Input, openInput } from '../input.ts';

export interface AwkRecord {
  readonly text: string;
  readonly file: string;
  /** Of its file. */
  readonly isFirst: boolean;
}

export interface AwkInput {
  /** Undefined at the end of all. Operands that are assignments are done when it is their turn. */
  next(separator: string, assign: (name: string, value: string) => void): Promise<AwkRecord | undefined>;
  skipFile(): void;
  readonly hasFailed: () => boolean;
}

/** A record of a reader: a line, what another character ends, or a paragraph. */
export async function recordOf(reader: Reader, separator: string): Promise<string | undefined> {
  if (separator === '') return paragraph(reader);
  const stop = separator.slice(0, 1);
  let text = '';
  for (;;) {
    const piece = await reader.chunk({ stop });
    if (piece === undefined) {
      if (text === '') return undefined;
      // The last line end is no part of the last record, whatever ends the others.
      return stop === '\n' ? text : text.replace(/\n$/, '');
    }
    text += piece;
    if (text.endsWith(stop)) return text.slice(0, -1);
  }
}

async function paragraph(reader: Reader): Promise<string | undefined> {
  const lines: string[] = [];
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    const text = line.replace(/\n$/, '');
    if (text !== '') lines.push(text);
    else if (lines.length > 0) break;
  }
  return lines.length === 0 ? undefined : lines.join('\n');
}

export function awkInput(process: ShellProcess, operands: readonly string[]): AwkInput {
  let at = 0;
  let input: Input | undefined;
  let [isFirst, hasRead, hasFailed] = [true, false, false];
  const close = (): void => {
    input?.file?.release();
    input = undefined;
  };
  /** The next operand; false at the end. */
  const open = (assign: (name: string, value: string) => void): boolean => {
    const operand = operands[at++];
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(operand ?? '') ?? [];
    if (name !== undefined) {
      assign(name, value);
      return true;
    }
    if (operand === undefined && hasRead) return false;
    hasRead = true;
    isFirst = true;
    input = openInput(process, 'awk', operand ?? '-');
    hasFailed ||= input === undefined;
    return true;
  };
  return {
    hasFailed: () => hasFailed,
    skipFile: close,
    next: async (separator, assign) => {
      for (;;) {
        if (input === undefined && !open(assign)) return undefined;
        if (input === undefined) continue;
        const text = await recordOf(input.reader, separator);
        if (text === undefined) {
          close();
          continue;
        }
        const found = { text, file: input.name === '-' ? '' : input.name, isFirst };
        isFirst = false;
        return found;
      }
    },
  };
}
