import { literalOf } from './cursor.ts';
import type { Parser } from './parser.ts';
import { readRedirection } from './redirections.ts';
import {
  type Assignment,
  type Command,
  type Element,
  type Redirection,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';

const declaring = new Set(['export', 'readonly', 'local', 'declare', 'typeset', 'alias']);
const assignmentForm = /([A-Za-z_]\w*)(\[(?:[^\][]|\[[^\]]*\])*\])?(\+?=)/y;

interface Parts {
  readonly assignments: Assignment[];
  readonly words: Word[];
  readonly declared: Map<number, Assignment>;
  readonly redirections: Redirection[];
  isDeclaring: boolean;
}

/** A command with its words, assignments and redirections; or a function that begins like one. */
export function readSimple(parser: Parser): Command {
  const { cursor } = parser;
  const { line } = cursor;
  const parts: Parts = { assignments: [], words: [], declared: new Map(), redirections: [], isDeclaring: false };
  const { assignments, words, declared, redirections } = parts;
  for (cursor.skipBlanks(); ; cursor.skipBlanks()) {
    const redirection = readRedirection(cursor, parser.words);
    if (redirection !== undefined) {
      redirections.push(redirection);
      continue;
    }
    if (words.length === 1 && assignments.length === 0 && cursor.match(/\(\s*\)/y) !== null) {
      cursor.at = cursor.text.indexOf(')', cursor.at) + 1;
      return parser.functionBody(literalOf(words[0] ?? []) ?? '');
    }
    if (isOver(parser)) break;
    if ((words.length > 0 && !isAfterOpenAlias(parser)) || !expandAlias(parser)) readPart(parser, parts);
  }
  const count = assignments.length + words.length;
  if ((cursor.char === '(' && count > 0) || count + redirections.length === 0) throw cursor.unexpected();
  return { is: 'simple', assignments, words, declared, redirections, line };
}

/** An assignment or a word. */
function readPart(parser: Parser, parts: Parts): void {
  const { words, assignments, declared } = parts;
  const assignment = words.length === 0 || parts.isDeclaring ? readAssignment(parser) : undefined;
  if (assignment === undefined) {
    const word = parser.words.word(parser.cursor);
    if (words.length === 0) parts.isDeclaring = declaring.has(literalOf(word) ?? '');
    words.push(word);
  } else if (words.length === 0) assignments.push(assignment);
  else {
    declared.set(words.length, assignment);
    words.push([{ is: 'text', text: assignment.name, quoted: true }]);
  }
}

/** `<(` begins a word. */
function isOver({ cursor }: Parser): boolean {
  if (cursor.isAtEnd) return true;
  return /[\n;&|()<>]/.test(cursor.char) && cursor.match(/[<>]\(/y) === null;
}

function isAfterOpenAlias({ cursor }: Parser): boolean {
  return cursor.expanding.some(
    ({ end, isOpen }) => isOpen && cursor.at >= end && cursor.text.slice(end, cursor.at).trim() === '',
  );
}

/** Puts an alias's text in the place of its name. */
function expandAlias({ cursor }: Parser): boolean {
  if (cursor.aliases.size === 0) return false;
  const [name = ''] = cursor.match(/[^\s;&|<>()'"\\$`=]+(?=[\s;&|<>()]|$)/y) ?? [];
  const text = cursor.aliases.get(name);
  if (text === undefined) return false;
  const isInside = cursor.expanding.some((one) => one.name === name && cursor.at < one.end);
  if (isInside) return false;
  cursor.text = cursor.text.slice(0, cursor.at) + text + cursor.text.slice(cursor.at + name.length);
  cursor.expanding.push({ name, end: cursor.at + text.length, isOpen: /[ \t]$/.test(text) });
  return true;
}

/** Undefined, without moving: none stands here. */
function readAssignment({ cursor, words: reader }: Parser): Assignment | undefined {
  const [whole, name = '', subscript, sign] = cursor.match(assignmentForm) ?? [];
  if (whole === undefined) return undefined;
  cursor.at += name.length;
  const index = subscript === undefined ? undefined : reader.subscript(cursor);
  cursor.at += sign?.length ?? 0;
  const common = {
    name,
    isAppend: sign === '+=',
    ...(index === undefined || typeof index === 'string' ? {} : { index }),
  };
  if (cursor.char !== '(') return { ...common, value: reader.word(cursor), isArray: false };
  cursor.at++;
  const elements: Element[] = [];
  for (cursor.skipLines(); !cursor.take(')'); cursor.skipLines()) {
    if (cursor.isAtEnd) throw cursor.unexpected(')');
    const isIndexed = cursor.match(/\[[^\]]*\]=/y) !== null;
    const at = isIndexed ? reader.subscript(cursor) : undefined;
    if (isIndexed) cursor.at++;
    const from = cursor.at;
    const word = reader.word(cursor);
    if (cursor.at === from && !isIndexed) throw cursor.unexpected(')');
    if (at === '@' || at === '*') throw new ShellSyntaxError('syntax error: bad array subscript');
    elements.push(at === undefined ? { word } : { index: at, word });
  }
  return { ...common, value: elements, isArray: true };
}
