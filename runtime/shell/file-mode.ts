/** As in `ls -l`, without the letter of the type. */
export function modeLetters(mode: number): string {
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = (mode >> shift) & 7;
    const isSpecial = (mode & special) !== 0;
    const last = isSpecial ? ((bits & 1) !== 0 ? letter : letter.toUpperCase()) : (bits & 1) !== 0 ? 'x' : '-';
    return `${(bits & 4) !== 0 ? 'r' : '-'}${(bits & 2) !== 0 ? 'w' : '-'}${last}`;
  };
  return triple(6, 0o4000, 's') + triple(3, 0o2000, 's') + triple(0, 0o1000, 't');
}

const who: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };

/** `755`, `u+x,go-w`; undefined: no mode. `X` is for directories and what can be executed already. */
export function parseMode(text: string, before: number, isDirectory: boolean): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const [, users = '', actions] = /^([ugoa]*)((?:[-+=][rwxXst]*|[-+=][ugo])+)$/.exec(clause) ?? [];
    if (actions === undefined) return undefined;
    const mask = [...(users === '' ? 'a' : users)].reduce((sum, user) => sum | (who[user] ?? 0), 0);
    for (const [, sign, letters = ''] of actions.matchAll(/([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)/g)) {
      const bits = bitsOf(letters, mode, isDirectory) & mask;
      if (sign === '+') mode |= bits;
      else if (sign === '-') mode &= ~bits;
      else mode = (mode & ~(mask & 0o777)) | bits;
    }
  }
  return mode;
}

function bitsOf(letters: string, mode: number, isDirectory: boolean): number {
  let bits = 0;
  for (const letter of letters) {
    switch (letter) {
      case 'r':
        bits |= 0o444;
        break;
      case 'w':
        bits |= 0o222;
        break;
      case 'x':
        bits |= 0o111;
        break;
      case 'X':
        if (isDirectory || (mode & 0o111) !== 0) bits |= 0o111;
        break;
      case 's':
        bits |= 0o6000;
        break;
      case 't':
        bits |= 0o1000;
        break;
      default: {
        const own = (mode >> (letter === 'u' ? 6 : letter === 'g' ? 3 : 0)) & 7;
        bits |= own * 0o111;
      }
    }
  }
  return bits;
}
