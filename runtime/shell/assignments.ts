import type { Interpreter } from './interpreter.ts';
import type { Assignment, Element, Word } from './language/syntax.ts';
import type { Variable } from './variables.ts';

/** Does what `name=value` says. */
export async function assign(assignment: Assignment, { shell, expander }: Interpreter): Promise<void> {
  const { name, index, value, isArray, isAppend } = assignment;
  if (isArray) {
    await assignArray(assignment, shell.variables.writable(name), expander);
    return;
  }
  const text = await expander.text(value as Word, true);
  const entry = shell.variables.writable(name);
  if (index !== undefined || entry.array !== undefined) {
    const key = index === undefined ? '0' : await expander.subscript(name, index);
    entry.array ??= new Map(entry.value === undefined ? [] : [['0', entry.value]]);
    const before = isAppend ? (entry.array.get(key) ?? '') : '';
    entry.array.set(key, joined(entry, before, text, expander));
    return;
  }
  entry.value = joined(entry, isAppend ? (entry.value ?? '') : '', text, expander);
  if (shell.options.has('a')) entry.isExported = true;
}

function joined({ isInteger }: Variable, before: string, text: string, expander: Interpreter['expander']): string {
  if (isInteger !== true) return before + text;
  return String(expander.evaluate(before === '' ? text : `(${before})+(${text})`));
}

async function assignArray(
  { name, value, isAppend }: Assignment,
  entry: Variable,
  expander: Interpreter['expander'],
): Promise<void> {
  const array = new Map(isAppend ? (entry.array ?? (entry.value === undefined ? [] : [['0', entry.value]])) : []);
  let next = [...array.keys()].reduce((max, key) => Math.max(max, Number(key) + 1), 0);
  for (const { index, word } of value as readonly Element[]) {
    if (index !== undefined) {
      const key = entry.isAssociative === true ? await expander.text(index) : await expander.subscript(name, index);
      array.set(key, await expander.text(word));
      next = Number(key) + 1;
    } else for (const field of await expander.wordFields(word)) array.set(String(next++), field);
  }
  entry.array = array;
  delete entry.value;
}

/** As an argument of `export` and the like. An array is assigned at once: the argument is its name. */
export async function assignmentText(
  assignment: Assignment,
  interpreter: Interpreter,
  isAssociative = false,
): Promise<string> {
  const { name, value, isArray, isAppend, index } = assignment;
  if (isArray || isAppend || index !== undefined) {
    interpreter.shell.variables.local(name);
    if (isAssociative) interpreter.shell.variables.writable(name).isAssociative = true;
    await assign(assignment, interpreter);
    return name;
  }
  return `${name}=${await interpreter.expander.text(value as Word, true)}`;
}
