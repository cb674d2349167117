import { runColon } from './colon-commands.ts';
import type { Editor } from './editor.ts';
import type { Keys } from './keys.ts';
import { type Motion, motionOf } from './motions.ts';

const escapeKey = '\u001b';

/** What single keys do. */
export class Commands {
  readonly #editor: Editor;
  readonly #keys: Keys;
  readonly #suspend: () => Promise<void>;
  /** The keys of the last change, for `.`. */
  #lastChange: readonly string[] = [];
  #isForward = true;

  constructor(editor: Editor, keys: Keys, suspend: () => Promise<void>) {
    this.#editor = editor;
    this.#keys = keys;
    this.#suspend = suspend;
  }

  /** One command; false: nobody types any more. */
  async run(): Promise<boolean> {
    const keys = this.#keys;
    keys.taken = [];
    const { key, count } = await this.#counted();
    if (key === undefined) return false;
    const editor = this.#editor;
    const changing = this.#changes[key];
    if (changing !== undefined) {
      await changing(count ?? 1, count);
      if (key !== 'y' && key !== 'Y') this.#lastChange = keys.taken;
    } else if (this.#others[key] !== undefined) await this.#others[key]?.(count);
    else {
      const motion = await this.#motion(key, count);
      if (motion !== undefined) editor.buffer.moveTo(motion.row, motion.col);
    }
    return true;
  }

  async #counted(): Promise<{ readonly key: string | undefined; readonly count: number | undefined }> {
    let digits = '';
    for (;;) {
      const key = await this.#keys.next();
      if (key === undefined || !(/^[1-9]$/.test(key) || (key === '0' && digits !== '')))
        return { key, count: digits === '' ? undefined : Number(digits) };
      digits += key;
    }
  }

  async #motion(key: string, count: number | undefined): Promise<Motion | undefined> {
    if (key === '/' || key === '?') return this.#found(key === '/');
    return motionOf(key, count, { editor: this.#editor, next: () => this.#keys.next() });
  }

  readonly #others: Readonly<Record<string, (count: number | undefined) => Promise<void> | void>> = {
    [escapeKey]: () => undefined,
    ':': () => this.#colon(),
    '/': () => this.#find(true),
    '?': () => this.#find(false),
    n: () => this.#editor.search('', this.#isForward),
    N: () => this.#editor.search('', !this.#isForward),
    u: () => {
      if (!this.#editor.buffer.undo()) this.#editor.message = 'Already at oldest change';
    },
    '.': () => this.#keys.replay(this.#lastChange),
    Z: async () => {
      const key = await this.#keys.next();
      if (key === 'Q') this.#editor.quit(true);
      if (key === 'Z') await runColon('x', this.#editor);
    },
    '\u0007': () => undefined,
    '\u000c': () => this.#editor.screen.forget(),
    '\u0012': () => this.#editor.screen.forget(),
    '\u001a': () => this.#suspend(),
    '\u0003': () => undefined,
  };

  readonly #changes: Readonly<Record<string, (count: number, given: number | undefined) => Promise<void> | void>> = {
    i: () => this.#insertAt((col) => col),
    a: () => this.#insertAt((col) => col + 1),
    I: () => this.#insertAt(() => this.#editor.buffer.firstOfLine()),
    A: () => this.#insertAt(() => this.#editor.buffer.line.length),
    o: () => this.#openLine(1),
    O: () => this.#openLine(0),
    R: () => this.#insertAt((col) => col, 'R'),
    x: (count) => this.#cutChars(0, count),
    delete: (count) => this.#cutChars(0, count),
    X: (count) => this.#cutChars(-count, 0),
    D: () => this.#cutChars(0, Number.MAX_SAFE_INTEGER),
    C: () => this.#cutAndInsert(Number.MAX_SAFE_INTEGER),
    s: (count) => this.#cutAndInsert(count),
    S: async (count) => this.#overMotion('c', 'c', count),
    Y: async (count) => this.#overMotion('y', 'y', count),
    d: async (_, given) => this.#operate('d', given),
    c: async (_, given) => this.#operate('c', given),
    y: async (_, given) => this.#operate('y', given),
    p: (count) => this.#put(count, 1),
    P: (count) => this.#put(count, 0),
    J: (count) => this.#join(count),
    r: async (count) => this.#replace(count),
    '~': (count) => this.#swapCase(count),
    '>': async (count) => this.#shift(count, (line) => (line === '' ? line : `\t${line}`)),
    '<': async (count) => this.#shift(count, (line) => line.replace(/^(\t| {1,8})/, '')),
  };

  async #colon(): Promise<void> {
    const text = await this.#ask(':');
    if (text !== undefined) await runColon(text, this.#editor);
  }

  async #find(isForward: boolean): Promise<void> {
    const text = await this.#ask(isForward ? '/' : '?');
    if (text === undefined) return;
    this.#isForward = isForward;
    await this.#editor.search(text, isForward);
  }

  /** Where a search leads, from here. */
  async #found(isForward: boolean): Promise<Motion | undefined> {
    const { buffer } = this.#editor;
    const { row, col } = buffer;
    await this.#find(isForward);
    const found = { row: buffer.row, col: buffer.col };
    buffer.moveTo(row, col);
    return found;
  }

  /** A line at the bottom; undefined: given up. */
  async #ask(prompt: string): Promise<string | undefined> {
    let text = '';
    for (;;) {
      this.#editor.screen.ask(prompt + text);
      const key = await this.#keys.next();
      if (key === undefined || key === escapeKey || key === '\u0003') return undefined;
      if (key === '\r' || key === '\n') return text;
      if (key === '\u007f' || key === '\b') {
        if (text === '') return undefined;
        text = text.slice(0, -1);
      } else if (key.length === 1 && (key >= ' ' || key === '\t')) text += key;
    }
  }

  async #insertAt(place: (col: number) => number, mode: 'I' | 'R' = 'I'): Promise<void> {
    const { buffer } = this.#editor;
    const { isModified } = buffer;
    buffer.remember();
    buffer.isModified = isModified;
    buffer.moveTo(buffer.row, place(buffer.col), true);
    await this.#typing(mode);
  }

  async #openLine(below: number): Promise<void> {
    const { buffer } = this.#editor;
    buffer.remember();
    buffer.lines.splice(buffer.row + below, 0, '');
    buffer.moveTo(buffer.row + below, 0);
    await this.#typing('I');
  }

  /** Until Escape. */
  async #typing(mode: 'I' | 'R'): Promise<void> {
    const editor = this.#editor;
    const { buffer } = editor;
    editor.mode = mode;
    for (;;) {
      if (!this.#keys.isReplaying) editor.draw();
      const key = await this.#keys.next();
      if (key === undefined || key === escapeKey || key === '\u0003') break;
      this.#typed(key, mode);
    }
    editor.mode = '-';
    buffer.moveTo(buffer.row, buffer.col - 1);
  }

  #typed(key: string, mode: 'I' | 'R'): void {
    const { buffer } = this.#editor;
    buffer.isModified ||= !/^(up|down|left|right|home|end)$/.test(key);
    switch (key) {
      case '\r':
      case '\n':
        buffer.insert('\n');
        break;
      case '\u007f':
      case '\b':
        if (buffer.col > 0) buffer.cut(buffer.row, buffer.col - 1);
        else if (buffer.row > 0) buffer.cut(buffer.row - 1, buffer.lines[buffer.row - 1]?.length ?? 0);
        break;
      case 'delete':
        if (buffer.col < buffer.line.length) buffer.cut(buffer.row, buffer.col + 1);
        break;
      case 'up':
        buffer.moveTo(buffer.row - 1, buffer.col, true);
        break;
      case 'down':
        buffer.moveTo(buffer.row + 1, buffer.col, true);
        break;
      case 'left':
        buffer.moveTo(buffer.row, buffer.col - 1, true);
        break;
      case 'right':
        buffer.moveTo(buffer.row, buffer.col + 1, true);
        break;
      case 'home':
        buffer.moveTo(buffer.row, 0, true);
        break;
      case 'end':
        buffer.moveTo(buffer.row, buffer.line.length, true);
        break;
      default:
        if (key.length !== 1 || (key < ' ' && key !== '\t')) return;
        if (mode === 'R' && buffer.col < buffer.line.length) buffer.cut(buffer.row, buffer.col + 1);
        buffer.insert(key);
    }
  }

  #cutChars(before: number, after: number): void {
    const { buffer } = this.#editor;
    const from = Math.max(0, buffer.col + before);
    const to = Math.min(buffer.line.length, buffer.col + after);
    if (from >= to) return;
    buffer.remember();
    buffer.col = from;
    this.#editor.register = buffer.cut(buffer.row, to);
    buffer.moveTo(buffer.row, buffer.col);
  }

  async #cutAndInsert(count: number): Promise<void> {
    const { buffer } = this.#editor;
    buffer.remember();
    this.#editor.register = buffer.cut(buffer.row, Math.min(buffer.line.length, buffer.col + count));
    await this.#typing('I');
  }

  /** `d`, `c`, `y` with what comes after them. */
  async #operate(operator: string, given: number | undefined): Promise<void> {
    const { key, count: inner } = await this.#counted();
    const count = given === undefined && inner === undefined ? undefined : (given ?? 1) * (inner ?? 1);
    if (key !== undefined && key !== escapeKey) await this.#overMotion(operator, key, count);
  }

  async #overMotion(operator: string, key: string, count: number | undefined): Promise<void> {
    const editor = this.#editor;
    const { buffer } = editor;
    if (key === operator) {
      await this.#overLines(operator, buffer.row, Math.min(buffer.row + (count ?? 1) - 1, buffer.lines.length - 1));
      return;
    }
    // To change a word is to leave the blank after it.
    const isWord = operator === 'c' && /^[wW]$/.test(key) && /\S/.test(buffer.line[buffer.col] ?? '');
    const motion = await this.#motion(isWord ? (key === 'w' ? 'e' : 'E') : key, count);
    if (motion === undefined) return;
    if (motion.isLines) {
      await this.#overLines(operator, Math.min(buffer.row, motion.row), Math.max(buffer.row, motion.row));
      return;
    }
    let { row, col } = motion;
    if (motion.isInclusive) col++;
    // The last word of a line does not take its end.
    if (/^[wW]$/.test(key) && row > buffer.row) [row, col] = [buffer.row, buffer.line.length];
    if (row === buffer.row && col === buffer.col && (operator !== 'c' || buffer.line !== '')) return;
    const place = { row: buffer.row, col: buffer.col };
    if (operator !== 'y') buffer.remember();
    const before = [...buffer.lines];
    editor.register = buffer.cut(row, col);
    if (operator === 'y') {
      buffer.lines = before;
      if (row > place.row || (row === place.row && col > place.col)) buffer.moveTo(place.row, place.col);
    } else if (operator === 'd') buffer.moveTo(buffer.row, buffer.col);
    else await this.#typing('I');
  }

  async #overLines(operator: string, from: number, to: number): Promise<void> {
    const editor = this.#editor;
    const { buffer } = editor;
    const text = `${buffer.lines.slice(from, to + 1).join('\n')}\n`;
    editor.register = text;
    const size = `${to - from + 1} lines (${text.length} chars)`;
    if (operator === 'y') {
      editor.message = `Yank ${size} into [D]`;
      return;
    }
    buffer.remember();
    if (operator === 'd') {
      buffer.cutLines(from, to - from + 1);
      editor.message = `Delete ${size} from [D]`;
      return;
    }
    buffer.lines.splice(from, to - from + 1, '');
    buffer.moveTo(from, 0);
    await this.#typing('I');
  }

  #put(count: number, after: number): void {
    const { buffer, register } = this.#editor;
    if (register === '') {
      this.#editor.complain('Nothing in register D');
      return;
    }
    buffer.remember();
    if (register.endsWith('\n')) {
      const lines = Array.from({ length: count }, () => register.slice(0, -1).split('\n')).flat();
      buffer.lines.splice(buffer.row + after, 0, ...lines);
      buffer.moveTo(buffer.row + after, 0);
      buffer.col = buffer.firstOfLine();
      return;
    }
    buffer.moveTo(buffer.row, buffer.col + (buffer.line === '' ? 0 : after), true);
    buffer.insert(register.repeat(count));
    buffer.moveTo(buffer.row, buffer.col - 1);
  }

  #join(times: number): void {
    const { buffer } = this.#editor;
    buffer.remember();
    for (let turn = 0; turn < times && buffer.row + 1 < buffer.lines.length; turn++) {
      const [next = ''] = buffer.lines.splice(buffer.row + 1, 1);
      buffer.col = buffer.line.length;
      buffer.line = `${buffer.line} ${next.trimStart()}`;
    }
    buffer.moveTo(buffer.row, buffer.col);
  }

  async #replace(count: number): Promise<void> {
    const { buffer } = this.#editor;
    const key = await this.#keys.next();
    if (key === undefined || key === escapeKey || buffer.col + count > buffer.line.length) return;
    buffer.remember();
    buffer.cut(buffer.row, buffer.col + count);
    buffer.insert(key === '\r' ? '\n' : key.repeat(count));
    if (key !== '\r') buffer.moveTo(buffer.row, buffer.col - 1);
  }

  #swapCase(count: number): void {
    const { buffer } = this.#editor;
    buffer.remember();
    const piece = buffer.cut(buffer.row, Math.min(buffer.line.length, buffer.col + count));
    buffer.insert([...piece].map((char) => (char < 'a' ? char.toLowerCase() : char.toUpperCase())).join(''));
    buffer.moveTo(buffer.row, buffer.col);
  }

  async #shift(count: number, change: (line: string) => string): Promise<void> {
    const { buffer } = this.#editor;
    if ((await this.#keys.next()) === undefined) return;
    buffer.remember();
    for (let row = buffer.row; row < Math.min(buffer.row + count, buffer.lines.length); row++)
      buffer.lines[row] = change(buffer.lines[row] ?? '');
    buffer.moveTo(buffer.row, buffer.firstOfLine());
  }
}
