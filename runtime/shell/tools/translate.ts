import type { ShellProgram } from '../shell-process.ts';
import { pause } from './input.ts';
import { parseOptions } from './options.ts';

const classes: Readonly<Record<string, (code: number) => boolean>> = {
  alnum: (code) => /[A-Za-z0-9]/.test(String.fromCharCode(code)),
  alpha: (code) => /[A-Za-z]/.test(String.fromCharCode(code)),
  blank: (code) => code === 9 || code === 32,
  cntrl: (code) => code < 32 || code === 127,
  digit: (code) => code >= 48 && code <= 57,
  graph: (code) => code > 32 && code < 127,
  lower: (code) => code >= 97 && code <= 122,
  print: (code) => code >= 32 && code < 127,
  punct: (code) => /[!-/:-@[-`{-~]/.test(String.fromCharCode(code)),
  space: (code) => code === 32 || (code >= 9 && code <= 13),
  upper: (code) => code >= 65 && code <= 90,
  xdigit: (code) => /[\dA-Fa-f]/.test(String.fromCharCode(code)),
};

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
};

function setOf(text: string): string {
  let found = '';
  for (let at = 0; at < text.length; ) {
    const [whole, name = ''] = /^\[:(\w+):\]/.exec(text.slice(at)) ?? [];
    const test = classes[name];
    if (whole !== undefined && test !== undefined) {
      for (let code = 0; code < 256; code++) if (test(code)) found += String.fromCharCode(code);
      at += whole.length;
      continue;
    }
    const [first, length] = characterAt(text, at);
    at += length;
    if (text[at] === '-' && text[at + 1] !== undefined) {
      const [last, lastLength] = characterAt(text, at + 1);
      at += 1 + lastLength;
      for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code++) found += String.fromCharCode(code);
    } else found += first;
  }
  return found;
}

function characterAt(text: string, at: number): readonly [char: string, length: number] {
  const [octal, digits] = /^\\([0-7]{1,3})/.exec(text.slice(at)) ?? [];
  if (octal !== undefined && digits !== undefined)
    return [String.fromCharCode(Number.parseInt(digits, 8) & 0xff), octal.length];
  if (text[at] === '\\' && at + 1 < text.length) return [escapes[text[at + 1] ?? ''] ?? text[at + 1] ?? '', 2];
  return [text[at] ?? '', 1];
}

const translate: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'cCdst', long: { complement: 'c', delete: 'd', 'squeeze-repeats': 's' }, stopsAtWords: true },
    process,
  );
  if (options === undefined) return 1;
  const [from, to] = options.words;
  if (from === undefined) {
    process.stderr.write('BusyBox v1.37.0 multi-call binary.\n\nUsage: tr [-cds] STRING1 [STRING2]\n');
    return 1;
  }
  const isInverted = options.has('c') || options.has('C');
  const listed = setOf(from);
  const source = isInverted
    ? Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
        .filter((char) => !listed.includes(char))
        .join('')
    : listed;
  const target = to === undefined ? '' : setOf(to);
  const isDeleting = options.has('d');
  const last = target.at(-1) ?? '';
  const map = new Map(
    isDeleting ? [] : [...source].map((char, at) => [char, target === '' ? char : (target[at] ?? last)]),
  );
  const squeezed = new Set(options.has('s') ? (to === undefined ? source : target) : '');
  const gone = new Set(isDeleting ? source : '');
  let before = '';
  for (let piece = await process.stdin.chunk(); piece !== undefined; piece = await process.stdin.chunk()) {
    let text = '';
    for (const char of piece) {
      if (gone.has(char)) continue;
      const changed = map.get(char) ?? char;
      if (changed === before && squeezed.has(changed)) continue;
      before = changed;
      text += changed;
    }
    process.stdout.write(text);
    await pause(process);
  }
  return 0;
};

export const translateTools: Readonly<Record<string, ShellProgram>> = { tr: translate };
