const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** Escapes with a backslash; `\c` cuts what comes after it. `isFormat`: octal needs no leading zero. */
export function unescaped(text: string, isFormat = false): { readonly text: string; readonly isCut: boolean } {
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char !== '\\') {
      plain += char;
      continue;
    }
    const next = text[at + 1] ?? '';
    if (next === 'c') return { text: plain, isCut: true };
    const [octal, zeroed, direct] = /^(?:0([0-7]{0,3})|([1-7][0-7]{0,2}))/.exec(text.slice(at + 1, at + 5)) ?? [];
    const [hex, figures = ''] = /^x([\da-fA-F]{1,2})/.exec(text.slice(at + 1, at + 4)) ?? [];
    if (octal !== undefined && (isFormat || zeroed !== undefined || direct !== undefined)) {
      // In a format at most three digits, a zero among them.
      const used = isFormat ? octal.slice(0, 3) : octal;
      plain += String.fromCharCode(Number.parseInt(used, 8) & 0xff);
      at += used.length;
    } else if (hex !== undefined) {
      plain += String.fromCharCode(Number.parseInt(figures, 16));
      at += hex.length;
    } else if (escapes[next] !== undefined) {
      plain += escapes[next];
      at++;
    } else plain += char;
  }
  return { text: plain, isCut: false };
}
