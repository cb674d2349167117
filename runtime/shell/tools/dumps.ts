import type { ShellProgram } from '../shell-process.ts';
import { textOfInputs } from './input.ts';
import { parseOptions } from './options.ts';

function hex(code: number, width = 2): string {
  return code.toString(16).padStart(width, '0');
}

function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '.');
}

/** Rows of equal length, those that repeat the one before told by a star. */
function rows(text: string, width: number, show: (row: string, offset: number) => string, isFull: boolean): string {
  let out = '';
  let [before, isStarred]: [string | undefined, boolean] = [undefined, false];
  for (let at = 0; at < text.length; at += width) {
    const row = text.slice(at, at + width);
    if (!isFull && row === before && row.length === width) {
      if (!isStarred) out += '*\n';
      isStarred = true;
      continue;
    }
    isStarred = false;
    before = row;
    out += show(row, at);
  }
  return out;
}

const named: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
};

type Shape = readonly [size: number, width: number, show: (value: number, char: string) => string];

const shapes: Readonly<Record<string, Shape>> = {
  c: [
    1,
    4,
    (value, char) => (named[char] ?? (/[ -~]/.test(char) ? char : value.toString(8).padStart(3, '0'))).padStart(4),
  ],
  x1: [1, 3, (value) => ` ${hex(value)}`],
  x2: [2, 5, (value) => ` ${hex(value, 4)}`],
  x4: [4, 9, (value) => ` ${hex(value, 8)}`],
  o1: [1, 4, (value) => ` ${value.toString(8).padStart(3, '0')}`],
  o2: [2, 7, (value) => ` ${value.toString(8).padStart(6, '0')}`],
  u1: [1, 4, (value) => String(value).padStart(4)],
  d1: [1, 5, (value) => String(value > 127 ? value - 256 : value).padStart(5)],
  d2: [2, 7, (value) => String(value > 32_767 ? value - 65_536 : value).padStart(7)],
  u2: [2, 6, (value) => String(value).padStart(6)],
  d4: [4, 12, (value) => String(value | 0).padStart(12)],
  u4: [4, 11, (value) => String(value).padStart(11)],
};

function cells(row: string, [size, , show]: Shape): string {
  let out = '';
  for (let at = 0; at < row.length; at += size) {
    let value = 0;
    for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + (row.charCodeAt(at + byte) || 0);
    out += show(value, row[at] ?? '');
  }
  return out;
}

const od: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'bcdoxvA:t:N:j:w:' }, process);
  if (options === undefined) return 1;
  const { text, code } = await textOfInputs(process, 'od', options.words);
  const kind =
    options.value('t')?.replace(/z$/, '') ??
    (options.has('c') ? 'c' : options.has('x') ? 'x2' : options.has('b') ? 'o1' : options.has('d') ? 'u2' : 'o2');
  const shape = shapes[kind] ?? shapes[`${kind}${kind === 'c' ? '' : '4'}`] ?? (shapes['o2'] as Shape);
  const skip = Number(options.value('j') ?? 0);
  const shown = text.slice(skip, options.value('N') === undefined ? undefined : skip + Number(options.value('N')));
  const base = options.value('A') ?? 'o';
  const address = (at: number): string =>
    base === 'n' ? '' : at.toString(base === 'x' ? 16 : base === 'd' ? 10 : 8).padStart(base === 'x' ? 6 : 7, '0');
  process.stdout.write(
    rows(
      shown,
      Number(options.value('w') ?? 16),
      (row, at) => `${address(at + skip)}${cells(row, shape)}\n`,
      options.has('v'),
    ),
  );
  if (base !== 'n') process.stdout.write(`${address(shown.length + skip)}\n`);
  return code;
};

const hexdump: ShellProgram = async (args, process) => {
  const isCanonical = /hd$/.test(process.args[0] ?? '') || args.some((arg) => /^-\w*C/.test(arg));
  const options = parseOptions(args, { letters: 'Cvbcdoxn:s:e:' }, process);
  if (options === undefined) return 1;
  const { text, code } = await textOfInputs(process, 'hexdump', options.words);
  const skip = Number(options.value('s') ?? 0);
  const shown = text.slice(skip, options.value('n') === undefined ? undefined : skip + Number(options.value('n')));
  const canonical = (row: string, at: number): string => {
    const bytes = Array.from({ length: 16 }, (_, index) => (index < row.length ? hex(row.charCodeAt(index)) : '  '));
    return `${hex(at, 8)}  ${bytes.slice(0, 8).join(' ')}  ${bytes.slice(8).join(' ')}  |${printable(row)}|\n`;
  };
  const plain = (row: string, at: number): string =>
    `${hex(at, 7)}${cells(row, shapes['x2'] as Shape).padEnd(options.has('x') ? 0 : 40)}\n`;
  process.stdout.write(rows(shown, 16, isCanonical ? canonical : plain, options.has('v')));
  if (shown.length > 0) process.stdout.write(`${hex(shown.length + skip, isCanonical ? 8 : 7)}\n`);
  return code;
};

const xxd: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'pril:s:c:g:u' }, process);
  if (options === undefined) return 1;
  const { text, code } = await textOfInputs(process, 'xxd', options.words.slice(0, 1));
  if (options.has('r')) {
    const digits = options.has('p')
      ? text.replaceAll(/[^\da-fA-F]/g, '')
      : text.replaceAll(/^[\da-f]+: ((?:[\da-f]{2,} ?)+).*$/gim, '$1').replaceAll(/[^\da-fA-F]/g, '');
    process.stdout.write(
      (digits.match(/../g) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join(''),
    );
    return code;
  }
  const shown = text
    .slice(Number(options.value('s') ?? 0))
    .slice(0, options.value('l') === undefined ? undefined : Number(options.value('l')));
  const all = (row: string): string => [...row].map((char) => hex(char.charCodeAt(0))).join('');
  if (options.has('p'))
    process.stdout.write(rows(shown, Number(options.value('c') ?? 30), (row) => `${all(row)}\n`, true));
  else
    process.stdout.write(
      rows(
        shown,
        16,
        (row, at) => `${hex(at, 8)}: ${(all(row).match(/.{1,4}/g) ?? []).join(' ').padEnd(39)}  ${printable(row)}\n`,
        true,
      ),
    );
  return code;
};

const strings: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'n:aft:o' }, process);
  if (options === undefined) return 1;
  const { text, code } = await textOfInputs(process, 'strings', options.words);
  const least = Math.max(1, Number(options.value('n') ?? 4));
  process.stdout.write(
    (text.match(/[\t -~]+/g) ?? [])
      .filter((piece) => piece.length >= least)
      .map((piece) => `${piece}\n`)
      .join(''),
  );
  return code;
};

export const dumpTools: Readonly<Record<string, ShellProgram>> = { od, hexdump, hd: hexdump, xxd, strings };
