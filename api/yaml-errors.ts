import type { LineCounter, YAMLParseError } from 'yaml';
import { YamlError } from './yaml-scalars.ts';

/** What Go's parser calls a mistake. `scanner` mistakes count lines from 1, the parser's own from 0. */
interface Wording {
  readonly text: string;
  readonly scanner: boolean;
}

const scanner = (text: string): Wording => ({ text, scanner: true });
const parser = (text: string): Wording => ({ text, scanner: false });

function wordingOf(error: YAMLParseError, source: string): Wording {
  switch (error.code) {
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return scanner('mapping values are not allowed in this context');
    case 'TAB_AS_INDENT':
    case 'BAD_SCALAR_START':
      return scanner('found character that cannot start any token');
    case 'BAD_DQ_ESCAPE':
      return scanner('found unknown escape character');
    case 'BAD_DIRECTIVE':
      return scanner('found unknown directive name');
    case 'MISSING_CHAR':
    case 'BAD_INDENT':
      if (/^Flow map|flow map/i.test(error.message)) return parser("did not find expected ',' or '}'");
      if (/^Flow seq|flow seq/i.test(error.message)) return parser("did not find expected ',' or ']'");
      return error.code === 'MISSING_CHAR'
        ? scanner('found unexpected end of stream')
        : parser('did not find expected key');
    case 'UNEXPECTED_TOKEN':
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

/** The library's mistake in the words of Go's decoder. */
export function yamlSyntaxError(errors: readonly YAMLParseError[], source: string, lines: LineCounter): YamlError {
  const [first] = errors;
  if (first === undefined) return new YamlError('yaml: did not find expected key');
  const wording = wordingOf(first, source);
  const offset =
    first.code === 'BLOCK_AS_IMPLICIT_KEY' && errors[1]?.code === 'MULTILINE_IMPLICIT_KEY'
      ? errors[1].pos[1]
      : first.pos[0];
  const line = lineOf(offset, source, lines, wording.scanner);
  const shown = line === 0 ? 0 : wording.scanner ? line + 1 : line;
  return new YamlError(`yaml: ${shown === 0 ? '' : `line ${shown}: `}${wording.text}`);
}
