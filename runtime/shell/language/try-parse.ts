import { Cursor } from './cursor.ts';
import { Parser } from './parser.ts';
import { type List, ShellSyntaxError } from './syntax.ts';

/** Undefined: there is more to come. Throws ShellSyntaxError. */
export function tryParse(text: string, aliases: ReadonlyMap<string, string>): List | undefined {
  const cursor = new Cursor(text, aliases);
  const parser = new Parser(cursor);
  try {
    const items = [];
    for (let list = parser.line(); list !== undefined; list = parser.line()) items.push(...list);
    if (cursor.unfinishedHeredoc || cursor.heredocs.length > 0 || /(^|[^\\])(\\\\)*\\\n$/.test(text)) return undefined;
    return items;
  } catch (error) {
    if (error instanceof ShellSyntaxError && error.isIncomplete) return undefined;
    throw error;
  }
}
