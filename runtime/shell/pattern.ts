/** One character, any character, or any number of them. */
type Token = string | ((char: string) => boolean);

const anyOne = (): boolean => true;
const many = Symbol('many');

export interface PatternPiece {
  readonly text: string;
  readonly quoted: boolean;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the class
  cntrl: /[\u0000-\u001f\u007f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** A shell's pattern. Takes time in proportion to the text, whatever the pattern. */
export class Pattern {
  readonly #tokens: (Token | typeof many)[] = [];

  constructor(pieces: readonly PatternPiece[], isCaseless = false) {
    for (const { text, quoted } of pieces) {
      if (quoted) this.#tokens.push(...text);
      else this.#read(text);
    }
    if (isCaseless)
      this.#tokens = this.#tokens.map((token) => {
        if (typeof token !== 'string') return token;
        const lower = token.toLowerCase();
        return (char) => char.toLowerCase() === lower;
      });
  }

  #read(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const char = text[at] ?? '';
      if (char === '*') this.#tokens.push(many);
      else if (char === '?') this.#tokens.push(anyOne);
      else if (char === '\\' && at + 1 < text.length) this.#tokens.push(text[++at] ?? '');
      else if (char === '[') {
        const set = readSet(text, at);
        if (set === undefined) this.#tokens.push('[');
        else {
          this.#tokens.push(set.test);
          at = set.end;
        }
      } else this.#tokens.push(char);
    }
  }

  test(text: string): boolean {
    let isMatch = false;
    this.#ends(text, (end) => {
      isMatch = end === text.length;
    });
    return isMatch;
  }

  /** The length of the piece at the start that matches; undefined: none does. */
  prefix(text: string, isLongest: boolean): number | undefined {
    let found: number | undefined;
    this.#ends(text, (end) => {
      if (isLongest || found === undefined) found = end;
    });
    return found;
  }

  /** Of the piece at the end. */
  suffix(text: string, isLongest: boolean): number | undefined {
    const backwards = new Pattern([]);
    backwards.#tokens.push(...this.#tokens.toReversed());
    return backwards.prefix([...text].toReversed().join(''), isLongest);
  }

  /** Calls back with each place where a match that begins at the start may end, in order. */
  #ends(text: string, found: (end: number) => void): void {
    const tokens = this.#tokens;
    let states = new Set<number>();
    const enter = (into: Set<number>, state: number): void => {
      into.add(state);
      for (let at = state; tokens[at] === many; at++) into.add(at + 1);
    };
    enter(states, 0);
    for (let at = 0; ; at++) {
      if (states.has(tokens.length)) found(at);
      if (at >= text.length || states.size === 0) return;
      const char = text[at] ?? '';
      const next = new Set<number>();
      for (const state of states) {
        const token = tokens[state];
        if (token === undefined) continue;
        if (token === many) enter(next, state);
        else if (typeof token === 'string' ? token === char : token(char)) enter(next, state + 1);
      }
      states = next;
    }
  }
}

function readSet(text: string, from: number): { test(char: string): boolean; readonly end: number } | undefined {
  const isNegated = text[from + 1] === '!' || text[from + 1] === '^';
  let at = from + 1 + Number(isNegated);
  const tests: ((char: string) => boolean)[] = [];
  for (let isFirst = true; at < text.length; isFirst = false) {
    if (text[at] === ']' && !isFirst) {
      return { end: at, test: (char) => tests.some((test) => test(char)) !== isNegated };
    }
    const [whole, name] = /^\[:(\w+):\]/.exec(text.slice(at, at + 12)) ?? [];
    const known = name === undefined ? undefined : classes[name];
    if (whole !== undefined && known !== undefined) {
      tests.push((char) => known.test(char));
      at += whole.length;
      continue;
    }
    if (text[at] === '\\' && at + 1 < text.length) at++;
    const low = text[at] ?? '';
    if (text[at + 1] === '-' && text[at + 2] !== undefined && text[at + 2] !== ']') {
      const high = text[at + 2] ?? '';
      tests.push((char) => char >= low && char <= high);
      at += 3;
    } else {
      tests.push((char) => char === low);
      at++;
    }
  }
  return undefined;
}

/** Whether a text could be a pattern at all. */
export function isPattern(text: string): boolean {
  return /[*?[\\]/.test(text);
}
