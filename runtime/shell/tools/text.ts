import type { ShellProgram } from '../shell-process.ts';
import { eachInput, linesOf, openInput, pause, reason, textOfInputs } from './input.ts';
import { parseOptions } from './options.ts';

const count: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'clwmL', long: { bytes: 'c', lines: 'l', words: 'w', chars: 'm' } },
    process,
  );
  if (options === undefined) return 1;
  const wanted = ['l', 'w', 'm', 'c', 'L'].filter((letter) => options.has(letter));
  const shown = wanted.length === 0 ? ['l', 'w', 'c'] : wanted;
  const totals = new Map<string, number>();
  const row = (values: ReadonlyMap<string, number>, name: string): string => {
    const numbers = shown.map((letter) => String(values.get(letter) ?? 0));
    const text = shown.length === 1 ? (numbers[0] ?? '') : numbers.map((number) => number.padStart(9)).join(' ');
    return `${text}${name === '-' ? '' : ` ${name}`}\n`;
  };
  const code = await eachInput(process, 'wc', options.words, async ({ name, reader }) => {
    const values = new Map<string, number>();
    const add = (letter: string, value: number): void => void values.set(letter, (values.get(letter) ?? 0) + value);
    let isInWord = false;
    for (let piece = await reader.chunk(); piece !== undefined; piece = await reader.chunk()) {
      add('c', piece.length);
      for (const char of piece) {
        if (char === '\n') add('l', 1);
        if ((char.charCodeAt(0) & 0xc0) !== 0x80) add('m', 1);
        const isSpace = /[\s]/.test(char) && char !== '\u00a0';
        if (!isSpace && !isInWord) add('w', 1);
        isInWord = !isSpace;
      }
      await pause(process);
    }
    for (const [letter, value] of values) totals.set(letter, (totals.get(letter) ?? 0) + value);
    process.stdout.write(row(values, options.words.length === 0 ? '-' : name));
  });
  if (options.words.length > 1) process.stdout.write(row(totals, 'total'));
  return code;
};

interface Key {
  readonly from: number;
  readonly fromChar: number;
  readonly to: number;
  readonly toChar: number;
  readonly flags: string;
}

function keyOf(text: string): Key {
  const [, from = '1', fromChar = '1', first = '', to = '0', toChar = '0', second = ''] =
    /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(text) ?? [];
  return {
    from: Number(from),
    fromChar: Number(fromChar),
    to: Number(to),
    toChar: Number(toChar),
    flags: first + second,
  };
}

function keyText(line: string, { from, fromChar, to, toChar }: Key, separator: string | undefined): string {
  const fields = separator === undefined ? (line.match(/[ \t]*[^ \t]+/g) ?? []) : line.split(separator);
  const joiner = separator ?? '';
  const picked = fields.slice(from - 1, to === 0 ? undefined : to);
  if (toChar > 0 && picked.length > 0) picked[picked.length - 1] = (picked.at(-1) ?? '').slice(0, toChar);
  return picked.join(joiner).slice(fromChar - 1);
}

const suffixes: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function numberAt(text: string, isHuman: boolean): number {
  const [, digits = '', unit = ''] = /^\s*(-?\d*\.?\d*)([kKMGT]?)/.exec(text) ?? [];
  return (Number(digits) || 0) * (isHuman ? (suffixes[unit] ?? 1) : 1);
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

function compareBy(a: string, b: string, flags: string): number {
  const clean = (text: string): string => {
    let shown = flags.includes('b') || flags.includes('n') ? text.trimStart() : text;
    if (flags.includes('d')) shown = shown.replaceAll(/[^A-Za-z0-9 \t]/g, '');
    return flags.includes('f') ? shown.toUpperCase() : shown;
  };
  let order: number;
  if (/[ngh]/.test(flags)) order = numberAt(a, flags.includes('h')) - numberAt(b, flags.includes('h'));
  else if (flags.includes('M'))
    order =
      monthNames.indexOf(a.trim().slice(0, 3).toUpperCase()) - monthNames.indexOf(b.trim().slice(0, 3).toUpperCase());
  else if (flags.includes('V')) order = versionOrder(a, b);
  else {
    const [left, right] = [clean(a), clean(b)];
    order = left < right ? -1 : Number(left > right);
  }
  return flags.includes('r') ? -order : order;
}

function versionOrder(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one = '', other = ''] = [left[at], right[at]];
    if (one === other) continue;
    if (/^\d/.test(one) && /^\d/.test(other) && Number(one) !== Number(other)) return Number(one) - Number(other);
    return one < other ? -1 : 1;
  }
  return 0;
}

const sort: ShellProgram = async (args, process) => {
  const form = {
    letters: 'nrufbdghMVscCzimk:t:o:T:S:',
    long: {
      'numeric-sort': 'n',
      reverse: 'r',
      unique: 'u',
      key: 'k',
      'field-separator': 't',
      output: 'o',
      stable: 's',
      check: 'c',
    },
  };
  const options = parseOptions(args, form, process);
  if (options === undefined) return 1;
  const flags = [...'nrfbdghMV'].filter((letter) => options.has(letter)).join('');
  const keys = options.values('k').map(keyOf);
  const separator = options.value('t');
  const { text, code } = await textOfInputs(process, 'sort', options.words);
  await pause(process);
  const end = options.has('z') ? '\0' : '\n';
  const lines = text.split(end);
  if (lines.at(-1) === '') lines.pop();
  const byKeys = (a: string, b: string): number => {
    for (const key of keys) {
      const order = compareBy(
        keyText(a, key, separator),
        keyText(b, key, separator),
        key.flags === '' ? flags : key.flags,
      );
      if (order !== 0) return order;
    }
    return keys.length === 0 ? compareBy(a, b, flags) : 0;
  };
  const full = (a: string, b: string): number => {
    const order = byKeys(a, b);
    if (order !== 0 || options.has('s') || options.has('u')) return order;
    const plain = a < b ? -1 : Number(a > b);
    return flags.includes('r') ? -plain : plain;
  };
  if (options.has('c')) {
    const at = lines.findIndex(
      (line, index) => index > 0 && byKeys(lines[index - 1] ?? '', line) > (options.has('u') ? -1 : 0),
    );
    if (at < 0) return 0;
    process.stderr.write(`sort: ${options.words[0] ?? '-'}:${at + 1}: disorder: ${lines[at]}\n`);
    return 1;
  }
  const sorted = lines
    .toSorted(full)
    .filter((line, at, all) => !options.has('u') || at === 0 || byKeys(all[at - 1] ?? '', line) !== 0);
  const output = sorted.map((line) => line + end).join('');
  const target = options.value('o');
  if (target === undefined) process.stdout.write(output);
  else {
    try {
      const file = process.open(target, { write: true, create: true, truncate: true });
      file.channel.write?.(output);
      file.release();
    } catch (error) {
      process.stderr.write(`sort: ${target}: ${reason(error)}\n`);
      return 1;
    }
  }
  return code;
};

const uniq: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'cduif:s:w:', long: { count: 'c', repeated: 'd', unique: 'u', 'ignore-case': 'i' } },
    process,
  );
  if (options === undefined) return 1;
  const key = (line: string): string => {
    const skipped = line
      .replace(new RegExp(`^(?:\\s*\\S+){0,${Number(options.value('f') ?? 0)}}`), '')
      .slice(Number(options.value('s') ?? 0));
    const width = options.value('w');
    const kept = width === undefined ? skipped : skipped.slice(0, Number(width));
    return options.has('i') ? kept.toLowerCase() : kept;
  };
  let [before, times]: [string | undefined, number] = [undefined, 0];
  const flush = (): void => {
    if (before === undefined || (options.has('d') && times < 2) || (options.has('u') && times > 1)) return;
    process.stdout.write(`${options.has('c') ? `${String(times).padStart(7)} ` : ''}${before}\n`);
  };
  return eachInput(process, 'uniq', options.words.slice(0, 1), async ({ reader }) => {
    for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
      const text = line.replace(/\n$/, '');
      if (before !== undefined && key(before) === key(text)) times++;
      else {
        flush();
        [before, times] = [text, 1];
      }
      await pause(process);
    }
    flush();
  });
};

/** `1,3-5,7-`. */
function rangesOf(text: string): ((at: number) => boolean) | undefined {
  const ranges = text.split(',').map((part) => /^(\d*)(-?)(\d*)$/.exec(part));
  if (ranges.some((range) => range === null || range[0] === '' || range[0] === '-')) return undefined;
  return (at) =>
    ranges.some((range) => {
      const [, from = '', dash, to = ''] = range ?? [];
      if (dash === '') return at === Number(from);
      return at >= Number(from || 1) && at <= (to === '' ? Number.POSITIVE_INFINITY : Number(to));
    });
}

const cut: ShellProgram = async (args, process) => {
  const form = {
    letters: 'f:d:c:b:snD',
    long: { fields: 'f', delimiter: 'd', characters: 'c', 'only-delimited': 's', 'output-delimiter': 'O' },
  };
  const options = parseOptions(
    args.map((arg) => arg.replace(/^--output-delimiter=/, '-O')),
    { ...form, letters: `${form.letters}O:` },
    process,
  );
  if (options === undefined) return 1;
  const list = options.value('f') ?? options.value('c') ?? options.value('b');
  const isWanted = list === undefined ? undefined : rangesOf(list);
  if (isWanted === undefined) {
    process.stderr.write(
      list === undefined ? 'cut: expected a list of bytes, characters, or fields\n' : `cut: invalid range ${list}\n`,
    );
    return 1;
  }
  const delimiter = options.value('d') ?? '\t';
  const joiner = options.value('O') ?? delimiter;
  return eachInput(process, 'cut', options.words, async ({ reader }) => {
    for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
      const text = line.replace(/\n$/, '');
      if (!options.has('f')) process.stdout.write(`${[...text].filter((_, at) => isWanted(at + 1)).join('')}\n`);
      else if (text.includes(delimiter))
        process.stdout.write(
          `${text
            .split(delimiter)
            .filter((_, at) => isWanted(at + 1))
            .join(joiner)}\n`,
        );
      else if (!options.has('s')) process.stdout.write(`${text}\n`);
      await pause(process);
    }
  });
};

const fold: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'w:sb', long: { width: 'w', spaces: 's' } }, process);
  if (options === undefined) return 1;
  const width = Math.max(1, Number(options.value('w') ?? 80));
  const { text, code } = await textOfInputs(process, 'fold', options.words);
  const folded = linesOf(text).flatMap((line) => {
    const found: string[] = [];
    let rest = line;
    while (rest.length > width) {
      const space = options.has('s') ? rest.lastIndexOf(' ', width - 1) + 1 : 0;
      const at = space > 0 ? space : width;
      found.push(rest.slice(0, at));
      rest = rest.slice(at);
    }
    return [...found, rest];
  });
  process.stdout.write(folded.map((line) => `${line}\n`).join(''));
  return code;
};

const paste: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'd:s', long: { delimiters: 'd', serial: 's' } }, process);
  if (options === undefined) return 1;
  const delimiters = (options.value('d') ?? '\t').replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\0', '');
  const inputs = (options.words.length === 0 ? ['-'] : options.words).map((path) => openInput(process, 'paste', path));
  const joined = (fields: readonly string[]): string =>
    fields
      .map(
        (field, at) =>
          field + (at === fields.length - 1 ? '' : (delimiters[at % Math.max(1, delimiters.length)] ?? '')),
      )
      .join('');
  const code = Number(inputs.includes(undefined));
  if (options.has('s')) {
    for (const input of inputs)
      if (input !== undefined) process.stdout.write(`${joined(linesOf(await input.reader.rest()))}\n`);
    return code;
  }
  for (;;) {
    const row: (string | undefined)[] = [];
    // One after the other: stdin may be more than one of them.
    for (const input of inputs) row.push((await input?.reader.line())?.replace(/\n$/, ''));
    if (row.every((field) => field === undefined)) break;
    process.stdout.write(`${joined(row.map((field) => field ?? ''))}\n`);
    await pause(process);
  }
  for (const input of inputs) input?.file?.release();
  return code;
};

const comm: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: '123' }, process);
  if (options === undefined) return 1;
  const sides: string[][] = [];
  const code = await eachInput(process, 'comm', options.words, async ({ reader }) => {
    sides.push(linesOf(await reader.rest()));
  });
  const [left = [], right = []] = sides;
  const show = (column: number, line: string): void => {
    if (options.has(String(column))) return;
    const before = [1, 2].filter((one) => one < column && !options.has(String(one))).length;
    process.stdout.write(`${'\t'.repeat(before)}${line}\n`);
  };
  let [a, b] = [0, 0];
  while (a < left.length || b < right.length) {
    const [one, other] = [left[a], right[b]];
    if (other === undefined || (one !== undefined && one < other)) show(1, left[a++] ?? '');
    else if (one === undefined || one > other) show(2, right[b++] ?? '');
    else {
      show(3, one);
      a++;
      b++;
    }
  }
  return code;
};

const tee: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'ai', long: { append: 'a' } }, process);
  if (options === undefined) return 1;
  let code = 0;
  const files = options.words.flatMap((path) => {
    try {
      return [
        process.open(path, {
          write: true,
          create: true,
          ...(options.has('a') ? { append: true } : { truncate: true }),
        }),
      ];
    } catch (error) {
      process.stderr.write(`tee: ${path}: ${reason(error)}\n`);
      code = 1;
      return [];
    }
  });
  for (let piece = await process.stdin.chunk(); piece !== undefined; piece = await process.stdin.chunk()) {
    process.stdout.write(piece);
    for (const file of files) file.channel.write?.(piece);
    await pause(process);
  }
  for (const file of files) file.release();
  return code;
};

export const textTools: Readonly<Record<string, ShellProgram>> = { wc: count, sort, uniq, cut, fold, paste, comm, tee };
