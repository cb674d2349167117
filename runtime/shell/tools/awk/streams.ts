import type { OpenFile } from '../../../processes/open-file.ts';
import type { Child } from '../../../processes/program.ts';
import type { ShellProcess } from '../../shell-process.ts';
import { startReading, startWriting } from '../command-output.ts';
import { reason } from '../input.ts';
import { recordOf } from './input.ts';
import { AwkError } from './syntax.ts';

interface Opened {
  readonly file: OpenFile;
  readonly child: Child | undefined;
}

/** Files and commands that a program of `awk` reads and writes, by their names. */
export class AwkStreams {
  readonly #process: ShellProcess;
  readonly #writing = new Map<string, Opened>();
  readonly #reading = new Map<string, Opened>();

  constructor(process: ShellProcess) {
    this.#process = process;
  }

  async write(name: string, operator: '>' | '>>' | '|', text: string): Promise<void> {
    if (operator !== '|' && name === '/dev/stdout') {
      this.#process.stdout.write(text);
      return;
    }
    if (operator !== '|' && name === '/dev/stderr') {
      this.#process.stderr.write(text);
      return;
    }
    let opened = this.#writing.get(name);
    if (opened === undefined) {
      opened = this.#openWriting(name, operator);
      this.#writing.set(name, opened);
    }
    opened.file.channel.write?.(text);
    await opened.file.channel.drained?.();
  }

  #openWriting(name: string, operator: string): Opened {
    if (operator === '|') {
      const { writing, child } = startWriting(this.#process, name);
      return { file: writing, child };
    }
    try {
      const flags = operator === '>>' ? { append: true } : { truncate: true };
      return { file: this.#process.open(name, { write: true, create: true, ...flags }), child: undefined };
    } catch (error) {
      throw new AwkError(`can't open '${name}': ${reason(error)}`);
    }
  }

  /** Undefined at the end, false when it cannot be read. */
  async line(name: string, isCommand: boolean, separator: string): Promise<string | undefined | false> {
    let opened = this.#reading.get(name);
    if (opened === undefined) {
      try {
        if (isCommand) {
          const { reading, child } = startReading(this.#process, name);
          opened = { file: reading, child };
        } else opened = { file: this.#process.open(name, { read: true }), child: undefined };
      } catch (error) {
        reason(error);
        return false;
      }
      this.#reading.set(name, opened);
    }
    return recordOf(opened.file.reader, separator);
  }

  /** A command's exit code; -1: there is no such. */
  async close(name: string): Promise<number> {
    let code = -1;
    for (const opened of [this.#writing, this.#reading]) {
      const found = opened.get(name);
      if (found === undefined) continue;
      opened.delete(name);
      found.file.release();
      code = found.child === undefined ? 0 : (await found.child.exited).code;
    }
    return code;
  }

  async closeAll(): Promise<void> {
    for (const name of [...this.#writing.keys(), ...this.#reading.keys()]) await this.close(name);
  }
}
