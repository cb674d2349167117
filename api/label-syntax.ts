import { FieldPath, invalid } from './field-error.ts';
import { createRequirement, type LabelOperator, type LabelRequirement } from './label-requirement.ts';
import { isQualifiedName } from './names.ts';
import { badRequest, type StatusError } from './status.ts';

type Token = 'end' | 'identifier' | 'keyword' | 'symbol' | 'error';

interface Lexeme {
  readonly token: Token;
  readonly text: string;
}

const symbols: readonly string[] = [')', ',', '!', '==', '=', '>', '<', '!=', '('];

/** Splits into identifiers, `in` and `notin`, and the longest symbols; NUL ends the text as upstream's lexer has it. */
function scan(text: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  const pattern = /[ \t\r\n]*(?:([^=!(),> \t\r\n\0<]+)|([=!(),><]))/y;
  while (true) {
    const match = pattern.exec(text);
    if (match === null) break;
    const [, word, symbol = ''] = match;
    if (word !== undefined) {
      lexemes.push({ token: word === 'in' || word === 'notin' ? 'keyword' : 'identifier', text: word });
      continue;
    }
    const pair = symbol + (text[pattern.lastIndex] ?? '');
    const long = pair.length === 2 && symbols.includes(pair);
    if (long) pattern.lastIndex++;
    lexemes.push({ token: 'symbol', text: long ? pair : symbol });
  }
  lexemes.push({ token: 'end', text: '' });
  return lexemes;
}

/** Throws BadRequest in upstream's words. */
export function parseRequirements(text: string): LabelRequirement[] {
  return createParser(scan(text)).parse();
}

const binaryOperators: Readonly<Record<string, LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

function createParser(lexemes: readonly Lexeme[]) {
  const end: Lexeme = { token: 'end', text: '' };
  let position = 0;
  const peek = () => lexemes[position] ?? end;
  const next = () => lexemes[position++] ?? end;
  const isWord = ({ token }: Lexeme) => token === 'identifier' || token === 'keyword';
  const isSymbol = ({ token, text }: Lexeme, symbol: string) => token === 'symbol' && text === symbol;
  const isSeparator = (lexeme: Lexeme) => isSymbol(lexeme, ',') || isSymbol(lexeme, ')');
  const isEndOfTerm = (lexeme: Lexeme) => lexeme.token === 'end' || isSymbol(lexeme, ',');

  function parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    if (peek().token === 'end') return requirements;
    if (!startsTerm(peek())) throw found(peek(), "!, identifier, or 'end of string'");
    while (true) {
      requirements.push(parseRequirement());
      const separator = next();
      if (separator.token === 'end') return requirements;
      if (!isSymbol(separator, ',')) throw found(separator, "',' or 'end of string'");
      if (!startsTerm(peek())) throw found(peek(), "identifier after ','");
    }
  }

  const startsTerm = (lexeme: Lexeme) => isWord(lexeme) || isSymbol(lexeme, '!');

  function parseRequirement(): LabelRequirement {
    let lexeme = next();
    const negated = isSymbol(lexeme, '!');
    if (negated) lexeme = next();
    if (!isWord(lexeme)) throw inRequirement(`found '${lexeme.text}', expected: identifier`);
    const key = lexeme.text;
    const messages = isQualifiedName(key);
    if (messages.length > 0) {
      throw inRequirement(`<nil>: ${invalid(FieldPath.of(), key, messages.join('; ')).detail}`);
    }
    if (negated) return build(key, '!', []);
    if (isEndOfTerm(peek())) return build(key, 'exists', []);
    const operator = next();
    const name = operator.token === 'identifier' ? undefined : binaryOperators[operator.text];
    if (name === undefined) {
      throw inRequirement(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    return build(key, name, name === 'in' || name === 'notin' ? parseValues() : [parseExactValue()]);
  }

  function parseExactValue(): string {
    if (isEndOfTerm(peek())) return '';
    const lexeme = next();
    if (!isWord(lexeme)) throw inRequirement(`found '${lexeme.text}', expected: identifier`);
    return lexeme.text;
  }

  /** `(a,b)`; nothing between two separators is the empty value. */
  function parseValues(): string[] {
    const open = next();
    if (!isSymbol(open, '(')) throw inRequirement(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    const first = peek();
    if (!isWord(first) && !isSeparator(first)) {
      throw inRequirement(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    let expectsValue = true;
    while (true) {
      const lexeme = next();
      if (isWord(lexeme)) {
        values.add(lexeme.text);
        if (!isSeparator(peek())) throw inRequirement(`found '${peek().text}', expected: ',' or ')'`);
        expectsValue = false;
        continue;
      }
      if (!isSeparator(lexeme)) throw inRequirement(`found '${lexeme.text}', expected: ',', or identifier`);
      if (expectsValue) values.add('');
      if (lexeme.text === ')') return [...values].sort();
      expectsValue = true;
    }
  }

  return { parse };
}

function found({ text }: Lexeme, expected: string): StatusError {
  return badRequest(`found '${text}', expected: ${expected}`);
}

function inRequirement(message: string): StatusError {
  return badRequest(`unable to parse requirement: ${message}`);
}

function build(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  try {
    return createRequirement(key, operator, values);
  } catch (error) {
    throw inRequirement(error instanceof Error ? error.message : String(error));
  }
}
