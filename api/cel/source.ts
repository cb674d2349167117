/** Where upstream, not knowing where something is, puts it: before the first character. */
export const nowhere = -2;

/** One error in a text; offset -1 is no place at all. */
export interface Issue {
  readonly offset: number;
  readonly message: string;
}

interface Location {
  readonly line: number;
  /** In code points, from 0. */
  readonly column: number;
}

const maxIssues = 100;
const maxSnippetLength = 16384;

/** All issues in cel-go's text: sorted by place, each with its line and a caret, joined by newlines. */
export function formatIssues(text: string, issues: readonly Issue[]): string {
  const starts = lineStarts(text);
  const reported = issues.slice(0, maxIssues);
  const located = reported.map((issue) => ({ issue, at: locate(text, starts, issue.offset) }));
  located.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const lines = located.map(({ issue, at }) => formatIssue(text, starts, issue.message, at));
  const truncated = issues.length - reported.length;
  if (truncated > 0) lines.push(`${truncated} more errors were truncated`);
  return lines.join('\n');
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function locate(text: string, starts: readonly number[], offset: number): Location {
  if (offset === -1) return { line: -1, column: -1 };
  if (offset === nowhere || text === '') return { line: 1, column: -1 };
  let line = starts.length;
  while (line > 1 && (starts[line - 1] ?? 0) > offset) line--;
  return { line, column: [...text.slice(starts[line - 1], offset)].length };
}

function formatIssue(text: string, starts: readonly number[], message: string, at: Location): string {
  const head = `ERROR: <input>:${at.line}:${at.column + 1}: ${message}`;
  if (at.line < 1 || text === '') return head;
  const next = starts[at.line];
  const line = text.slice(starts[at.line - 1], next === undefined ? undefined : next - 1);
  const snippet = line.replaceAll('\t', ' ');
  if (utf8Length(snippet) > maxSnippetLength) return head;
  const characters = [...snippet];
  // A character of more than one byte gets the full-width dot or caret.
  const column = Math.max(0, at.column);
  const dots = characters.slice(0, column).map((each) => (isWide(each) ? '\uff0e' : '.'));
  const caret = isWide(characters[column] ?? '') ? '\uff3e' : '^';
  return `${head}\n | ${snippet}\n | ${dots.join('')}${caret}`;
}

function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) > 0x7f;
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
