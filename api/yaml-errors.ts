import type { LineCounter, YAMLParseError } from 'yaml';
import { YamlError } from './yaml-scalars.ts';

/** What Go's parser calls a mistake. `scanner` mistakes count lines from 1, the parser's own from 0. */
interface Wording {
  readonly text: string;
  readonly scanner: boolean;
}

const scanner = (text: string): Wording => ({ text, scanner: true });
const parser = (text: string): Wording => ({ text, scanner: false });

// The first row whose code and message fit; what no row fits is a key out of place.
const wordings: readonly { codes: readonly string[]; message?: RegExp; wording: Wording }[] = [
  {
    codes: ['BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY'],
    wording: scanner('mapping values are not allowed in this context'),
  },
  {
    codes: ['TAB_AS_INDENT', 'BAD_SCALAR_START'],
    wording: scanner('found character that cannot start any token'),
  },
  { codes: ['BAD_DQ_ESCAPE'], message: /\\[xuU]/, wording: scanner('did not find expected hexdecimal number') },
  { codes: ['BAD_DQ_ESCAPE'], wording: scanner('found unknown escape character') },
  { codes: ['BAD_DIRECTIVE'], wording: scanner('found unknown directive name') },
  { codes: ['MISSING_CHAR'], message: /Implicit map keys/, wording: scanner("could not find expected ':'") },
  {
    codes: ['MISSING_CHAR', 'BAD_INDENT'],
    message: /flow map/i,
    wording: parser("did not find expected ',' or '}'"),
  },
  {
    codes: ['MISSING_CHAR', 'BAD_INDENT'],
    message: /flow seq/i,
    wording: parser("did not find expected ',' or ']'"),
  },
  { codes: ['BAD_INDENT'], message: /sequence items/, wording: parser("did not find expected '-' indicator") },
  { codes: ['MISSING_CHAR'], wording: scanner('found unexpected end of stream') },
  {
    codes: ['UNEXPECTED_TOKEN'],
    message: /Block scalar header/,
    wording: scanner('did not find expected comment or line break'),
  },
  {
    codes: ['UNEXPECTED_TOKEN'],
    message: /block-seq-ind/,
    wording: scanner('block sequence entries are not allowed in this context'),
  },
  { codes: ['UNEXPECTED_TOKEN'], message: /YAML document/, wording: parser('did not find expected node content') },
];

const indentOf = (line: string) => line.length - line.trimStart().length;

/** Whether the line at `offset` is where the next item of a list should be. */
function standsUnderItem(source: string, offset: number): boolean {
  const before = source.slice(0, offset).split('\n');
  const line = (before.pop() ?? '') + (source.slice(offset).split('\n', 1)[0] ?? '');
  const outer = before.findLast((l) => l.trim() !== '' && indentOf(l) <= indentOf(line));
  return outer?.trimStart().startsWith('- ') === true && indentOf(outer) === indentOf(line);
}

/** A line that begins with a tab may be meant to go on with the plain text before it. */
function continuesPlainText(source: string, offset: number): boolean {
  const [line = ''] = source.slice(0, offset).trimEnd().split('\n').slice(-1);
  return /(^|: |- )[^"'{[|>&*!#:-][^"'\]}:#]*$/.test(line);
}

function wordingOf(error: YAMLParseError, source: string): Wording {
  if (error.code === 'TAB_AS_INDENT' && continuesPlainText(source, error.pos[0]))
    return scanner('found a tab character that violates indentation');
  const row = wordings.find((w) => w.codes.includes(error.code) && (w.message?.test(error.message) ?? true));
  if (row !== undefined) return row.wording;
  const inList =
    error.code === 'UNEXPECTED_TOKEN' ? source.trimStart().startsWith('- ') : standsUnderItem(source, error.pos[0]);
  return parser(inList ? "did not find expected '-' indicator" : 'did not find expected key');
}

/** The line counted from 0, as Go's parser sees it: the end of the text is on a line of its own. */
function lineOf(offset: number, source: string, lines: LineCounter, atEndOfToken: boolean): number {
  const line = lines.linePos(Math.min(offset, source.length)).line - 1;
  return offset >= source.length && !source.endsWith('\n') && !atEndOfToken ? line + 1 : line;
}

/** Where Go's parser stands when it gives up: behind a key that never became one, else at the offending token. */
function offsetOf(errors: readonly YAMLParseError[], first: YAMLParseError): number {
  const key = errors.find((e) => e.code === 'MULTILINE_IMPLICIT_KEY');
  if (key !== undefined && key.pos[0] === first.pos[0]) return key.pos[1];
  return /Implicit map keys/.test(first.message) ? first.pos[1] : first.pos[0];
}

/** The library's mistake in the words of Go's decoder. */
export function yamlSyntaxError(errors: readonly YAMLParseError[], source: string, lines: LineCounter): YamlError {
  const [first] = errors;
  if (first === undefined) return new YamlError('yaml: did not find expected key');
  const wording = wordingOf(first, source);
  const inToken = wording.text === 'found unexpected end of stream';
  const line = lineOf(offsetOf(errors, first), source, lines, inToken);
  const shown = line === 0 ? 0 : wording.scanner ? line + 1 : line;
  return new YamlError(`yaml: ${shown === 0 ? '' : `line ${shown}: `}${wording.text}`);
}
