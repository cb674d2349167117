import { parseQuantity, QuantityError } from '../../../../api/quantity.ts';
import { parseDuration } from '../go-command.ts';

/** What is wrong with a table, and where. */
export class TableError extends Error {}

/** Reads the fields of an object, each once; `end` complains about those that nobody knows. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #seen = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TableError(`${path}: must be an object`);
    this.#values = new Map(Object.entries(value));
    this.#path = path;
  }

  #take(name: string): unknown {
    this.#seen.add(name);
    return this.#values.get(name) ?? undefined;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  fail(name: string, what: string): TableError {
    return new TableError(`${this.#path}.${name}: ${what}`);
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw this.fail(name, 'must be a string');
  }

  number(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'number') return value;
    throw this.fail(name, 'must be a number');
  }

  /** `1m30s`, or a number of seconds. */
  duration(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const ms = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms === undefined || ms < 0) throw this.fail(name, 'must be a duration such as 10s');
    return ms;
  }

  /** `100m` or `64Mi`, in thousandths. */
  quantity(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    try {
      return Number(parseQuantity(text).milliValue());
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error;
      throw this.fail(name, 'must be a quantity such as 100m or 64Mi');
    }
  }

  /** One or many. */
  list(name: string): readonly unknown[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) => {
      if (typeof value !== 'string') throw this.fail(name, 'must be a string or a list of strings');
      return value;
    });
  }

  numbers(name: string): readonly number[] {
    return this.list(name).map((value) => {
      if (typeof value !== 'number') throw this.fail(name, 'must be a number or a list of numbers');
      return value;
    });
  }

  map(name: string): Readonly<Record<string, string>> {
    const value = this.#take(name) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.fail(name, 'must be a map of strings');
    return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
  }

  inner(name: string): Fields {
    return new Fields(this.#take(name) ?? {}, `${this.#path}.${name}`);
  }

  rows<T>(name: string, read: (fields: Fields) => T): readonly T[] {
    return this.list(name).map((value, index) => {
      const fields = new Fields(value, `${this.#path}.${name}[${index}]`);
      const row = read(fields);
      fields.end();
      return row;
    });
  }

  end(): void {
    for (const name of this.#values.keys())
      if (!this.#seen.has(name)) throw new TableError(`${this.#path}: unknown field ${JSON.stringify(name)}`);
  }
}
