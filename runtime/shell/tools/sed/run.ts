import type { Expression, Match } from '../../regular-expression.ts';
import type { ShellProcess } from '../../shell-process.ts';
import { pause } from '../input.ts';
import type { Address, SedCommand, Substitution } from './parse.ts';

export interface Lines {
  /** Without its end; undefined when there are no more. */
  next(): Promise<string | undefined>;
  isLast(): Promise<boolean>;
  /** Whether the line that came last had an end. */
  hasEnd(): boolean;
}

export interface SedOutput {
  write(text: string): void;
  writeFile(path: string, text: string): void;
  readFile(path: string): string;
}

const maxSteps = 1_000_000;

/** Runs a script over lines; the exit code, or undefined when it was not told to stop. */
export class SedRun {
  readonly #commands: readonly SedCommand[];
  readonly #isQuiet: boolean;
  readonly #process: ShellProcess;
  #lines: Lines;
  #output: SedOutput;
  #number = 0;
  #pattern = '';
  #hold = '';
  #appended: string[] = [];
  #isReplaced = false;
  #last: Expression | undefined;
  #exitCode: number | undefined;

  constructor(
    commands: readonly SedCommand[],
    process: ShellProcess,
    isQuiet: boolean,
    { lines, output }: { readonly lines: Lines; readonly output: SedOutput },
  ) {
    this.#commands = commands;
    this.#process = process;
    this.#isQuiet = isQuiet;
    this.#lines = lines;
    this.#output = output;
  }

  /** The next file of `sed -i` or `-s`. */
  restart(lines: Lines, output: SedOutput): void {
    this.#lines = lines;
    this.#output = output;
    this.#number = 0;
  }

  async run(): Promise<number | undefined> {
    let isKept = false;
    for (;;) {
      if (!isKept) {
        const line = await this.#lines.next();
        if (line === undefined) return undefined;
        this.#pattern = line;
        this.#number++;
      }
      isKept = false;
      const outcome = await this.#cycle();
      if (outcome === 'restart') {
        isKept = true;
        continue;
      }
      if (outcome !== 'delete' && outcome !== 'silent' && !this.#isQuiet) this.#print(this.#pattern);
      this.#flush();
      if (this.#exitCode !== undefined) return this.#exitCode;
      await pause(this.#process);
    }
  }

  #print(text: string): void {
    this.#output.write(text + (this.#lines.hasEnd() ? '\n' : ''));
  }

  #flush(): void {
    for (const text of this.#appended.splice(0)) this.#output.write(text);
  }

  async #cycle(): Promise<'end' | 'delete' | 'silent' | 'restart'> {
    let steps = 0;
    this.#isReplaced = false;
    for (let at = 0; at < this.#commands.length; at++) {
      if (++steps % 1000 === 0) await pause(this.#process);
      if (steps > maxSteps) return 'end';
      const command = this.#commands[at] as SedCommand;
      if (!(await this.#selects(command))) {
        if (command.name === '{') at = command.target - 1;
        continue;
      }
      const outcome = await this.#perform(command);
      if (outcome === 'jump') at = command.target - 1;
      else if (outcome !== 'next') return outcome;
    }
    return 'end';
  }

  async #matches(address: Address): Promise<boolean> {
    switch (address.is) {
      case 'line':
        return this.#number === address.number;
      case 'step':
        return address.by <= 0
          ? this.#number === address.first
          : this.#number >= address.first && (this.#number - address.first) % address.by === 0;
      case 'last':
        return this.#lines.isLast();
      case 'match':
        return this.#expression(address.expression)?.test(this.#pattern) === true;
      case 'after':
        return false;
    }
  }

  #expression(given: Expression | undefined): Expression | undefined {
    this.#last = given ?? this.#last;
    return this.#last;
  }

  async #selects(command: SedCommand): Promise<boolean> {
    return (await this.#inRange(command)) !== command.isNegated;
  }

  async #inRange(command: SedCommand): Promise<boolean> {
    const { first, second } = command;
    if (first === undefined) return true;
    if (second === undefined) return this.#matches(first);
    if (command.isOpen) {
      if (second.is === 'line' || second.is === 'after') {
        if (this.#number >= command.end) command.isOpen = false;
        return this.#number <= command.end;
      }
      if (await this.#matches(second)) command.isOpen = false;
      return true;
    }
    const isFromStart = first.is === 'line' && first.number === 0 && this.#number === 1;
    if (!isFromStart && !(await this.#matches(first))) return false;
    command.end = second.is === 'line' ? second.number : second.is === 'after' ? this.#number + second.count : 0;
    if (second.is === 'line' || second.is === 'after') command.isOpen = command.end > this.#number;
    else
      command.isOpen =
        !(isFromStart && (await this.#matches(second))) && !(second.is === 'last' && (await this.#lines.isLast()));
    return true;
  }

  async #perform(command: SedCommand): Promise<'next' | 'jump' | 'end' | 'delete' | 'silent' | 'restart'> {
    const { name, text } = command;
    switch (name) {
      case '=':
        this.#output.write(`${this.#number}\n`);
        break;
      case 'a':
        this.#appended.push(text);
        break;
      case 'i':
        this.#output.write(text);
        break;
      case 'c':
        if (command.second === undefined || command.isNegated || !command.isOpen) this.#output.write(text);
        return 'delete';
      case 'd':
        return 'delete';
      case 'D': {
        const at = this.#pattern.indexOf('\n');
        if (at < 0) return 'delete';
        this.#pattern = this.#pattern.slice(at + 1);
        return 'restart';
      }
      case 'g':
        this.#pattern = this.#hold;
        break;
      case 'G':
        this.#pattern += `\n${this.#hold}`;
        break;
      case 'h':
        this.#hold = this.#pattern;
        break;
      case 'H':
        this.#hold += `\n${this.#pattern}`;
        break;
      case 'x':
        [this.#pattern, this.#hold] = [this.#hold, this.#pattern];
        break;
      case 'n':
      case 'N':
        return this.#read(name === 'N');
      case 'p':
        this.#output.write(`${this.#pattern}\n`);
        break;
      case 'P':
        this.#output.write(`${this.#pattern.split('\n', 1)[0]}\n`);
        break;
      case 'l':
        this.#output.write(`${visible(this.#pattern)}$\n`);
        break;
      case 'q':
      case 'Q':
        this.#exitCode = Number(text || 0);
        return name === 'q' ? 'end' : 'silent';
      case 'r':
        this.#appended.push(this.#output.readFile(text));
        break;
      case 'w':
        this.#output.writeFile(text, `${this.#pattern}\n`);
        break;
      case 's':
        await this.#substitute(command.substitution as Substitution);
        break;
      case 'y':
        this.#pattern = [...this.#pattern].map((char) => command.map?.get(char) ?? char).join('');
        break;
      case 'b':
        return 'jump';
      case 't':
      case 'T': {
        const isJump = this.#isReplaced === (name === 't');
        this.#isReplaced = false;
        return isJump ? 'jump' : 'next';
      }
    }
    return 'next';
  }

  async #read(isJoined: boolean): Promise<'next' | 'end' | 'silent' | 'delete'> {
    if (await this.#lines.isLast()) {
      this.#exitCode = 0;
      return 'end';
    }
    if (!isJoined && !this.#isQuiet) this.#print(this.#pattern);
    this.#flush();
    const line = (await this.#lines.next()) ?? '';
    this.#number++;
    this.#pattern = isJoined ? `${this.#pattern}\n${line}` : line;
    return 'next';
  }

  async #substitute({
    expression,
    replacement,
    number,
    isGlobal,
    isPrinted,
    isRun,
    target,
  }: Substitution): Promise<void> {
    const found = this.#expression(expression);
    if (found === undefined) return;
    let [text, at, count, isDone, lastEnd] = ['', 0, 0, false, -1];
    while (at <= this.#pattern.length) {
      const match = found.exec(this.#pattern, at);
      if (match === undefined) break;
      // An empty match right after the last one is none.
      const isEmptyAgain = match.end === match.start && match.start === lastEnd;
      text += this.#pattern.slice(at, match.start);
      if (!isEmptyAgain) count++;
      if (!isEmptyAgain && count >= Math.max(1, number)) {
        text += replaced(replacement, match);
        isDone = true;
      } else text += this.#pattern.slice(match.start, match.end);
      lastEnd = match.end;
      if (match.end > match.start) at = match.end;
      else {
        text += this.#pattern[match.end] ?? '';
        at = match.end + 1;
      }
      if (isDone && !isGlobal) break;
    }
    if (!isDone) return;
    this.#pattern = text + this.#pattern.slice(at);
    this.#isReplaced = true;
    if (isRun) await this.#runPattern();
    if (isPrinted) this.#output.write(`${this.#pattern}\n`);
    if (target !== undefined) this.#output.writeFile(target, `${this.#pattern}\n`);
  }

  async #runPattern(): Promise<void> {
    const { outputOf } = await import('../command-output.ts');
    this.#pattern = (await outputOf(this.#process, this.#pattern)).replace(/\n$/, '');
  }
}

function replaced(replacement: string, { groups }: Match): string {
  let text = '';
  let change = '';
  const add = (piece: string): void => {
    text += cased(piece, change);
    if (/[ul]/.test(change) && piece !== '') change = '';
  };
  for (const [, plain, key] of replacement.matchAll(/([^\\]|\\$)|\\(.)/gs)) {
    if (plain !== undefined) add(plain === '&' ? (groups[0] ?? '') : plain);
    else if (key !== undefined && /\d/.test(key)) add(groups[Number(key)] ?? '');
    else if (key !== undefined && /[ULulE]/.test(key)) change = key === 'E' ? '' : key;
    else add({ n: '\n', t: '\t' }[key ?? ''] ?? key ?? '');
  }
  return text;
}

/** As `\\U`, `\\L`, `\\u` and `\\l` have it. */
function cased(piece: string, change: string): string {
  switch (change) {
    case 'U':
      return piece.toUpperCase();
    case 'L':
      return piece.toLowerCase();
    case 'u':
      return piece.slice(0, 1).toUpperCase() + piece.slice(1);
    case 'l':
      return piece.slice(0, 1).toLowerCase() + piece.slice(1);
    default:
      return piece;
  }
}

function visible(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '\n': '\\n',
    '\t': '\\t',
    '\\': '\\\\',
    '\r': '\\r',
    '\u0007': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
  };
  return text.replaceAll(
    /[^ -[\]-~]/g,
    (char) => names[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
