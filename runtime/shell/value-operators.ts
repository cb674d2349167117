import { ExpansionError } from './control.ts';
import type { Expander } from './expand.ts';
import type { VariablePart, Word } from './language/syntax.ts';
import type { Pattern } from './pattern.ts';
import { quotedWord } from './quote.ts';
import type { Shell } from './shell.ts';

interface Means {
  readonly shell: Shell;
  readonly expander: Expander;
  /** The values are those of a list: `:` takes elements, not characters. */
  readonly isList: boolean;
}

/** What an operator of `${name…}` makes of values. */
export async function changed(part: VariablePart, values: readonly string[], means: Means): Promise<readonly string[]> {
  const { operator, argument } = part;
  if (operator === ':') return slice(part, values, means);
  if (operator.startsWith('@')) return values.map((value) => transformed(value, operator));
  if (operator.startsWith('/')) return replaced(part, values, means.expander);
  const pattern = await means.expander.pattern(argument.length === 0 && /[\^,]/.test(operator) ? anything : argument);
  return values.map((value) => {
    switch (operator[0]) {
      case '#': {
        const length = pattern.prefix(value, operator === '##');
        return length === undefined ? value : value.slice(length);
      }
      case '%': {
        const length = pattern.suffix(value, operator === '%%');
        return length === undefined ? value : value.slice(0, value.length - length);
      }
      default:
        return cased(value, operator, pattern);
    }
  });
}

const anything: Word = [{ is: 'text', text: '?', quoted: false }];

function cased(value: string, operator: string, pattern: Pattern): string {
  const change = (char: string): string => {
    if (!pattern.test(char)) return char;
    return operator.startsWith('^') ? char.toUpperCase() : char.toLowerCase();
  };
  if (operator.length === 1) return change(value.slice(0, 1)) + value.slice(1);
  return [...value].map(change).join('');
}

function transformed(value: string, operator: string): string {
  switch (operator) {
    case '@U':
      return value.toUpperCase();
    case '@u':
      return value.slice(0, 1).toUpperCase() + value.slice(1);
    case '@L':
      return value.toLowerCase();
    default:
      return quotedWord(value);
  }
}

async function slice(
  { name, argument, second }: VariablePart,
  values: readonly string[],
  { shell, expander, isList }: Means,
): Promise<readonly string[]> {
  const offset = Number(await expander.number(argument));
  const length = second === undefined ? undefined : Number(await expander.number(second));
  const cut = <T extends string | readonly string[]>(whole: T): T => {
    const from = offset < 0 ? Math.max(0, whole.length + offset) : offset;
    const to = length === undefined ? whole.length : length < 0 ? whole.length + length : from + length;
    if (to < from) {
      if (isList || length === undefined || length >= 0) return whole.slice(0, 0) as T;
      throw new ExpansionError(`${length}: substring expression < 0`);
    }
    return whole.slice(from, to) as T;
  };
  if (!isList) return values.map(cut);
  // `$0` counts among the parameters here.
  return name === '@' || name === '*' ? cut([shell.name, ...values]) : cut(values);
}

async function replaced(
  { operator, argument, second = [] }: VariablePart,
  values: readonly string[],
  expander: Expander,
): Promise<readonly string[]> {
  const pattern = await expander.pattern(argument);
  const by = await expander.text(second);
  if (argument.length === 0) return values;
  return values.map((value) => {
    if (operator === '/#') {
      const length = pattern.prefix(value, true);
      return length === undefined ? value : by + value.slice(length);
    }
    if (operator === '/%') {
      const length = pattern.suffix(value, true);
      return length === undefined ? value : value.slice(0, value.length - length) + by;
    }
    return replaceInside(value, pattern, by, operator === '//');
  });
}

function replaceInside(value: string, pattern: Pattern, by: string, isAll: boolean): string {
  let text = '';
  let at = 0;
  while (at < value.length) {
    const length = pattern.prefix(value.slice(at), true);
    if (length === undefined || length === 0) {
      text += value[at++];
      continue;
    }
    text += by;
    at += length;
    if (!isAll) break;
  }
  return text + value.slice(at);
}
