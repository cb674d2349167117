import type { OpenFile } from '../processes/open-file.ts';
import { completions } from './complete.ts';
import { tellOfJobs } from './jobs.ts';
import type { Shell } from './shell.ts';
import { Interrupted } from './streams.ts';

/** What follows an escape, and the key that does the same. */
const sequences: Readonly<Record<string, string>> = {
  '[A': '\u0010',
  '[B': '\u000e',
  '[C': '\u0006',
  '[D': '\u0002',
  '[H': '\u0001',
  '[F': '\u0005',
  '[1~': '\u0001',
  '[3~': 'delete',
  '[4~': '\u0005',
  '[7~': '\u0001',
  '[8~': '\u0005',
  OA: '\u0010',
  OB: '\u000e',
  OC: '\u0006',
  OD: '\u0002',
  OH: '\u0001',
  OF: '\u0005',
};

/** A line as somebody types it into a shell: with a prompt, keys to edit it, and lines from before. */
export class LineEditor {
  readonly #shell: Shell;
  #text = '';
  #at = 0;
  #prompt = '';
  /** From the end of the history; 0 is the new line. */
  #back = 0;
  #draft = '';
  #escape = '';

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Undefined at the end. */
  async read(prompt: string): Promise<string | undefined> {
    const file = this.#shell.context.descriptors.get(0);
    const terminal = file?.channel.terminal;
    if (file === undefined) return undefined;
    if (terminal === undefined) return this.#readPlain(file, prompt);
    const { modes } = terminal;
    terminal.modes = { ...modes, canonical: false, echo: false, signals: false };
    this.#begin(prompt);
    // A window of another size shows the line anew.
    this.#shell.context.onSignal('WINCH', () => this.#redraw());
    this.#shell.onJobChange = () => this.#tell();
    try {
      return await this.#readKeys(file);
    } finally {
      this.#shell.context.onSignal('WINCH', undefined);
      this.#shell.onJobChange = undefined;
      terminal.modes = modes;
    }
  }

  /** Without a terminal there is nothing to edit. */
  async #readPlain(file: OpenFile, prompt: string): Promise<string | undefined> {
    this.#shell.context.stderr.write(prompt);
    try {
      return (await file.reader.line(this.#shell.interruption))?.replace(/\n$/, '');
    } catch (error) {
      if (error instanceof Interrupted) return 'interrupted';
      throw error;
    }
  }

  /** With `set -b` nobody waits for the next prompt. */
  #tell(): void {
    if (!this.#shell.isBash || !this.#shell.options.has('b')) return;
    this.#write('\n');
    tellOfJobs(this.#shell);
    this.#redraw();
  }

  #begin(prompt: string): void {
    this.#text = '';
    this.#at = 0;
    this.#back = 0;
    this.#escape = '';
    this.#prompt = prompt.slice(prompt.lastIndexOf('\n') + 1);
    this.#write(prompt);
  }

  #write(text: string): void {
    // A terminal has stdout and stderr in one.
    this.#shell.context.stderr.write(text);
  }

  async #readKeys(file: OpenFile): Promise<string | undefined> {
    for (;;) {
      const key = await file.reader.chunk({ limit: 1 });
      if (key === undefined) return undefined;
      if (this.#escape !== '' || key === '\u001b') {
        this.#takeEscape(key);
        continue;
      }
      switch (key) {
        case '\n':
        case '\r':
          this.#write('\n');
          return this.#text;
        case '\u0003':
          this.#write('^C\n');
          return 'interrupted';
        case '\u0004':
          if (this.#text === '') {
            if (!this.#shell.isBash) this.#write('\n');
            return undefined;
          }
          this.#delete();
          break;
        default:
          this.#key(key);
      }
    }
  }

  #takeEscape(key: string): void {
    this.#escape += key === '\u001b' ? '\u001b' : key;
    const rest = this.#escape.slice(1);
    if (rest === '' || rest === '[' || rest === 'O' || /^\[[\d;]*$/.test(rest)) return;
    this.#escape = '';
    const known = sequences[rest];
    if (known === 'delete') this.#delete();
    else if (known !== undefined) this.#key(known);
    else if (rest === 'b') this.#move(this.#wordStart());
    else if (rest === 'f') this.#move(this.#at + (/^\s*\S*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0));
  }

  readonly #keys: Readonly<Record<string, () => void>> = {
    '\u0001': () => this.#move(0),
    '\u0002': () => this.#move(this.#at - 1),
    '\u0005': () => this.#move(this.#text.length),
    '\u0006': () => this.#move(this.#at + 1),
    '\b': () => this.#cut(this.#at - 1, this.#at),
    '\u007f': () => this.#cut(this.#at - 1, this.#at),
    '\t': () => this.#complete(),
    '\u000b': () => this.#cut(this.#at, this.#text.length),
    '\u000c': () => {
      this.#write('\u001b[H\u001b[J');
      this.#redraw();
    },
    '\u000e': () => this.#recall(-1),
    '\u0010': () => this.#recall(1),
    '\u0015': () => this.#cut(0, this.#at),
    '\u0017': () => this.#cut(this.#wordStart(), this.#at),
  };

  #key(key: string): void {
    const known = this.#keys[key];
    if (known !== undefined) known();
    else if (key >= ' ') this.#insert(key);
  }

  #wordStart(): number {
    const before = this.#text.slice(0, this.#at);
    return Math.max(0, before.search(/\S+\s*$/));
  }

  #delete(): void {
    this.#cut(this.#at, this.#at + 1);
  }

  #insert(text: string): void {
    const rest = this.#text.slice(this.#at);
    this.#text = this.#text.slice(0, this.#at) + text + rest;
    this.#at += text.length;
    this.#write(text + rest + '\b'.repeat(rest.length));
  }

  #move(to: number): void {
    const place = Math.max(0, Math.min(to, this.#text.length));
    if (place < this.#at) this.#write('\b'.repeat(this.#at - place));
    else this.#write(this.#text.slice(this.#at, place));
    this.#at = place;
  }

  #cut(from: number, to: number): void {
    if (from < 0 || from >= this.#text.length || from === to) return;
    this.#move(from);
    const rest = this.#text.slice(to);
    this.#text = this.#text.slice(0, from) + rest;
    this.#write(`${rest}\u001b[J${'\b'.repeat(rest.length)}`);
  }

  #redraw(): void {
    this.#write(`\r${this.#prompt}${this.#text}\u001b[J${'\b'.repeat(this.#text.length - this.#at)}`);
  }

  #recall(by: number): void {
    const { history } = this.#shell;
    const back = this.#back + by;
    if (back < 0 || back > history.length) return;
    if (this.#back === 0) this.#draft = this.#text;
    this.#back = back;
    this.#text = back === 0 ? this.#draft : (history[history.length - back] ?? '');
    this.#at = this.#text.length;
    this.#redraw();
  }

  #complete(): void {
    const { found, common } = completions(this.#shell, this.#text.slice(0, this.#at));
    if (common !== '') this.#insert(common);
    else if (found.length > 1) {
      this.#write(`\n${found.join('  ')}\n`);
      this.#redraw();
    }
  }
}
