import { compile, type Expression } from '../../regular-expression.ts';
import { AwkError } from './syntax.ts';
import type { Value } from './values.ts';

const maxFields = 10_000;
const maxExpressions = 500;

/** `$0` and what it is cut into, when somebody asks. */
export class AwkFields {
  text = '';
  readonly #variable: (name: string) => string;
  readonly #expressions = new Map<string, Expression>();
  #fields: string[] | undefined = [];

  constructor(variable: (name: string) => string) {
    this.#variable = variable;
  }

  set(text: string): void {
    this.text = text;
    this.#fields = undefined;
  }

  async fields(): Promise<string[]> {
    this.#fields ??= await this.split(this.text, this.#variable('FS'));
    return this.#fields;
  }

  async expression(source: string): Promise<Expression> {
    const found = this.#expressions.get(source) ?? (await compile(source, { isExtended: true }));
    if (this.#expressions.size > maxExpressions) this.#expressions.clear();
    this.#expressions.set(source, found);
    return found;
  }

  async split(text: string, separator: string): Promise<string[]> {
    if (text === '') return [];
    if (separator === ' ') return text.match(/[^ \t\n]+/g) ?? [];
    if (separator === '') return [...text];
    if (separator.length === 1 && !/[\\^$.[|()*+?{]/.test(separator)) return text.split(separator);
    const expression = await this.expression(separator.length === 1 ? `\\${separator}` : separator);
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at <= text.length; ) {
      const match = expression.exec(text, at);
      if (match === undefined) break;
      if (match.end === match.start) {
        at = match.end + 1;
        continue;
      }
      parts.push(text.slice(from, match.start));
      from = match.end;
      at = match.end;
    }
    return [...parts, text.slice(from)];
  }

  /** Throws AwkError. */
  async field(index: number): Promise<Value> {
    if (index < 0) throw new AwkError('Access to negative field');
    const text = index === 0 ? this.text : (await this.fields())[index - 1];
    return text === undefined ? undefined : { text };
  }

  async setField(index: number, value: string): Promise<void> {
    if (index === 0) {
      this.set(value);
      return;
    }
    if (index < 0 || index > maxFields) throw new AwkError('Access to negative field');
    const fields = await this.fields();
    while (fields.length < index) fields.push('');
    fields[index - 1] = value;
    this.text = fields.join(this.#variable('OFS'));
  }

  async setCount(count: number): Promise<void> {
    const fields = await this.fields();
    fields.length = Math.min(fields.length, count);
    while (fields.length < Math.min(count, maxFields)) fields.push('');
    this.text = fields.join(this.#variable('OFS'));
  }
}
