import type { ShellProcess } from '../../shell-process.ts';
import { Interrupted } from '../../streams.ts';

/** What follows an escape, and the key of a command that does the same. */
const sequences: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[3~': 'delete',
  '[4~': 'end',
  '[5~': '\u0002',
  '[6~': '\u0006',
  '[7~': 'home',
  '[8~': 'end',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
};

const escapeMs = 50;

/** Keys one by one: escape sequences have names. */
export class Keys {
  readonly #process: Pick<ShellProcess, 'stdin' | 'clock'>;
  readonly #queue: string[] = [];
  /** What was typed since a command began, for `.`. */
  taken: string[] = [];

  constructor(process: Pick<ShellProcess, 'stdin' | 'clock'>) {
    this.#process = process;
  }

  /** As if they were typed. */
  replay(keys: readonly string[]): void {
    this.#queue.unshift(...keys);
  }

  /** Whether more was typed already. */
  get isReplaying(): boolean {
    return this.#queue.length > 0;
  }

  /** Undefined: nobody types any more. */
  async next(): Promise<string | undefined> {
    const key = this.#queue.shift() ?? (await this.#read());
    if (key !== undefined) this.taken.push(key);
    return key;
  }

  async #read(): Promise<string | undefined> {
    const key = await this.#process.stdin.chunk({ limit: 1 });
    if (key !== '\u001b') return key;
    let rest = '';
    for (;;) {
      const more = await this.#within();
      if (more === undefined) break;
      rest += more;
      if (!/^(\[[\d;]*|O)$/.test(rest)) break;
    }
    if (rest === '') return key;
    const name = sequences[rest];
    if (name === undefined && !/^[[O]./.test(rest)) {
      // Escape, and a key that was typed quickly.
      this.#queue.push(...rest);
      return key;
    }
    return name ?? '';
  }

  /** Escape alone is followed by nothing soon. */
  async #within(): Promise<string | undefined> {
    const abort = new AbortController();
    const timer = this.#process.clock.after(escapeMs, () => abort.abort());
    try {
      return await this.#process.stdin.chunk({ limit: 1, signal: abort.signal });
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      return undefined;
    } finally {
      timer.cancel();
    }
  }
}
