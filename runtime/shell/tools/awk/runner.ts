import type { Expression } from '../../regular-expression.ts';
import type { ShellProcess } from '../../shell-process.ts';
import { pause } from '../input.ts';
import { AwkFields } from './fields.ts';
import { callBuiltin } from './functions.ts';
import type { AwkInput } from './input.ts';
import { calculated, combined } from './operators.ts';
import { printed } from './printed.ts';
import { AwkStreams } from './streams.ts';
import { AwkError, type AwkProgram, type Expr, type Rule, type Statement } from './syntax.ts';
import { type AwkArray, isTrue, numberOf, textOf, type Value } from './values.ts';

export class AwkLeave extends Error {
  readonly what: string;
  readonly value: Value;

  constructor(what: string, value: Value) {
    super(what);
    this.what = what;
    this.value = value;
  }
}

type Locals = Map<string, Value | AwkArray>;

const maxDepth = 200;
/** Of what a command of a shell costs. */
const statementSteps = 0.1;

/** Runs a program of `awk`. */
export class AwkRunner {
  readonly process: ShellProcess;
  readonly streams: AwkStreams;
  readonly globals: Locals = new Map();
  readonly #program: AwkProgram;
  readonly #input: AwkInput;
  readonly #open = new Set<Rule>();
  readonly #frames: Locals[] = [];
  readonly record: AwkFields;
  random: () => number;

  constructor(program: AwkProgram, process: ShellProcess, input: AwkInput) {
    this.#program = program;
    this.process = process;
    this.#input = input;
    this.streams = new AwkStreams(process);
    this.record = new AwkFields((name) => this.text(name));
    this.random = () => process.random.next();
    const usual: Readonly<Record<string, Value>> = {
      FS: ' ',
      OFS: ' ',
      ORS: '\n',
      RS: '\n',
      NR: 0,
      FNR: 0,
      SUBSEP: '\u001c',
      CONVFMT: '%.6g',
      OFMT: '%.6g',
      RSTART: 0,
      RLENGTH: -1,
      FILENAME: '',
    };
    for (const [name, value] of Object.entries(usual)) this.globals.set(name, value);
    this.globals.set('ENVIRON', new Map([...process.environment].map(([name, value]) => [name, { text: value }])));
  }

  /** The exit code. */
  async run(): Promise<number> {
    let code = 0;
    const isExit = (error: unknown): error is AwkLeave => error instanceof AwkLeave && error.what === 'exit';
    const { rules } = this.#program;
    try {
      try {
        for (const rule of rules) if (rule.kind === 'BEGIN') await this.#execute(rule.body);
        if (rules.some(({ kind }) => kind !== 'BEGIN')) await this.#readAll();
      } catch (error) {
        if (!isExit(error)) throw error;
        code = numberOf(error.value);
      }
      for (const rule of rules) if (rule.kind === 'END') await this.#execute(rule.body);
    } catch (error) {
      if (!isExit(error)) throw error;
      code = error.value === undefined ? code : numberOf(error.value);
    } finally {
      await this.streams.closeAll();
    }
    return code & 0xff;
  }

  async #readAll(): Promise<void> {
    while (await this.nextRecord()) {
      try {
        for (const rule of this.#program.rules)
          if (rule.kind === 'line' && (await this.#selects(rule))) await this.#apply(rule);
      } catch (error) {
        if (!(error instanceof AwkLeave) || (error.what !== 'next' && error.what !== 'nextfile')) throw error;
        if (error.what === 'nextfile') this.#input.skipFile();
      }
      await pause(this.process);
    }
  }

  async #apply({ body }: Rule): Promise<void> {
    if (body === undefined) this.process.stdout.write(this.record.text + this.text('ORS'));
    else await this.#execute(body);
  }

  /** The next record as `$0`; false at the end. */
  async nextRecord(): Promise<boolean> {
    const found = await this.#input.next(this.text('RS'), (name, value) => this.assignText(name, value));
    if (found === undefined) return false;
    this.globals.set('FILENAME', found.file);
    this.record.set(found.text);
    this.count(found.isFirst);
    return true;
  }

  count(isFirst: boolean): void {
    this.globals.set('NR', numberOf(this.global('NR')) + 1);
    this.globals.set('FNR', isFirst ? 1 : numberOf(this.global('FNR')) + 1);
  }

  async nextText(): Promise<string | undefined> {
    const found = await this.#input.next(this.text('RS'), (name, value) => this.assignText(name, value));
    if (found !== undefined) this.count(found.isFirst);
    return found?.text;
  }

  async #selects(rule: Rule): Promise<boolean> {
    const { from, to } = rule;
    if (from === undefined) return true;
    if (to === undefined) return isTrue(await this.value(from));
    if (!this.#open.has(rule) && !isTrue(await this.value(from))) return false;
    if (isTrue(await this.value(to))) this.#open.delete(rule);
    else this.#open.add(rule);
    return true;
  }

  async patternOf(expr: Expr): Promise<Expression> {
    return this.record.expression(expr.is === 'regex' ? expr.source : textOf(await this.value(expr)));
  }

  global(name: string): Value {
    const value = this.globals.get(name);
    return value instanceof Map ? undefined : value;
  }

  text(name: string): string {
    return textOf(this.global(name));
  }

  assignText(name: string, text: string): void {
    this.globals.set(name, { text });
  }

  #scopeOf(name: string): Locals {
    const frame = this.#frames.at(-1);
    return frame?.has(name) === true ? frame : this.globals;
  }

  array(name: string): AwkArray {
    const scope = this.#scopeOf(name);
    const found = scope.get(name);
    if (found instanceof Map) return found;
    if (found !== undefined) throw new AwkError('Not an array');
    const made: AwkArray = new Map();
    scope.set(name, made);
    return made;
  }

  async index(exprs: readonly Expr[]): Promise<string> {
    const parts: string[] = [];
    for (const expr of exprs) parts.push(textOf(await this.value(expr), this.text('CONVFMT')));
    return parts.join(this.text('SUBSEP'));
  }

  async assign(target: Expr, value: Value): Promise<Value> {
    switch (target.is) {
      case 'variable':
        if (target.name === 'NF') await this.record.setCount(numberOf(value));
        else {
          const scope = this.#scopeOf(target.name);
          if (scope.get(target.name) instanceof Map) throw new AwkError('Not a scalar');
          scope.set(target.name, value);
        }
        return value;
      case 'element':
        this.array(target.name).set(await this.index(target.index), value);
        return value;
      case 'field':
        await this.record.setField(numberOf(await this.value(target.index)), textOf(value, this.text('CONVFMT')));
        return value;
      default:
        throw new AwkError('Assignment to no variable');
    }
  }

  async value(expr: Expr): Promise<Value> {
    switch (expr.is) {
      case 'number':
      case 'string':
        return expr.value;
      case 'regex':
        return Number((await this.record.expression(expr.source)).test(this.record.text));
      case 'variable': {
        if (expr.name === 'NF') return (await this.record.fields()).length;
        const value = this.#scopeOf(expr.name).get(expr.name);
        if (value instanceof Map) throw new AwkError('Not a scalar');
        return value;
      }
      case 'element': {
        const array = this.array(expr.name);
        const key = await this.index(expr.index);
        if (!array.has(key)) array.set(key, undefined);
        return array.get(key);
      }
      case 'field':
        return this.record.field(Math.floor(numberOf(await this.value(expr.index))));
      case 'assign': {
        const right = await this.value(expr.value);
        if (expr.operator === '') return this.assign(expr.target, right);
        return this.assign(expr.target, calculated(expr.operator, await this.value(expr.target), right));
      }
      case 'step': {
        const before = numberOf(await this.value(expr.target));
        await this.assign(expr.target, before + expr.by);
        return expr.isAfter ? before : before + expr.by;
      }
      case 'unary': {
        const value = await this.value(expr.value);
        if (expr.operator === '!') return Number(!isTrue(value));
        return expr.operator === '-' ? -numberOf(value) : numberOf(value);
      }
      case 'binary':
        return this.#binary(expr);
      case 'choice':
        return this.value(isTrue(await this.value(expr.condition)) ? expr.yes : expr.no);
      case 'in':
        return Number(this.array(expr.name).has(await this.index(expr.index)));
      case 'match': {
        const text = textOf(await this.value(expr.text), this.text('CONVFMT'));
        return Number((await this.patternOf(expr.pattern)).test(text) !== expr.isNegated);
      }
      case 'group':
        return this.index(expr.values);
      case 'getline':
        return this.#getline(expr);
      case 'call':
        return expr.isOwn ? this.#call(expr) : callBuiltin(expr.name, expr.args, this);
    }
  }

  async #binary({ operator, left, right }: Extract<Expr, { is: 'binary' }>): Promise<Value> {
    const one = await this.value(left);
    if (operator === '&&') return Number(isTrue(one) && isTrue(await this.value(right)));
    if (operator === '||') return Number(isTrue(one) || isTrue(await this.value(right)));
    return combined(operator, one, await this.value(right), this.text('CONVFMT'));
  }

  async #call({ name, args }: Extract<Expr, { is: 'call' }>): Promise<Value> {
    const found = this.#program.functions.get(name);
    if (found === undefined) throw new AwkError(`Call to undefined function`);
    if (this.#frames.length >= maxDepth) throw new AwkError('Function nesting too deep');
    const frame: Locals = new Map();
    const loose: (readonly [string, string])[] = [];
    for (const [index, parameter] of found.parameters.entries()) {
      const arg = args[index];
      if (arg?.is !== 'variable') {
        frame.set(parameter, arg === undefined ? undefined : await this.value(arg));
        continue;
      }
      const given = arg.name === 'NF' ? await this.value(arg) : this.#scopeOf(arg.name).get(arg.name);
      frame.set(parameter, given);
      // It may become an array inside, which is then the caller's.
      if (given === undefined) loose.push([parameter, arg.name]);
    }
    const outer = this.#frames.at(-1);
    this.#frames.push(frame);
    try {
      await this.#execute(found.body);
      return undefined;
    } catch (error) {
      if (error instanceof AwkLeave && error.what === 'return') return error.value;
      throw error;
    } finally {
      this.#frames.pop();
      for (const [parameter, caller] of loose) {
        const made = frame.get(parameter);
        if (made instanceof Map) (outer?.has(caller) === true ? outer : this.globals).set(caller, made);
      }
    }
  }

  async #getline({ target, from, isCommand }: Extract<Expr, { is: 'getline' }>): Promise<Value> {
    if (from === undefined) {
      if (target === undefined) return Number(await this.nextRecord());
      const text = await this.nextText();
      if (text !== undefined) await this.assign(target, { text });
      return Number(text !== undefined);
    }
    const text = await this.streams.line(textOf(await this.value(from)), isCommand, this.text('RS'));
    if (text === undefined || text === false) return text === undefined ? 0 : -1;
    if (isCommand) this.globals.set('NR', numberOf(this.global('NR')) + 1);
    if (target === undefined) this.record.set(text);
    else await this.assign(target, { text });
    return 1;
  }

  async #execute(statement: Statement | undefined): Promise<void> {
    if (statement === undefined) return;
    const rest = this.process.budget.breathe(statementSteps);
    if (rest !== undefined) await rest;
    switch (statement.is) {
      case 'expression':
        await this.value(statement.value);
        return;
      case 'print':
        return this.#print(statement);
      case 'block':
        for (const one of statement.body) await this.#execute(one);
        return;
      case 'if':
        return this.#execute(isTrue(await this.value(statement.condition)) ? statement.yes : statement.no);
      case 'while':
      case 'for':
      case 'each':
        return this.#loop(statement);
      case 'delete':
        if (statement.index === undefined) this.array(statement.name).clear();
        else this.array(statement.name).delete(await this.index(statement.index));
        return;
      case 'leave':
        throw new AwkLeave(
          statement.what,
          statement.value === undefined ? undefined : await this.value(statement.value),
        );
    }
  }

  async #loop(statement: Extract<Statement, { is: 'while' | 'for' | 'each' }>): Promise<void> {
    const { body } = statement;
    if (statement.is === 'each') {
      for (const key of [...this.array(statement.array).keys()]) {
        await this.assign({ is: 'variable', name: statement.name }, { text: key });
        if (!(await this.#turn(body))) return;
      }
      return;
    }
    const isFor = statement.is === 'for';
    if (isFor) await this.#execute(statement.start);
    else if (statement.isAfter && !(await this.#turn(body))) return;
    while (statement.condition === undefined || isTrue(await this.value(statement.condition))) {
      if (!(await this.#turn(body))) return;
      if (isFor) await this.#execute(statement.step);
    }
  }

  /** False: the loop is over. */
  async #turn(body: Statement): Promise<boolean> {
    try {
      await this.#execute(body);
      return true;
    } catch (error) {
      if (error instanceof AwkLeave && error.what === 'continue') return true;
      if (error instanceof AwkLeave && error.what === 'break') return false;
      throw error;
    }
  }

  async #print({ isFormatted, args, redirect }: Extract<Statement, { is: 'print' }>): Promise<void> {
    const values: Value[] = [];
    for (const arg of args) values.push(await this.value(arg));
    const format = this.text('OFMT');
    const text = isFormatted
      ? printed(values, this.text('CONVFMT'))
      : (args.length === 0 ? this.record.text : values.map((value) => textOf(value, format)).join(this.text('OFS'))) +
        this.text('ORS');
    if (redirect === undefined) this.process.stdout.write(text);
    else await this.streams.write(textOf(await this.value(redirect.target)), redirect.operator, text);
    await pause(this.process);
  }
}
