import type { ByteText } from '../files/file-tree.ts';
import { Interrupted, Pipe, type ReadOptions } from '../shell/streams.ts';

export interface TerminalModes {
  /** Lines are edited before a program gets them. */
  canonical: boolean;
  echo: boolean;
  /** ^C, ^\ and ^Z are signals. */
  signals: boolean;
  /** What is typed as a carriage return is a line feed. */
  returnsAreLines: boolean;
  /** A line feed that is written moves to the first column, too. */
  linesReturn: boolean;
}

const sane: TerminalModes = {
  canonical: true,
  echo: true,
  signals: true,
  returnsAreLines: true,
  linesReturn: true,
};

const control: Readonly<Record<string, string>> = { '\u0003': 'INT', '\u001c': 'QUIT', '\u001a': 'TSTP' };

/** The far side of a pseudo terminal: what a person types goes in, what programs write comes out. */
export class Terminal {
  readonly number: number;
  modes: TerminalModes = { ...sane };
  width = 80;
  height = 24;
  /** The process group that gets the signals of keys. */
  foreground = 0;
  readonly #output: (text: ByteText) => void;
  readonly #drained: () => Promise<void> | undefined;
  readonly #signal: (group: number, name: string) => void;
  /** Lines, or keys in raw mode, that programs may read. */
  #ready = new Pipe();
  #line = '';
  /** How many ^D came at the start of a line. */
  #ends = 0;
  #isHungUp = false;
  #escape = false;

  constructor(
    number: number,
    {
      output,
      drained = () => undefined,
      signal,
    }: {
      output(text: ByteText): void;
      drained?(): Promise<void> | undefined;
      signal(group: number, name: string): void;
    },
  ) {
    this.number = number;
    this.#output = output;
    this.#drained = drained;
    this.#signal = signal;
  }

  get name(): string {
    return `/dev/pts/${this.number}`;
  }

  reset(): void {
    this.modes = { ...sane };
  }

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.#signal(this.foreground, 'WINCH');
  }

  /** Whoever typed has gone. */
  hangUp(): void {
    if (this.#isHungUp) return;
    this.#isHungUp = true;
    this.#ready.end();
    this.#signal(this.foreground, 'HUP');
  }

  /** Nothing more will be typed; what runs goes on. */
  endInput(): void {
    this.type('\u0004');
  }

  type(keys: ByteText): void {
    for (const key of keys) this.#key(this.modes.returnsAreLines && key === '\r' ? '\n' : key);
  }

  #key(key: string): void {
    const { canonical, signals } = this.modes;
    const signal = control[key];
    if (signal !== undefined && signals) {
      this.#line = '';
      this.#show(key);
      this.#signal(this.foreground, signal);
      return;
    }
    if (!canonical) {
      this.#ready.write(key);
      this.#show(key);
      return;
    }
    this.#edit(key);
  }

  #edit(key: string): void {
    if (this.#escape) {
      this.#escape = false;
      this.#line += key;
      this.#show(key);
    } else if (key === '\u0016') this.#escape = true;
    else if (key === '\u007f' || key === '\b') this.#erase(1);
    else if (key === '\u0015') this.#erase(this.#line.length);
    else if (key === '\u0017') this.#erase(this.#line.length - this.#line.search(/\S*\s*$/));
    else if (key === '\u0004') {
      if (this.#line === '') this.#ends++;
      this.#commit();
    } else {
      this.#line += key;
      this.#show(key);
      if (key === '\n') this.#commit();
    }
  }

  #commit(): void {
    const line = this.#line;
    this.#line = '';
    // A reader that waits is woken even when there is nothing: that is the end of the file.
    if (line === '') this.#wake();
    else this.#ready.write(line);
  }

  #waiting: (() => void) | undefined;

  #wake(): void {
    this.#waiting?.();
  }

  #erase(count: number): void {
    const gone = this.#line.slice(this.#line.length - count);
    this.#line = this.#line.slice(0, this.#line.length - count);
    if (this.modes.echo) for (const key of gone) this.#output(key < ' ' ? '\b \b\b \b' : '\b \b');
  }

  #show(key: string): void {
    if (!this.modes.echo) return;
    if (key === '\n' || key === '\t') this.write(key);
    else this.#output(key < ' ' ? `^${String.fromCharCode(key.charCodeAt(0) + 64)}` : key);
  }

  async read(options: ReadOptions = {}): Promise<ByteText | undefined> {
    const { signal } = options;
    const waiting = new AbortController();
    const give = (): void => waiting.abort();
    if (this.#ends > 0 && this.modes.canonical) return this.#takeEnd();
    this.#waiting = give;
    signal?.addEventListener('abort', give, { once: true });
    try {
      // In canonical mode a read never goes beyond a line.
      const stop = this.modes.canonical ? { stop: '\n' } : {};
      return await this.#ready.chunk({ ...stop, ...options, signal: waiting.signal });
    } catch (error) {
      if (!(error instanceof Interrupted) || signal?.aborted === true) throw error;
      return this.#takeEnd();
    } finally {
      signal?.removeEventListener('abort', give);
    }
  }

  #takeEnd(): undefined {
    if (this.#ends > 0) this.#ends--;
  }

  write(text: ByteText): void {
    if (this.#isHungUp) return;
    this.#output(this.modes.linesReturn ? text.replaceAll('\n', '\r\n') : text);
  }

  drained(): Promise<void> | undefined {
    return this.#drained();
  }

  /** Keys that were typed and not read are gone. */
  discard(): void {
    this.#ready = new Pipe();
    this.#line = '';
  }
}
