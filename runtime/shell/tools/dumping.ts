import type { ByteText } from '../../files/file-tree.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { pause, textOfInputs } from './input.ts';
import { parseOptions } from './options.ts';

const perLine = 16;

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** How bytes of a line are written, and how wide a line's offset is. */
interface Form {
  offset(at: number): string;
  line(bytes: readonly number[]): string;
  /** Lines that repeat the one before become a star. */
  readonly squeezes: boolean;
}

async function dump(text: ByteText, from: number, form: Form, process: ShellProcess): Promise<void> {
  const { stdout } = process;
  let before = '';
  let isStarred = false;
  for (let at = 0; at < text.length; at += perLine) {
    const piece = text.slice(at, at + perLine);
    if (form.squeezes && piece === before && piece.length === perLine) {
      if (!isStarred) stdout.write('*\n');
      isStarred = true;
      continue;
    }
    isStarred = false;
    before = piece;
    const bytes = Array.from(piece, (character) => character.charCodeAt(0));
    stdout.write(`${form.offset(from + at)}${form.line(bytes)}\n`);
    await pause(process);
  }
}

function visible(bytes: readonly number[]): string {
  return bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
}

function canonical(bytes: readonly number[]): string {
  const half = (from: number): string =>
    Array.from({ length: 8 }, (_, index) => {
      const byte = bytes[from + index];
      return byte === undefined ? '  ' : hex(byte, 2);
    }).join(' ');
  return `  ${half(0)}  ${half(8)}  |${visible(bytes)}|`;
}

/** Little-endian numbers of some bytes each; a rest is filled with zeros. */
function numbers(bytes: readonly number[], size: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    let value = 0;
    for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
    found.push(value);
  }
  return found;
}

const shorts: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

function character(byte: number): string {
  return shorts[byte] ?? (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'));
}

/** `x1`, `o2`, `d4`, `u1`, `c`: how each number of a line is written. */
function numberForm(type: string): ((bytes: readonly number[]) => string) | undefined {
  if (type === 'c' || type === 'a') return (bytes) => bytes.map((byte) => ` ${character(byte).padStart(3)}`).join('');
  const [, base = '', digits = ''] = /^([xodu])([1248]?)$/.exec(type) ?? [];
  if (base === '') return undefined;
  const size = digits === '' ? 4 : Number(digits);
  const limit = 2 ** (8 * size);
  const written = (value: number): string => {
    if (base === 'x') return hex(value, size * 2);
    if (base === 'o') return value.toString(8).padStart(Math.ceil((size * 8) / 3), '0');
    const width = String(base === 'd' ? -limit / 2 : limit).length;
    return String(base === 'd' && value >= limit / 2 ? value - limit : value).padStart(width);
  };
  return (bytes) =>
    numbers(bytes, size)
      .map((value) => ` ${written(value)}`)
      .join('');
}

function part(text: ByteText, skip: string | undefined, length: string | undefined): readonly [ByteText, number] {
  const from = Math.min(text.length, Number(skip ?? 0));
  return [text.slice(from, length === undefined ? undefined : from + Number(length)), from];
}

const hexdump: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'Cbcdoxvn:s:' }, process);
  if (options === undefined) return 1;
  const name = process.args[0] ?? '';
  const { text, code } = await textOfInputs(process, 'hexdump', options.words);
  const [chosen, from] = part(text, options.value('s'), options.value('n'));
  const isCanonical = options.has('C') || name.endsWith('hd');
  const letter = ['b', 'c', 'd', 'o'].find((one) => options.has(one)) ?? 'x';
  const lines: Readonly<Record<string, (bytes: readonly number[]) => string>> = {
    b: (bytes) => bytes.map((byte) => ` ${byte.toString(8).padStart(3, '0')}`).join(''),
    c: (bytes) => bytes.map((byte) => ` ${character(byte).padStart(3)}`).join(''),
    d: (bytes) =>
      numbers(bytes, 2)
        .map((value) => `   ${String(value).padStart(5, '0')}`)
        .join(''),
    o: (bytes) =>
      numbers(bytes, 2)
        .map((value) => `  ${value.toString(8).padStart(6, '0')}`)
        .join(''),
    x: (bytes) =>
      numbers(bytes, 2)
        .map((value) => ` ${hex(value, 4)}`)
        .join(''),
  };
  const widths: Readonly<Record<string, number>> = { b: 64, c: 64, d: 64, o: 64, x: 40 };
  const plain = (bytes: readonly number[]): string => (lines[letter]?.(bytes) ?? '').padEnd(widths[letter] ?? 0);
  const offset = (at: number): string => hex(at, isCanonical ? 8 : 7);
  await dump(chosen, from, { offset, line: isCanonical ? canonical : plain, squeezes: !options.has('v') }, process);
  if (text !== '') process.stdout.write(`${offset(from + chosen.length)}\n`);
  return code;
};

const octalDump: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'abcdoxvA:t:N:j:' }, process);
  if (options === undefined) return 1;
  const types: Readonly<Record<string, string>> = { a: 'a', b: 'o1', c: 'c', d: 'u2', o: 'o2', x: 'x2' };
  const letter = Object.keys(types).find((one) => options.has(one));
  const type = options.value('t') ?? (letter === undefined ? 'o2' : (types[letter] ?? 'o2'));
  const line = numberForm(type);
  if (line === undefined) {
    process.stderr.write(`od: invalid character '${type.slice(-1)}' in type string '${type}'\n`);
    return 1;
  }
  const { text, code } = await textOfInputs(process, 'od', options.words);
  const [chosen, from] = part(text, options.value('j'), options.value('N'));
  const radix = options.value('A') ?? 'o';
  const offset = (at: number): string => {
    if (radix === 'n') return '';
    return radix === 'x' ? hex(at, 6) : at.toString(radix === 'd' ? 10 : 8).padStart(7, '0');
  };
  await dump(chosen, from, { offset, line, squeezes: !options.has('v') }, process);
  if (radix !== 'n') process.stdout.write(`${offset(from + chosen.length)}\n`);
  return code;
};

const xxd: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'prul:s:c:g:' }, process);
  if (options === undefined) return 1;
  const { text, code } = await textOfInputs(process, 'xxd', options.words);
  if (options.has('r')) {
    const digits = options.has('p')
      ? text.replaceAll(/\s/g, '')
      : text.replaceAll(/^[\da-f]+: ((?:[\da-f]+ )+).*$/gim, '$1').replaceAll(/\s/g, '');
    process.stdout.write(
      (digits.match(/[\da-f]{2}/gi) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join(''),
    );
    return code;
  }
  const [chosen, from] = part(text, options.value('s'), options.value('l'));
  const isPlain = options.has('p');
  const width = Number(options.value('c') ?? (isPlain ? 30 : perLine));
  const group = Number(options.value('g') ?? 2) || width;
  for (let at = 0; at < chosen.length; at += width) {
    const bytes = Array.from(chosen.slice(at, at + width), (one) => one.charCodeAt(0));
    const pairs = bytes.map((byte) => hex(byte, 2));
    if (isPlain) process.stdout.write(`${pairs.join('')}\n`);
    else {
      const words = Array.from({ length: Math.ceil(width / group) }, (_, index) =>
        pairs
          .slice(index * group, (index + 1) * group)
          .join('')
          .padEnd(group * 2),
      );
      process.stdout.write(`${hex(from + at, 8)}: ${words.join(' ')}  ${visible(bytes)}\n`);
    }
    await pause(process);
  }
  return code;
};

export const dumpingTools: Readonly<Record<string, ShellProgram>> = { hexdump, hd: hexdump, od: octalDump, xxd };
