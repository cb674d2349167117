import type { LineCounter, YAMLParseError } from 'yaml';
import { YamlError } from './yaml-scalars.ts';

/** What Go's parser calls a mistake. `scanner` mistakes count lines from 1, the parser's own from 0. */
interface Wording {
  readonly text: string;
  readonly scanner: boolean;
}

const scanner = (text: string): Wording => ({ text, scanner: true });
const parser = (text: string): Wording => ({ text, scanner: false });

function missingOrBadIndent(error: YAMLParseError): Wording {
  if (/flow map/i.test(error.message)) return parser("did not find expected ',' or '}'");
  if (/flow seq/i.test(error.message)) return parser("did not find expected ',' or ']'");
  if (/sequence items/.test(error.message)) return parser("did not find expected '-' indicator");
  return error.code === 'MISSING_CHAR'
    ? scanner('found unexpected end of stream')
    : parser('did not find expected key');
}

function wordingOf(error: YAMLParseError, source: string): Wording {
  switch (error.code) {
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return scanner('mapping values are not allowed in this context');
    case 'TAB_AS_INDENT':
    case 'BAD_SCALAR_START':
      return scanner('found character that cannot start any token');
    case 'BAD_DQ_ESCAPE':
      if (/\\[xuU]/.test(error.message)) return scanner('did not find expected hexdecimal number');
      return scanner('found unknown escape character');
    case 'BAD_DIRECTIVE':
      return scanner('found unknown directive name');
    case 'MISSING_CHAR':
      if (/Implicit map keys/.test(error.message)) return scanner("could not find expected ':'");
      return missingOrBadIndent(error);
    case 'BAD_INDENT':
      return missingOrBadIndent(error);
    case 'UNEXPECTED_TOKEN':
      if (/Block scalar header/.test(error.message)) return scanner('did not find expected comment or line break');
      if (/block-seq-ind/.test(error.message)) return scanner('block sequence entries are not allowed in this context');
      if (/YAML document/.test(error.message)) return parser('did not find expected node content');
      return parser(
        source.trimStart().startsWith('- ') ? "did not find expected '-' indicator" : 'did not find expected key',
      );
    default:
      return parser('did not find expected key');
  }
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
