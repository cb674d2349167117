import type { Issue } from '../source.ts';

/** Names of tokens as messages print them, in the order in which messages list them. */
export const tokenTypes = [
  '<EOF>',
  "'=='",
  "'!='",
  "'in'",
  "'<'",
  "'<='",
  "'>='",
  "'>'",
  "'&&'",
  "'||'",
  "'['",
  "']'",
  "'{'",
  "'}'",
  "'('",
  "')'",
  "'.'",
  "','",
  "'-'",
  "'!'",
  "'?'",
  "':'",
  "'+'",
  "'*'",
  "'/'",
  "'%'",
  "'true'",
  "'false'",
  "'null'",
  'NUM_FLOAT',
  'NUM_INT',
  'NUM_UINT',
  'STRING',
  'BYTES',
  'IDENTIFIER',
  'ESC_IDENTIFIER',
] as const;

export type TokenType = (typeof tokenTypes)[number];

export interface Token {
  readonly type: TokenType;
  readonly text: string;
  readonly offset: number;
}

const escapeSequence = '\\\\(?:[abfnrtv"\'\\\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7][0-7])';
const string = [
  `[rR]"""[^]*?"""`,
  `[rR]'''[^]*?'''`,
  `[rR]"[^"\\n\\r]*"`,
  `[rR]'[^'\\n\\r]*'`,
  `"""(?:${escapeSequence}|[^\\\\])*?"""`,
  `'''(?:${escapeSequence}|[^\\\\])*?'''`,
  `"(?:${escapeSequence}|[^\\\\"\\n\\r])*"`,
  `'(?:${escapeSequence}|[^\\\\'\\n\\r])*'`,
].join('|');

const tokenPattern = new RegExp(
  [
    '(?<hidden>[\\t \\r\\n\\f]+|//[^\\n]*)',
    '(?<float>\\d+\\.\\d+(?:[eE][+-]?\\d+)?|\\d+[eE][+-]?\\d+|\\.\\d+(?:[eE][+-]?\\d+)?)',
    '(?<uint>(?:0x[0-9a-fA-F]+|\\d+)[uU])',
    '(?<int>0x[0-9a-fA-F]+|\\d+)',
    `(?<bytes>[bB](?:${string}))`,
    `(?<string>${string})`,
    '(?<word>[A-Za-z_][A-Za-z0-9_]*)',
    '(?<escaped>`[A-Za-z0-9_./ -]+`)',
    '(?<operator>==|!=|<=|>=|&&|\\|\\||[<>[\\]{}().,!?:+*/%-])',
  ].join('|'),
  'uy',
);

const keywords: Readonly<Record<string, TokenType>> = {
  in: "'in'",
  true: "'true'",
  false: "'false'",
  null: "'null'",
};

const groupTypes: readonly (readonly [string, TokenType])[] = [
  ['float', 'NUM_FLOAT'],
  ['uint', 'NUM_UINT'],
  ['int', 'NUM_INT'],
  ['bytes', 'BYTES'],
  ['string', 'STRING'],
  ['escaped', 'ESC_IDENTIFIER'],
];

/** All tokens, the end included. What is no token is reported and skipped. */
export function tokenize(text: string): { tokens: Token[]; issues: Issue[] } {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  const pattern = new RegExp(tokenPattern);
  let offset = 0;
  while (offset < text.length) {
    pattern.lastIndex = offset;
    const match = pattern.exec(text);
    if (match?.groups === undefined) {
      const end = endOfBadToken(text, offset);
      issues.push({
        offset,
        message: `Syntax error: token recognition error at: '${text.slice(offset, end)}'`,
      });
      offset = end;
      continue;
    }
    const token = tokenOf(match.groups, match[0], offset);
    if (token !== undefined) tokens.push(token);
    offset += match[0].length;
  }
  tokens.push({ type: '<EOF>', text: '<EOF>', offset: text.length });
  return { tokens, issues };
}

function tokenOf(
  groups: Readonly<Record<string, string | undefined>>,
  text: string,
  offset: number,
): Token | undefined {
  if (groups['hidden'] !== undefined) return undefined;
  if (groups['word'] !== undefined) return { type: keywords[text] ?? 'IDENTIFIER', text, offset };
  const group = groupTypes.find(([name]) => groups[name] !== undefined);
  return { type: group?.[1] ?? (`'${text}'` as TokenType), text, offset };
}

const badStarts = [
  new RegExp(`"(?:${escapeSequence}|[^\\\\"\\n\\r])*`, 'uy'),
  new RegExp(`'(?:${escapeSequence}|[^\\\\'\\n\\r])*`, 'uy'),
  /`[A-Za-z0-9_./ -]*/uy,
  /[=&|]/uy,
];
const partOfEscape = /\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?/uy;

/** Past the character at which no token was possible any more: a scanner that goes on as long as it can stops there. */
function endOfBadToken(text: string, start: number): number {
  let end = start;
  for (const bad of badStarts) end = Math.max(end, matchEnd(bad, text, start));
  if (end > start && text[end] === '\\') end = Math.max(end, matchEnd(partOfEscape, text, end));
  const failing = text.codePointAt(end);
  return failing === undefined ? end : end + String.fromCodePoint(failing).length;
}

function matchEnd(pattern: RegExp, text: string, start: number): number {
  const own = new RegExp(pattern);
  own.lastIndex = start;
  return own.test(text) ? own.lastIndex : start;
}

/** White space as messages show it. */
export function visible(text: string): string {
  return text.replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
