import type { ShellProgram } from '../shell-process.ts';
import { linesOf, openInput, pause, reason, textOfInputs } from './input.ts';
import { parseOptions } from './options.ts';

const units: Readonly<Record<string, number>> = {
  c: 1,
  w: 2,
  b: 512,
  kB: 1000,
  k: 1024,
  K: 1024,
  KiB: 1024,
  MB: 1e6,
  M: 2 ** 20,
  MiB: 2 ** 20,
  GB: 1e9,
  G: 2 ** 30,
};

function sizeOf(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)(\w*)$/.exec(text) ?? [];
  const factor = unit === '' ? 1 : units[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

const longestBlock = 2 ** 28;

/** Copies blocks. */
const dd: ShellProgram = async (args, process) => {
  const given = new Map(args.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));
  const { stderr, clock } = process;
  const amount = (name: string, usual: number): number => {
    const text = given.get(name);
    if (text === undefined) return usual;
    return sizeOf(text) ?? Number.NaN;
  };
  const size = Math.min(amount('ibs', amount('bs', 512)), longestBlock);
  const [count, skip, seek] = [amount('count', Number.POSITIVE_INFINITY), amount('skip', 0), amount('seek', 0)];
  for (const name of ['bs', 'ibs', 'obs', 'count', 'skip', 'seek']) {
    if (Number.isNaN(amount(name, 0))) {
      stderr.write(`dd: invalid number '${given.get(name)}'\n`);
      return 1;
    }
  }
  const conv = given.get('conv')?.split(',') ?? [];
  const [from, to] = [given.get('if'), given.get('of')];
  const input = from === undefined ? undefined : openFor('if', from);
  if (input === null) return 1;
  const output = to === undefined ? undefined : openFor('of', to);
  if (output === null) return 1;
  const reader = input?.reader ?? process.stdin;
  const startedAt = clock.now();
  let [whole, part, bytes] = [0, 0, 0];
  output?.channel.seek?.(seek * amount('obs', amount('bs', 512)));
  const block = async (): Promise<string> => {
    let text = '';
    while (text.length < size) {
      const piece = await reader.chunk({ limit: size - text.length });
      if (piece === undefined) break;
      text += piece;
      // A pipe gives what it has.
      if (!given.get('iflag')?.includes('fullblock') && input === undefined) break;
    }
    return text;
  };
  for (let skipped = 0; skipped < skip; skipped++) if ((await block()) === '') break;
  let code = 0;
  while (whole + part < count) {
    let text = await block();
    if (text === '') break;
    if (text.length === size) whole++;
    else part++;
    bytes += text.length;
    text = converted(text, conv, size);
    try {
      if (output === undefined) process.stdout.write(text);
      else output.channel.write?.(text);
    } catch (error) {
      stderr.write(`dd: error writing '${to ?? 'standard output'}': ${reason(error)}\n`);
      code = 1;
      break;
    }
    await pause(process);
  }
  input?.release();
  output?.release();
  if (given.get('status') === 'none') return code;
  stderr.write(`${whole}+${part} records in\n${whole}+${part} records out\n`);
  const seconds = Math.max((clock.now() - startedAt) / 1000, 0.000001);
  if (given.get('status') !== 'noxfer')
    stderr.write(
      `${bytes} bytes (${human(bytes)}B) copied, ${seconds.toFixed(6)} seconds, ${human(bytes / seconds)}B/s\n`,
    );
  return code;

  function openFor(what: 'if' | 'of', path: string) {
    try {
      const flags =
        what === 'if'
          ? { read: true }
          : { write: true, create: true, truncate: !conv.includes('notrunc') && seek === 0 };
      return process.open(path, flags);
    } catch (error) {
      stderr.write(`dd: can't open '${path}': ${reason(error)}\n`);
      return null;
    }
  }
};

function converted(text: string, conv: readonly string[], size: number): string {
  const whole = conv.includes('sync') ? text.padEnd(size, '\0') : text;
  if (conv.includes('ucase')) return whole.toUpperCase();
  return conv.includes('lcase') ? whole.toLowerCase() : whole;
}

function human(bytes: number): string {
  let value = bytes;
  for (const unit of ['', 'K', 'M', 'G']) {
    if (value < 1024 || unit === 'G') return unit === '' ? String(Math.floor(value)) : `${value.toFixed(1)}${unit}`;
    value /= 1024;
  }
  return String(bytes);
}

const compare: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'lsn:' }, process);
  const [left = '', right = '-'] = options?.words ?? [];
  if (options === undefined) return 2;
  const texts: string[] = [];
  for (const path of [left, right]) {
    const input = openInput(process, 'cmp', path);
    if (input === undefined) return 2;
    texts.push(await input.reader.rest());
    input.file?.release();
  }
  const [a = '', b = ''] = texts;
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  if (options.has('s')) return 1;
  if (at === a.length || at === b.length) process.stderr.write(`cmp: EOF on ${at === a.length ? left : right}\n`);
  else
    process.stdout.write(
      `${left} ${right} differ: char ${at + 1}, line ${(a.slice(0, at).match(/\n/g)?.length ?? 0) + 1}\n`,
    );
  return 1;
};

const expand: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 't:if', long: { tabs: 't' } }, process);
  if (options === undefined) return 1;
  const width = Math.max(1, Number(options.value('t') ?? 8));
  const { text, code } = await textOfInputs(process, 'expand', options.words);
  let column = 0;
  let out = '';
  for (const char of text) {
    if (char === '\t') {
      const spaces = width - (column % width);
      out += ' '.repeat(spaces);
      column += spaces;
    } else {
      out += char;
      column = char === '\n' ? 0 : column + 1;
    }
  }
  process.stdout.write(out);
  return code;
};

const shuffle: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'en:i:z', long: { echo: 'e', 'head-count': 'n', 'input-range': 'i' } },
    process,
  );
  if (options === undefined) return 1;
  const [, low, high] = /^(\d+)-(\d+)$/.exec(options.value('i') ?? '') ?? [];
  const range =
    low === undefined
      ? undefined
      : Array.from({ length: Math.min(100_000, Number(high) - Number(low) + 1) }, (_, at) => String(Number(low) + at));
  const lines =
    range ??
    (options.has('e') ? [...options.words] : linesOf((await textOfInputs(process, 'shuf', options.words)).text));
  for (let at = lines.length - 1; at > 0; at--) {
    const other = Math.floor(process.random.next() * (at + 1));
    [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
  }
  process.stdout.write(
    lines
      .slice(0, Number(options.value('n') ?? lines.length))
      .map((line) => `${line}\n`)
      .join(''),
  );
  return 0;
};

const split: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'l:b:a:d' }, process);
  if (options === undefined) return 1;
  const [path = '-', prefix = 'x'] = options.words;
  const { text, code } = await textOfInputs(process, 'split', [path]);
  const bytes = sizeOf(options.value('b') ?? '');
  const lines = Number(options.value('l') ?? 1000);
  const all = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const pieces =
    bytes === undefined
      ? Array.from({ length: Math.ceil(all.length / lines) }, (_, at) =>
          all.slice(at * lines, (at + 1) * lines).join(''),
        )
      : Array.from({ length: Math.ceil(text.length / bytes) }, (_, at) => text.slice(at * bytes, (at + 1) * bytes));
  for (const [index, piece] of pieces.entries()) {
    const suffix = options.has('d')
      ? String(index).padStart(2, '0')
      : String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26));
    const file = process.open(prefix + suffix, { write: true, create: true, truncate: true });
    file.channel.write?.(piece);
    file.release();
  }
  return code;
};

const endings =
  (isUnix: boolean): ShellProgram =>
  async (args, process) => {
    const words = args.filter((arg) => !arg.startsWith('-'));
    const convert = (text: string): string =>
      isUnix ? text.replaceAll('\r\n', '\n') : text.replaceAll(/\r?\n/g, '\r\n');
    if (words.length === 0) process.stdout.write(convert(await process.stdin.rest()));
    for (const path of words) {
      const { text } = await textOfInputs(process, 'dos2unix', [path]);
      const file = process.open(path, { write: true, truncate: true });
      file.channel.write?.(convert(text));
      file.release();
    }
    return 0;
  };

export const copyingTools: Readonly<Record<string, ShellProgram>> = {
  dd,
  cmp: compare,
  expand,
  shuf: shuffle,
  split,
  dos2unix: endings(true),
  unix2dos: endings(false),
};
