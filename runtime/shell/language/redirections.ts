import { Cursor, literalOf } from './cursor.ts';
import type { Redirection, RedirectionOperator, Word } from './syntax.ts';
import type { WordReader } from './words.ts';

const form = /(\d*)(<<<|<<-|<<|<&|<>|>>|>&|>\||&>>|&>|<(?!\()|>(?!\())/y;

/** Undefined, without moving: none stands here. */
export function readRedirection(cursor: Cursor, words: WordReader): Redirection | undefined {
  const [whole, digits = '', operator = ''] = cursor.match(form) ?? [];
  if (whole === undefined || (operator.startsWith('&') && digits !== '')) return undefined;
  cursor.at += whole.length;
  const descriptor = digits === '' ? (operator.startsWith('<') ? 0 : 1) : Number(digits);
  cursor.skipBlanks();
  if (operator === '<<' || operator === '<<-')
    return readHeredoc(cursor, words, { descriptor, isIndented: operator === '<<-' });
  const target = words.word(cursor);
  if (target.length === 0) throw cursor.unexpected();
  return { descriptor, operator: operator as RedirectionOperator, target };
}

function readHeredoc(
  cursor: Cursor,
  words: WordReader,
  { descriptor, isIndented }: { readonly descriptor: number; readonly isIndented: boolean },
): Redirection {
  const from = cursor.at;
  const word = words.word(cursor);
  if (word.length === 0) throw cursor.unexpected();
  const isQuoted = word.some((part) => part.quoted);
  let target: Word = [];
  cursor.heredocs.push({
    delimiter: literalOf(word) ?? cursor.text.slice(from, cursor.at),
    isQuoted,
    isIndented,
    fill: (body) => {
      target = isQuoted ? [{ is: 'text', text: body, quoted: true }] : words.quoted(new Cursor(body), undefined);
    },
  });
  return {
    descriptor,
    operator: '<<',
    get target() {
      return target;
    },
  };
}
