import { ExpansionError } from './control.ts';

export interface Variable {
  value?: string;
  /** By index, or by name when it is associative. */
  array?: Map<string, string>;
  isAssociative?: boolean;
  isExported?: boolean;
  isReadonly?: boolean;
  isInteger?: boolean;
}

/** A shell's variables, with those of functions that run. */
export class Variables {
  readonly #all: Map<string, Variable>;
  /** What the functions that run have hidden, innermost last. */
  readonly #scopes: Map<string, Variable | undefined>[] = [];

  constructor(all: Iterable<readonly [string, Variable]> = []) {
    this.#all = new Map(all);
  }

  copy(): Variables {
    const entries = [...this.#all].map(([name, one]) => {
      const array = one.array === undefined ? {} : { array: new Map(one.array) };
      return [name, { ...one, ...array }] as const;
    });
    const copy = new Variables(entries);
    for (const _ of this.#scopes) copy.enter();
    return copy;
  }

  get isInFunction(): boolean {
    return this.#scopes.length > 0;
  }

  entry(name: string): Variable | undefined {
    return this.#all.get(name);
  }

  names(): string[] {
    return [...this.#all.keys()].toSorted();
  }

  get(name: string): string | undefined {
    const entry = this.#all.get(name);
    return entry?.array === undefined ? entry?.value : entry.array.get('0');
  }

  /** Throws ExpansionError when it is read-only. */
  set(name: string, value: string): void {
    const entry = this.writable(name);
    if (entry.array === undefined) entry.value = value;
    else entry.array.set('0', value);
  }

  /** The variable, made if it is not there. */
  writable(name: string): Variable {
    const entry = this.#all.get(name);
    if (entry?.isReadonly === true) throw new ExpansionError(`${name}: is read only`);
    if (entry !== undefined) return entry;
    const made: Variable = {};
    this.#all.set(name, made);
    return made;
  }

  /** Its flags may be changed even where its value may not. */
  flags(name: string): Variable {
    return this.#all.get(name) ?? this.writable(name);
  }

  unset(name: string): void {
    if (this.#all.get(name)?.isReadonly === true) throw new ExpansionError(`${name}: is read only`);
    this.#all.delete(name);
  }

  restore(name: string, entry: Variable | undefined): void {
    if (entry === undefined) this.#all.delete(name);
    else this.#all.set(name, entry);
  }

  enter(): void {
    this.#scopes.push(new Map());
  }

  leave(): void {
    for (const [name, entry] of this.#scopes.pop() ?? []) this.restore(name, entry);
  }

  /** Hides a variable until the function ends. */
  local(name: string): void {
    const scope = this.#scopes.at(-1);
    if (scope === undefined || scope.has(name)) return;
    const before = this.#all.get(name);
    scope.set(name, before);
    const isExported = before?.isExported === true ? { isExported: true } : {};
    this.#all.set(name, isExported);
  }

  /** What programs get. */
  environment(): Map<string, string> {
    const found = new Map<string, string>();
    for (const [name, { value, isExported }] of this.#all)
      if (isExported === true && value !== undefined) found.set(name, value);
    return found;
  }
}
