export interface Match {
  readonly start: number;
  readonly end: number;
  /** The whole first. */
  readonly groups: readonly (string | undefined)[];
}

export interface Expression {
  /** The first match that begins at or after a place. */
  exec(text: string, from: number): Match | undefined;
  test(text: string): boolean;
}

export interface ExpressionOptions {
  /** As `grep -E` has it; otherwise brackets and the like are special with a backslash. */
  readonly isExtended?: boolean;
  readonly isCaseless?: boolean;
}

/** A POSIX expression; finding takes time in proportion to the text. Throws ExpressionError. */
export async function compile(source: string, options: ExpressionOptions = {}): Promise<Expression> {
  const translated = translate(source, options.isExtended === true);
  if (translated.hasBackReferences) return backtracking(translated.source, options);
  const { RE2JS } = await import('re2js');
  const flags =
    RE2JS.LONGEST_MATCH |
    RE2JS.DISABLE_UNICODE_GROUPS |
    RE2JS.DOTALL |
    (options.isCaseless === true ? RE2JS.CASE_INSENSITIVE : 0);
  let program: InstanceType<typeof RE2JS>;
  try {
    program = RE2JS.compile(translated.source, flags);
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : String(error));
  }
  return {
    exec: (text, from) => {
      const matcher = program.matcher(text);
      if (from > text.length || !matcher.find(from)) return undefined;
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at) ?? undefined);
      return { start: matcher.start(), end: matcher.end(), groups };
    },
    test: (text) => program.matcher(text).find(),
  };
}

export class ExpressionError extends Error {}

const longestForBacktracking = 4096;

/** The engine in proportion to the text knows no back references: those take another, on short texts. */
function backtracking(source: string, { isCaseless = false }: ExpressionOptions): Expression {
  let expression: RegExp;
  try {
    expression = new RegExp(source, isCaseless ? 'gis' : 'gs');
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : String(error));
  }
  const exec = (text: string, from: number): Match | undefined => {
    if (text.length > longestForBacktracking) return undefined;
    expression.lastIndex = from;
    const found = expression.exec(text);
    return found === null ? undefined : { start: found.index, end: found.index + found[0].length, groups: [...found] };
  };
  return { exec, test: (text) => exec(text, 0) !== undefined };
}

interface Translated {
  readonly source: string;
  readonly hasBackReferences: boolean;
}

/** What is special in extended expressions, and in basic ones after a backslash. */
const brackets = '(){}|+?';

function translate(text: string, isExtended: boolean): Translated {
  let source = '';
  let hasBackReferences = false;
  let isStart = true;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    const wasStart: boolean = isStart;
    isStart = false;
    if (char === '\\') {
      const next = text[++at] ?? '';
      if (brackets.includes(next) && next !== '' && !isExtended) {
        source += next;
        isStart = next === '(' || next === '|';
      } else if (/[1-9]/.test(next)) {
        hasBackReferences = true;
        source += `\\${next}`;
      } else source += escapedPiece(next);
    } else if (char === '[') {
      const set = bracketSet(text, at);
      source += set.source;
      at = set.end;
    } else if (isExtended) {
      source += char === '{' && !/^\{\d*,?\d*\}/.test(text.slice(at)) ? '\\{' : char;
      isStart = char === '(' || char === '|';
    } else {
      source += basicPiece(char, wasStart, text.slice(at + 1));
      isStart = wasStart && char === '^';
    }
  }
  return { source, hasBackReferences };
}

/** In a basic expression: anchors only at the ends, brackets and bars for themselves. */
function basicPiece(char: string, isStart: boolean, rest: string): string {
  if (char === '*') return isStart ? '\\*' : '*';
  if (char === '^') return isStart ? '^' : '\\^';
  if (char === '$') return rest === '' || /^\\[)|]/.test(rest) ? '$' : '\\$';
  return brackets.includes(char) ? `\\${char}` : char;
}

function escapedPiece(char: string): string {
  switch (char) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '<':
    case '>':
      return '\\b';
    case '`':
      return '^';
    case "'":
      return '$';
    case '':
      return '\\\\';
    default:
      if (/[wWsSbB]/.test(char)) return `\\${char}`;
      return /\w/.test(char) ? char : `\\${char}`;
  }
}

/** `[…]`, where a backslash stands for itself. */
function bracketSet(text: string, from: number): { readonly source: string; readonly end: number } {
  let at = from + 1;
  let source = '[';
  if (text[at] === '^') {
    source += '^';
    at++;
  }
  for (let isFirst = true; at < text.length; isFirst = false) {
    const char = text[at] ?? '';
    if (char === ']' && !isFirst) return { source: `${source}]`, end: at };
    const [whole, name, other] = /^\[(?::(\w+):|[.=](.)[.=])\]/.exec(text.slice(at)) ?? [];
    if (whole !== undefined) {
      source += name === undefined ? `\\${other}` : `[:${name}:]`;
      at += whole.length;
      continue;
    }
    // GNU tools take these two for what they are in other languages.
    if (char === '\\' && /[nt]/.test(text[at + 1] ?? '')) {
      source += text[at + 1] === 'n' ? '\n' : '\t';
      at += 2;
      continue;
    }
    source += /[\\[\]^&~]/.test(char) ? `\\${char}` : char;
    at++;
  }
  throw new ExpressionError('Unmatched [, [^, [:, [., or [=');
}
