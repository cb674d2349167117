import type { Cursor } from './cursor.ts';
import type { Condition, Word } from './syntax.ts';
import type { WordReader } from './words.ts';

const binaryForm = /(==|!=|=~|=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))(?=[\s"'$])/y;

/** What stands after `[[`, up to and with `]]`. */
export function readCondition(cursor: Cursor, words: WordReader): Condition {
  const condition = readOr(cursor, words);
  cursor.skipLines();
  if (!cursor.take(']]')) throw cursor.unexpected(']]');
  return condition;
}

function readOr(cursor: Cursor, words: WordReader): Condition {
  let left = readAnd(cursor, words);
  for (cursor.skipLines(); cursor.take('||'); cursor.skipLines())
    left = { is: 'or', left, right: readAnd(cursor, words) };
  return left;
}

function readAnd(cursor: Cursor, words: WordReader): Condition {
  let left = readOne(cursor, words);
  for (cursor.skipLines(); cursor.take('&&'); cursor.skipLines())
    left = { is: 'and', left, right: readOne(cursor, words) };
  return left;
}

function readOne(cursor: Cursor, words: WordReader): Condition {
  cursor.skipLines();
  if (cursor.match(/!\s/y) !== null) {
    cursor.at++;
    return { is: 'not', inner: readOne(cursor, words) };
  }
  if (cursor.take('(')) {
    const inner = readOr(cursor, words);
    cursor.skipLines();
    if (!cursor.take(')')) throw cursor.unexpected(')');
    return inner;
  }
  const [operator] = cursor.match(/-[a-zA-Z](?=\s+[^\s])/y) ?? [];
  if (operator !== undefined && cursor.match(/-[a-zA-Z]\s+(?:\]\]|&&|\|\||=)/y) === null) {
    cursor.at += operator.length;
    cursor.skipBlanks();
    return { is: 'unary', operator, word: readWord(cursor, words) };
  }
  const left = readWord(cursor, words);
  cursor.skipBlanks();
  const [binary] = cursor.match(binaryForm) ?? [];
  if (binary === undefined) return { is: 'unary', operator: '-n', word: left };
  cursor.at += binary.length;
  cursor.skipBlanks();
  const right = binary === '=~' ? readExpression(cursor, words) : readWord(cursor, words);
  return { is: 'binary', operator: binary, left, right };
}

function readWord(cursor: Cursor, words: WordReader): Word {
  if (cursor.startsWith(']]')) throw cursor.unexpected();
  const from = cursor.at;
  const word = words.word(cursor);
  if (cursor.at === from) throw cursor.unexpected();
  return word;
}

/** An expression may have brackets and bars of its own. */
function readExpression(cursor: Cursor, words: WordReader): Word {
  let level = 0;
  const word = words.word(cursor, (char) => {
    if (char === '(') level++;
    if (char === ')') level--;
    return /\s/.test(char) && level <= 0;
  });
  if (word.length === 0) throw cursor.unexpected();
  return word;
}
