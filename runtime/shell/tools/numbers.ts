import { floating } from '../format.ts';
import { compile } from '../regular-expression.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { pause, textOfInputs } from './input.ts';

interface Sequence {
  readonly first: number;
  readonly by: number;
  readonly last: number;
  /** After the point. */
  readonly digits: number;
}

/** Undefined when the words are no numbers, which is said. */
function sequenceOf(words: readonly string[], { stderr }: ShellProcess): Sequence | undefined {
  const bad = words.find((word) => word === '' || Number.isNaN(Number(word)));
  if (bad !== undefined || words.length === 0 || words.length > 3) {
    const usage = 'BusyBox v1.37.0 multi-call binary.\n\nUsage: seq [-w] [-s SEP] [FIRST [INC]] LAST\n';
    stderr.write(bad === undefined ? usage : `seq: invalid number '${bad}'\n`);
    return undefined;
  }
  const numbers = words.map(Number);
  const by = numbers.length > 2 ? (numbers[1] ?? 1) : 1;
  if (by === 0) {
    stderr.write('seq: increment is 0\n');
    return undefined;
  }
  const digits = Math.max(0, ...words.slice(0, -1).map((word) => /\.(\d+)/.exec(word)?.[1]?.length ?? 0));
  return { first: numbers.length > 1 ? (numbers[0] ?? 1) : 1, by, last: numbers.at(-1) ?? 1, digits };
}

const sequence: ShellProgram = async (args, process) => {
  let [separator, isWide] = ['\n', false];
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '-s') separator = args[++at] ?? '';
    else if (/^-s./.test(arg)) separator = arg.slice(2);
    else if (arg === '-w') isWide = true;
    else words.push(arg);
  }
  const found = sequenceOf(words, process);
  if (found === undefined) return 1;
  const { first, by, last, digits } = found;
  const shown = (value: number): string => value.toFixed(digits);
  const width = isWide ? Math.max(shown(first).length, shown(last).length) : 0;
  for (let count = 0; ; count++) {
    const value = first + count * by;
    if (by > 0 ? value > last + 1e-9 : value < last - 1e-9) {
      if (count > 0) process.stdout.write('\n');
      return 0;
    }
    process.stdout.write((count === 0 ? '' : separator) + shown(value).padStart(width, '0'));
    await pause(process);
  }
};

/** `expr`, as a reader of its words. */
class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  async value(): Promise<string> {
    const value = await this.#either();
    if (this.#at < this.#words.length) throw new SyntaxError('syntax error');
    return value;
  }

  #next(...wanted: readonly string[]): string | undefined {
    const word = this.#words[this.#at];
    if (word === undefined || !wanted.includes(word)) return undefined;
    this.#at++;
    return word;
  }

  async #either(): Promise<string> {
    let left = await this.#both();
    while (this.#next('|') !== undefined) {
      const right = await this.#both();
      left = isNothing(left) ? right : left;
    }
    return left;
  }

  async #both(): Promise<string> {
    let left = await this.#compared();
    while (this.#next('&') !== undefined) {
      const right = await this.#compared();
      left = isNothing(left) || isNothing(right) ? '0' : left;
    }
    return left;
  }

  async #compared(): Promise<string> {
    let left = await this.#sum();
    for (
      let operator = this.#next('<', '<=', '=', '==', '!=', '>=', '>');
      operator !== undefined;
      operator = this.#next('<', '<=', '=', '==', '!=', '>=', '>')
    ) {
      const right = await this.#sum();
      const isNumeric = isInteger(left) && isInteger(right);
      const order = isNumeric ? Number(BigInt(left) - BigInt(right)) : left < right ? -1 : Number(left > right);
      const holds = {
        '<': order < 0,
        '<=': order <= 0,
        '=': order === 0,
        '==': order === 0,
        '!=': order !== 0,
        '>=': order >= 0,
        '>': order > 0,
      };
      left = holds[operator as '<'] ? '1' : '0';
    }
    return left;
  }

  async #sum(): Promise<string> {
    let left = await this.#product();
    for (let operator = this.#next('+', '-'); operator !== undefined; operator = this.#next('+', '-')) {
      const [a, b] = [number(left), number(await this.#product())];
      left = String(operator === '+' ? a + b : a - b);
    }
    return left;
  }

  async #product(): Promise<string> {
    let left = await this.#matched();
    for (let operator = this.#next('*', '/', '%'); operator !== undefined; operator = this.#next('*', '/', '%')) {
      const [a, b] = [number(left), number(await this.#matched())];
      if (operator !== '*' && b === 0n) throw new SyntaxError('division by zero');
      left = String(operator === '*' ? a * b : operator === '/' ? a / b : a % b);
    }
    return left;
  }

  async #matched(): Promise<string> {
    let left = await this.#one();
    while (this.#next(':') !== undefined) left = await matched(left, await this.#one());
    return left;
  }

  async #one(): Promise<string> {
    const word = this.#words[this.#at++];
    if (word === undefined) throw new SyntaxError('syntax error');
    switch (word) {
      case '(': {
        const value = await this.#either();
        if (this.#next(')') === undefined) throw new SyntaxError('syntax error');
        return value;
      }
      case 'length':
        return String((await this.#one()).length);
      case 'match':
        return matched(await this.#one(), await this.#one());
      case 'index': {
        const [text, characters] = [await this.#one(), await this.#one()];
        return String([...text].findIndex((char) => characters.includes(char)) + 1);
      }
      case 'substr': {
        const text = await this.#one();
        const [from, length] = [Number(await this.#one()), Number(await this.#one())];
        return text.slice(from - 1, from - 1 + length);
      }
      default:
        return word;
    }
  }
}

function isNothing(value: string): boolean {
  return value === '' || /^-?0+$/.test(value);
}

function isInteger(value: string): boolean {
  return /^-?\d+$/.test(value);
}

function number(value: string): bigint {
  if (!isInteger(value)) throw new SyntaxError('non-numeric argument');
  return BigInt(value);
}

async function matched(text: string, pattern: string): Promise<string> {
  const found = (await compile(`^${pattern.replace(/^\^/, '')}`)).exec(text, 0);
  const hasGroup = pattern.includes('\\(');
  if (found === undefined) return hasGroup ? '' : '0';
  return hasGroup ? (found.groups[1] ?? '') : String(found.end);
}

const expression: ShellProgram = async (args, { stdout, stderr }) => {
  if (args.length === 0) {
    stderr.write('expr: too few arguments\n');
    return 2;
  }
  try {
    const value = await new Words(args).value();
    stdout.write(`${value}\n`);
    return Number(isNothing(value));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    stderr.write(`expr: ${error.message}\n`);
    return 2;
  }
};

/** Sums and products, with `scale`, as much of `bc` as scripts use. */
const calculator: ShellProgram = async (args, process) => {
  const { text, code } = await textOfInputs(
    process,
    'bc',
    args.filter((arg) => !arg.startsWith('-')),
  );
  const state = { scale: args.includes('-l') ? 20 : 0, values: new Map<string, number>() };
  for (const line of text.replaceAll(/#.*/g, '').split(/[\n;]/)) {
    const statement = line.trim();
    if (statement === '') continue;
    if (statement === 'quit') break;
    await calculate(statement, state, process);
  }
  return code;
};

interface Calculation {
  scale: number;
  readonly values: Map<string, number>;
}

async function calculate(statement: string, state: Calculation, process: ShellProcess): Promise<void> {
  await pause(process);
  const [, name, value] = /^([a-z_]\w*)\s*=(?!=)\s*(.*)$/.exec(statement) ?? [];
  try {
    const result = new Sum(value ?? statement, state).value();
    if (name === 'scale') state.scale = Math.min(100, result);
    else if (name !== undefined) state.values.set(name, result);
    else process.stdout.write(`${bcText(result, state.scale, statement)}\n`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    process.stderr.write(`bc: ${error.message}\n`);
  }
}

function bcText(value: number, scale: number, statement: string): string {
  if (Number.isInteger(value) && !(statement.includes('/') && scale > 0)) return String(value);
  const inText = Math.max(0, ...[...statement.matchAll(/\.(\d+)/g)].map(([, digits = '']) => digits.length));
  const digits =
    statement.includes('/') || /sqrt|\bl\(/.test(statement) ? scale : Math.max(inText, Math.min(scale, inText * 2));
  const power = 10 ** digits;
  return floating('f', Math.trunc(value * power + Math.sign(value) * 1e-9) / power, digits).replace(/^(-?)0\./, '$1.');
}

class Sum {
  readonly #tokens: readonly string[];
  readonly #state: Calculation;
  #at = 0;

  constructor(text: string, state: Calculation) {
    this.#tokens = text.match(/\d*\.?\d+|[a-z_]\w*|[<>=!]=|&&|\|\||\S/g) ?? [];
    this.#state = state;
  }

  value(): number {
    const value = this.#compared();
    if (this.#at < this.#tokens.length) throw new SyntaxError('bad expression');
    return value;
  }

  #take(...wanted: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #compared(): number {
    const left = this.#sum();
    const operator = this.#take('<', '>', '<=', '>=', '==', '!=');
    if (operator === undefined) return left;
    const right = this.#sum();
    return Number(
      {
        '<': left < right,
        '>': left > right,
        '<=': left <= right,
        '>=': left >= right,
        '==': left === right,
        '!=': left !== right,
      }[operator],
    );
  }

  #sum(): number {
    let value = this.#product();
    for (let sign = this.#take('+', '-'); sign !== undefined; sign = this.#take('+', '-'))
      value += this.#product() * (sign === '+' ? 1 : -1);
    return value;
  }

  #product(): number {
    let value = this.#power();
    for (let sign = this.#take('*', '/', '%'); sign !== undefined; sign = this.#take('*', '/', '%')) {
      const right = this.#power();
      if (sign !== '*' && right === 0) throw new SyntaxError('divide by zero');
      const quotient = value / right;
      const unit = 10 ** this.#state.scale;
      value = sign === '*' ? value * right : sign === '%' ? value % right : Math.trunc(quotient * unit) / unit;
    }
    return value;
  }

  #power(): number {
    const base = this.#one();
    return this.#take('^') === undefined ? base : base ** this.#power();
  }

  #one(): number {
    if (this.#take('-') !== undefined) return -this.#one();
    if (this.#take('(') !== undefined) {
      const value = this.#compared();
      if (this.#take(')') === undefined) throw new SyntaxError('bad expression');
      return value;
    }
    const token = this.#tokens[this.#at++] ?? '';
    if (/^[\d.]/.test(token)) return Number(token);
    if (token === 'sqrt' && this.#take('(') !== undefined) {
      const value = Math.sqrt(this.#compared());
      this.#take(')');
      return value;
    }
    if (token === 'scale') return this.#state.scale;
    if (!/^[a-z]/.test(token)) throw new SyntaxError('bad expression');
    return this.#state.values.get(token) ?? 0;
  }
}

const factor: ShellProgram = (args, { stdout, stderr }) => {
  for (const arg of args) {
    if (!/^\d{1,12}$/.test(arg)) {
      stderr.write(`factor: invalid number '${arg}'\n`);
      return 1;
    }
    let rest = Number(arg);
    const found: number[] = [];
    for (let by = 2; by * by <= rest; by++) {
      while (rest % by === 0) {
        found.push(by);
        rest /= by;
      }
    }
    if (rest > 1) found.push(rest);
    stdout.write(`${arg}: ${found.join(' ')}\n`);
  }
  return 0;
};

export const numberTools: Readonly<Record<string, ShellProgram>> = {
  seq: sequence,
  expr: expression,
  bc: calculator,
  factor,
};
