interface Snapshot {
  readonly lines: readonly string[];
  readonly row: number;
  readonly col: number;
  readonly isModified: boolean;
}

const maxSnapshots = 100;

/** The lines of a file that is edited, and the place in them. */
export class TextBuffer {
  lines: string[];
  row = 0;
  col = 0;
  isModified = false;
  readonly #before: Snapshot[] = [];

  constructor(text: string) {
    this.lines = text.replace(/\n$/, '').split('\n');
  }

  /** As it is written: a new line at the end of each. */
  get text(): string {
    return this.lines.length === 1 && this.line === '' ? '' : `${this.lines.join('\n')}\n`;
  }

  get line(): string {
    return this.lines[this.row] ?? '';
  }

  set line(text: string) {
    this.lines[this.row] = text;
  }

  /** What `u` brings back. Called before each change. */
  remember(): void {
    const { lines, row, col, isModified } = this;
    this.#before.push({ lines: [...lines], row, col, isModified });
    if (this.#before.length > maxSnapshots) this.#before.shift();
    this.isModified = true;
  }

  undo(): boolean {
    const last = this.#before.pop();
    if (last === undefined) return false;
    Object.assign(this, { ...last, lines: [...last.lines] });
    return true;
  }

  /** `past`: the place may be behind the last character, as while text is put in. */
  moveTo(row: number, col: number, past = false): void {
    this.row = Math.max(0, Math.min(row, this.lines.length - 1));
    this.col = Math.max(0, Math.min(col, this.line.length - (past ? 0 : 1)));
  }

  insert(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    const tail = this.line.slice(this.col);
    this.line = this.line.slice(0, this.col) + first;
    this.col += first.length;
    for (const piece of rest) {
      this.lines.splice(++this.row, 0, piece);
      this.col = piece.length;
    }
    this.line += tail;
  }

  /** Takes what lies between here and there, which may be before; the place is the start of it. */
  cut(row: number, col: number): string {
    const isBack = row < this.row || (row === this.row && col < this.col);
    const [from, to] = isBack
      ? [[row, col] as const, [this.row, this.col] as const]
      : [[this.row, this.col] as const, [row, col] as const];
    const taken = this.lines.slice(from[0], to[0] + 1);
    const tail = (this.lines[to[0]] ?? '').slice(to[1]);
    const head = (this.lines[from[0]] ?? '').slice(0, from[1]);
    this.lines.splice(from[0], to[0] - from[0] + 1, head + tail);
    const last = taken.length - 1;
    taken[last] = (taken[last] ?? '').slice(0, to[1]);
    taken[0] = (taken[0] ?? '').slice(from[1]);
    [this.row, this.col] = from;
    return taken.join('\n');
  }

  cutLines(from: number, count: number): string {
    const taken = this.lines.splice(from, count);
    if (this.lines.length === 0) this.lines = [''];
    this.moveTo(from, 0);
    this.col = this.firstOfLine();
    return `${taken.join('\n')}\n`;
  }

  /** The first that is no blank. */
  firstOfLine(): number {
    const at = this.line.search(/\S/);
    return at < 0 ? Math.max(0, this.line.length - 1) : at;
  }

  /** Where the next word begins (`w`), this one began (`b`) or ends (`e`); in capitals only blanks part words. */
  word(kind: string, row = this.row, col = this.col): readonly [row: number, col: number] {
    const isBig = kind < 'a';
    const classAt = (r: number, c: number): number => {
      const char = this.lines[r]?.[c];
      if (char === undefined || /\s/.test(char)) return 0;
      return isBig || /[\w\u0080-\u00ff]/.test(char) ? 1 : 2;
    };
    const back = kind.toLowerCase() === 'b';
    const step = (r: number, c: number): readonly [number, number] | undefined => {
      if (back)
        return c > 0 ? [r, c - 1] : r > 0 ? [r - 1, Math.max(0, (this.lines[r - 1]?.length ?? 1) - 1)] : undefined;
      return c + 1 < (this.lines[r]?.length ?? 0) ? [r, c + 1] : r + 1 < this.lines.length ? [r + 1, 0] : undefined;
    };
    let at: readonly [number, number] = [row, col];
    const goOn = (isToGoOn: (next: readonly [number, number]) => boolean): boolean => {
      const next = step(...at);
      if (next === undefined || !isToGoOn(next)) return false;
      at = next;
      return true;
    };
    if (kind.toLowerCase() === 'w') {
      const first = classAt(...at);
      while (goOn((next) => next[0] === at[0] && classAt(...next) === first && first !== 0));
      goOn(() => true);
      while (classAt(...at) === 0 && this.lines[at[0]] !== '' && goOn(() => true));
      return at;
    }
    goOn(() => true);
    while (classAt(...at) === 0 && goOn(() => true));
    const inside = classAt(...at);
    while (goOn((next) => next[0] === at[0] && classAt(...next) === inside));
    return at;
  }
}
