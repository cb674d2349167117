import { ShellSyntaxError } from './syntax.ts';

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

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  '||': (a, b) => Number(a !== 0 || b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '|': (a, b) => Number(BigInt(a) | BigInt(b)),
  '^': (a, b) => Number(BigInt(a) ^ BigInt(b)),
  '&': (a, b) => Number(BigInt(a) & BigInt(b)),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<<': (a, b) => a * 2 ** b,
  '>>': (a, b) => Math.floor(a / 2 ** b),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
};

const signs: Readonly<Record<string, (value: number) => number>> = {
  '-': (value) => -value,
  '+': (value) => value,
  '!': (value) => Number(value === 0),
  '~': (value) => -value - 1,
};

/** A shell's variables. */
export interface Variables {
  get(name: string): string;
  set(name: string, value: string): void;
}

/** `$((…))` after its variables with a dollar sign were put in. Throws ShellSyntaxError. */
export function evaluate(text: string, variables: Variables): number {
  return new Arithmetic(text, variables).value();
}

const tokenPattern = /0[xX][\da-fA-F]+|\d+|[A-Za-z_]\w*|\+\+|--|[-+*/%]=|<<|>>|<=|>=|==|!=|&&|\|\||\S/g;

class Arithmetic {
  readonly #tokens: readonly string[];
  readonly #variables: Variables;
  #at = 0;

  constructor(text: string, variables: Variables) {
    this.#tokens = text.match(tokenPattern) ?? [];
    this.#variables = variables;
  }

  value(): number {
    if (this.#tokens.length === 0) return 0;
    const value = this.#assignment();
    if (this.#at < this.#tokens.length) this.#fail();
    return value;
  }

  #fail(): never {
    throw new ShellSyntaxError('arithmetic syntax error');
  }

  #isNext(...wanted: readonly string[]): boolean {
    return wanted.includes(this.#tokens[this.#at] ?? '');
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #expect(token: string): void {
    if (this.#take() !== token) this.#fail();
  }

  #numberOf(name: string): number {
    return Number(this.#variables.get(name)) || 0;
  }

  #apply(operator: string, a: number, b: number): number {
    if (operator === '/' || operator === '%') {
      if (b === 0) throw new ShellSyntaxError('divide by zero');
      return operator === '/' ? Math.trunc(a / b) : a % b;
    }
    return binary[operator]?.(a, b) ?? this.#fail();
  }

  #assignment(): number {
    const [name = '', operator = ''] = this.#tokens.slice(this.#at, this.#at + 2);
    if (!/^[A-Za-z_]/.test(name) || !/^[-+*/%]?=$/.test(operator)) return this.#conditional();
    this.#at += 2;
    const right = this.#assignment();
    const value = operator === '=' ? right : this.#apply(operator[0] ?? '', this.#numberOf(name), right);
    this.#variables.set(name, String(value));
    return value;
  }

  #conditional(): number {
    const condition = this.#level(0);
    if (!this.#isNext('?')) return condition;
    this.#take();
    const yes = this.#assignment();
    this.#expect(':');
    const no = this.#assignment();
    return condition !== 0 ? yes : no;
  }

  #level(depth: number): number {
    const operators = levels[depth];
    if (operators === undefined) return this.#primary();
    let value = this.#level(depth + 1);
    while (this.#isNext(...operators)) {
      const operator = this.#take();
      value = this.#apply(operator, value, this.#level(depth + 1));
    }
    return value;
  }

  #primary(): number {
    const token = this.#take();
    const sign = signs[token];
    if (sign !== undefined) return sign(this.#primary());
    if (token === '(') {
      const value = this.#assignment();
      this.#expect(')');
      return value;
    }
    if (token === '++' || token === '--') return this.#stepped(this.#take(), token === '++' ? 1 : -1);
    if (/^\d/.test(token)) return /^0\d/.test(token) ? Number.parseInt(token, 8) : Number(token);
    if (!/^[A-Za-z_]/.test(token)) return this.#fail();
    const value = this.#numberOf(token);
    if (this.#isNext('++', '--')) this.#stepped(token, this.#take() === '++' ? 1 : -1);
    return value;
  }

  #stepped(name: string, by: number): number {
    const value = this.#numberOf(name) + by;
    this.#variables.set(name, String(value));
    return value;
  }
}
