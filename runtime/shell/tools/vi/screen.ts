import type { ShellProcess } from '../../shell-process.ts';
import type { TextBuffer } from './text-buffer.ts';

const tabWidth = 8;

/** As it stands on a screen: tabs fill up, control characters have two. */
function shown(text: string): string {
  let out = '';
  for (const char of text) {
    if (char === '\t') out += ' '.repeat(tabWidth - (out.length % tabWidth));
    else if (char < ' ') out += `^${String.fromCharCode(char.charCodeAt(0) + 64)}`;
    else out += char === '\u007f' ? '^?' : char;
  }
  return out;
}

/** A part of a text on a terminal, and a line below that says where it is. Only what has changed is written. */
export class Screen {
  readonly #process: ShellProcess;
  #rows: string[] = [];
  #status: string | undefined;
  top = 0;
  #left = 0;
  isNumbered = false;

  constructor(process: ShellProcess) {
    this.#process = process;
  }

  get width(): number {
    return this.#process.terminal?.width || 80;
  }

  /** Lines of text. */
  get height(): number {
    return Math.max(1, (this.#process.terminal?.height || 24) - 1);
  }

  open(): void {
    this.#write('\u001b[?1049h');
    this.forget();
  }

  close(): void {
    this.#write(`\u001b[${this.height + 1};1H\u001b[K\u001b[?1049l`);
  }

  /** All is written anew next time. */
  forget(): void {
    this.#rows = [];
    this.#status = undefined;
    this.#write('\u001b[H\u001b[J');
  }

  draw(buffer: TextBuffer, status: string): void {
    const { height, width } = this;
    if (buffer.row < this.top) this.top = buffer.row;
    if (buffer.row >= this.top + height) this.top = buffer.row - height + 1;
    const margin = this.isNumbered ? 4 : 0;
    const column = shown(buffer.line.slice(0, buffer.col)).length + margin;
    if (column < this.#left) this.#left = column;
    if (column >= this.#left + width) this.#left = column - width + 1;
    let out = '';
    for (let at = 0; at < height; at++) {
      const line = buffer.lines[this.top + at];
      const number = this.isNumbered ? `${String(this.top + at + 1).padStart(3)} ` : '';
      const text = line === undefined ? '~' : (number + shown(line)).slice(this.#left, this.#left + width);
      if (this.#rows[at] === text) continue;
      out += `\u001b[${at + 1};1H${text}${text.length < width ? '\u001b[K' : ''}`;
      this.#rows[at] = text;
    }
    if (this.#status !== status) out += `\u001b[${height + 1};1H\u001b[K${status}`;
    this.#status = status;
    this.#write(`${out}\u001b[${buffer.row - this.top + 1};${column - this.#left + 1}H`);
  }

  /** A line at the bottom while it is typed. */
  ask(text: string): void {
    this.#status = text;
    this.#write(`\u001b[${this.height + 1};1H\u001b[K${text}`);
  }

  #write(text: string): void {
    this.#process.stdout.write(text);
  }
}

/** In reverse, as busybox says what went wrong. */
export function bold(text: string): string {
  return `\u001b[7m${text}\u001b[m`;
}
