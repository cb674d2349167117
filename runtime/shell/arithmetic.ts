import { ExpansionError } from './control.ts';

const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const is = (value: boolean): bigint => (value ? 1n : 0n);

const binary: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '||': (a, b) => is(a !== 0n || b !== 0n),
  '&&': (a, b) => is(a !== 0n && b !== 0n),
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '&': (a, b) => a & b,
  '==': (a, b) => is(a === b),
  '!=': (a, b) => is(a !== b),
  '<=': (a, b) => is(a <= b),
  '>=': (a, b) => is(a >= b),
  '<': (a, b) => is(a < b),
  '>': (a, b) => is(a > b),
  '<<': (a, b) => a << (b & 63n),
  '>>': (a, b) => a >> (b & 63n),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
};

const signs: Readonly<Record<string, (value: bigint) => bigint>> = {
  '-': (value) => BigInt.asIntN(64, -value),
  '+': (value) => value,
  '!': (value) => is(value === 0n),
  '~': (value) => ~value,
};

/** A shell's variables; a name may have a subscript. */
export interface NumberVariables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

const tokenForm =
  /(?:\d+#[\dA-Za-z@_]+|0[xX][\da-fA-F]+|\d+|[A-Za-z_]\w*(?:\[[^\]]*\])?|\*\*|\+\+|--|<<=|>>=|[-+*/%&|^]=|<<|>>|<=|>=|==|!=|&&|\|\||\S)/g;
const assigning = /^(?:[-+*/%&|^]|<<|>>)?=$/;
/** A variable's value may be an expression that names another. */
const maxDepth = 64;
const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_';

/** `$((…))` after its variables with a dollar sign were put in, with 64 bits. Throws ExpansionError. */
export function evaluate(text: string, variables: NumberVariables, depth = 0): bigint {
  if (depth > maxDepth) throw new ExpansionError('arithmetic: expression recursion loop detected');
  return new Arithmetic(text, variables, depth).value();
}

class Arithmetic {
  readonly #tokens: readonly string[];
  readonly #variables: NumberVariables;
  readonly #depth: number;
  #at = 0;
  #nesting = 0;
  /** Inside of what is not to happen: the other side of `&&`, `||` and `?:`. */
  #idle = 0;

  constructor(text: string, variables: NumberVariables, depth: number) {
    this.#tokens = text.match(tokenForm) ?? [];
    this.#variables = variables;
    this.#depth = depth;
  }

  value(): bigint {
    if (this.#tokens.length === 0) return 0n;
    const value = this.#list();
    if (this.#at < this.#tokens.length) this.#fail();
    return value;
  }

  #fail(): never {
    throw new ExpansionError('arithmetic syntax error');
  }

  #isNext(...wanted: readonly string[]): boolean {
    return wanted.includes(this.#tokens[this.#at] ?? '');
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #list(): bigint {
    let value = this.#assignment();
    while (this.#isNext(',')) {
      this.#take();
      value = this.#assignment();
    }
    return value;
  }

  #numberOf(name: string): bigint {
    const text = (this.#variables.get(name) ?? '').trim();
    if (text === '') return 0n;
    if (/^-?\d+$/.test(text) && !/^-?0\d/.test(text)) return BigInt.asIntN(64, BigInt(text));
    return evaluate(text, this.#variables, this.#depth + 1);
  }

  #store(name: string, value: bigint): bigint {
    const kept = BigInt.asIntN(64, value);
    if (this.#idle === 0) this.#variables.set(name, String(kept));
    return kept;
  }

  #apply(operator: string, a: bigint, b: bigint): bigint {
    if (operator === '/' || operator === '%') {
      if (b === 0n) {
        if (this.#idle > 0) return 0n;
        throw new ExpansionError('divide by zero');
      }
      return operator === '/' ? a / b : a % b;
    }
    if (operator === '**') {
      if (b < 0n) throw new ExpansionError('exponent less than 0');
      return power(a, b);
    }
    return BigInt.asIntN(64, binary[operator]?.(a, b) ?? this.#fail());
  }

  #assignment(): bigint {
    const [name = '', operator = ''] = this.#tokens.slice(this.#at, this.#at + 2);
    if (!/^[A-Za-z_]/.test(name) || !assigning.test(operator)) return this.#conditional();
    this.#at += 2;
    const right = this.#assignment();
    return this.#store(
      name,
      operator === '=' ? right : this.#apply(operator.slice(0, -1), this.#numberOf(name), right),
    );
  }

  #quietly(isIdle: boolean, run: () => bigint): bigint {
    if (isIdle) this.#idle++;
    const value = run();
    if (isIdle) this.#idle--;
    return value;
  }

  #conditional(): bigint {
    const condition = this.#level(0);
    if (!this.#isNext('?')) return condition;
    this.#take();
    const yes = this.#quietly(condition === 0n, () => this.#list());
    if (this.#take() !== ':') this.#fail();
    const no = this.#quietly(condition !== 0n, () => this.#assignment());
    return condition !== 0n ? yes : no;
  }

  #level(depth: number): bigint {
    const operators = levels[depth];
    if (operators === undefined) return this.#power();
    let value = this.#level(depth + 1);
    while (this.#isNext(...operators)) {
      const operator = this.#take();
      const isIdle = (operator === '&&' && value === 0n) || (operator === '||' && value !== 0n);
      const left = value;
      const right = this.#quietly(isIdle, () => this.#level(depth + 1));
      value = this.#apply(operator, left, right);
    }
    return value;
  }

  #power(): bigint {
    const base = this.#primary();
    if (!this.#isNext('**')) return base;
    this.#take();
    return this.#apply('**', base, this.#power());
  }

  #primary(): bigint {
    if (++this.#nesting > 1000) this.#fail();
    const token = this.#take();
    const sign = signs[token];
    if (sign !== undefined) return sign(this.#primary());
    if (token === '(') {
      const value = this.#list();
      if (this.#take() !== ')') this.#fail();
      return value;
    }
    if (token === '++' || token === '--') {
      if (!/^[A-Za-z_]/.test(this.#tokens[this.#at] ?? '')) return signs[token[0] ?? '']?.(this.#primary()) ?? 0n;
      const name = this.#take();
      return this.#store(name, this.#numberOf(name) + (token === '++' ? 1n : -1n));
    }
    if (/^\d/.test(token)) return numberFrom(token) ?? this.#fail();
    if (!/^[A-Za-z_]/.test(token)) return this.#fail();
    const value = this.#numberOf(token);
    if (this.#isNext('++', '--')) this.#store(token, value + (this.#take() === '++' ? 1n : -1n));
    return value;
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let value = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) value = BigInt.asIntN(64, value * square);
    square = BigInt.asIntN(64, square * square);
  }
  return value;
}

/** With a base, as `16#ff`, in octal with a leading zero. Undefined: no number. */
function numberFrom(token: string): bigint | undefined {
  const [, baseText, figures = ''] = /^(\d+)#(.*)$/.exec(token) ?? [];
  if (baseText !== undefined) return inBase(figures, Number(baseText));
  if (/^0[xX]/.test(token)) return BigInt.asIntN(64, BigInt(token));
  return /^0\d/.test(token) ? inBase(token.slice(1), 8) : BigInt.asIntN(64, BigInt(token));
}

function inBase(figures: string, base: number): bigint | undefined {
  let value = 0n;
  for (const figure of base <= 36 ? figures.toLowerCase() : figures) {
    const digit = digits.indexOf(figure);
    if (digit < 0 || digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return BigInt.asIntN(64, value);
}
