import type { Word, WordPart } from './language/syntax.ts';

/** A character of unquoted text, or a part that is none. */
type Atom = string | WordPart;

const maxWords = 10_000;

/** `a{b,c}{1..3}` as the words that it stands for. */
export function braced(word: Word): readonly Word[] {
  if (!word.some((part) => part.is === 'text' && !part.quoted && part.text.includes('{'))) return [word];
  const atoms = word.flatMap((part): Atom[] => (part.is === 'text' && !part.quoted ? [...part.text] : [part]));
  return expand(atoms).map(joined);
}

function joined(atoms: readonly Atom[]): Word {
  const parts: WordPart[] = [];
  for (const atom of atoms) {
    const last = parts.at(-1);
    if (typeof atom !== 'string') parts.push(atom);
    else if (last?.is === 'text' && !last.quoted) parts[parts.length - 1] = { ...last, text: last.text + atom };
    else parts.push({ is: 'text', text: atom, quoted: false });
  }
  return parts;
}

function expand(atoms: readonly Atom[]): Atom[][] {
  for (let at = 0; at < atoms.length; at++) {
    if (atoms[at] !== '{') continue;
    const group = groupAt(atoms, at);
    if (group === undefined) continue;
    const head = atoms.slice(0, at);
    const tails = expand(atoms.slice(group.end + 1));
    const found = group.choices.flatMap((choice) =>
      expand(choice).flatMap((one) => tails.map((tail) => [...head, ...one, ...tail])),
    );
    return found.slice(0, maxWords);
  }
  return [[...atoms]];
}

function groupAt(
  atoms: readonly Atom[],
  from: number,
): { readonly end: number; readonly choices: readonly (readonly Atom[])[] } | undefined {
  let depth = 0;
  const choices: Atom[][] = [[]];
  for (let at = from; at < atoms.length; at++) {
    const atom = atoms[at] as Atom;
    if (atom === '{' && depth++ === 0) continue;
    if (atom === '}' && --depth === 0) {
      if (choices.length > 1) return { end: at, choices };
      const range = rangeOf(choices[0] ?? []);
      return range === undefined ? undefined : { end: at, choices: range };
    }
    if (atom === ',' && depth === 1) choices.push([]);
    else choices.at(-1)?.push(atom);
  }
  return undefined;
}

function rangeOf(atoms: readonly Atom[]): string[][] | undefined {
  const text = atoms.map((atom) => (typeof atom === 'string' ? atom : '\0')).join('');
  const [, first = '', last = '', step] = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(text) ?? [];
  if (first === '') return undefined;
  const isNumber = /\d/.test(first);
  if (isNumber !== /\d/.test(last)) return undefined;
  const [from, to] = isNumber ? [Number(first), Number(last)] : [first.charCodeAt(0), last.charCodeAt(0)];
  const by = Math.max(1, Math.abs(Number(step ?? 1))) * (from <= to ? 1 : -1);
  const width = isNumber && /^-?0\d/.test(first) ? first.length : 0;
  const found: string[][] = [];
  for (let value = from; by > 0 ? value <= to : value >= to; value += by) {
    if (found.length >= maxWords) break;
    found.push([...(isNumber ? String(value).padStart(width, '0') : String.fromCharCode(value))]);
  }
  return found;
}
