import { resolvePath } from '../files/path.ts';
import type { ShellProcess, ShellProgram } from './shell-process.ts';
import type { Writer } from './streams.ts';

async function inputOf(names: readonly string[], tool: string, process: ShellProcess): Promise<string | undefined> {
  if (names.length === 0) return process.stdin.rest();
  let text = '';
  let isMissing = false;
  for (const name of names) {
    const found = name === '-' ? await process.stdin.rest() : process.files.read(resolvePath(process.cwd, name));
    if (found === undefined) {
      const why = process.files.isDirectory(resolvePath(process.cwd, name))
        ? 'Is a directory'
        : 'No such file or directory';
      process.stderr.write(`${tool}: can't open '${name}': ${why}\n`);
      isMissing = true;
    } else text += found;
  }
  return isMissing && text === '' ? undefined : text;
}

function operands(args: readonly string[]): string[] {
  return args.filter((arg) => !arg.startsWith('-') || arg === '-');
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

const cat: ShellProgram = async (args, process) => {
  const names = operands(args);
  if (names.length === 0) {
    for (let line = await process.stdin.line(); line !== undefined; line = await process.stdin.line())
      process.stdout.write(line);
    return 0;
  }
  const text = await inputOf(names, 'cat', process);
  if (text !== undefined) process.stdout.write(text);
  return text === undefined ? 1 : 0;
};

const touch: ShellProgram = (args, { files, cwd }) => {
  for (const name of operands(args)) {
    const path = resolvePath(cwd, name);
    files.write(path, files.read(path) ?? '');
  }
  return 0;
};

const remove: ShellProgram = (args, { files, cwd, stderr }) => {
  const isForced = args.some((arg) => /^-[a-z]*f/.test(arg));
  let code = 0;
  for (const name of operands(args)) {
    const path = resolvePath(cwd, name);
    if (files.read(path) === undefined && !files.isDirectory(path)) {
      if (isForced) continue;
      stderr.write(`rm: can't remove '${name}': No such file or directory\n`);
      code = 1;
    } else files.remove(path);
  }
  return code;
};

const makeDirectory: ShellProgram = (args, { files, cwd }) => {
  for (const name of operands(args)) files.makeDirectory(resolvePath(cwd, name));
  return 0;
};

const list: ShellProgram = (args, { files, cwd, stdout, stderr }) => {
  const [name = '.'] = operands(args);
  const path = resolvePath(cwd, name);
  if (files.read(path) !== undefined) {
    stdout.write(`${name}\n`);
    return 0;
  }
  if (!files.isDirectory(path)) {
    stderr.write(`ls: ${name}: No such file or directory\n`);
    return 1;
  }
  for (const entry of files.list(path)) if (!entry.startsWith('.')) stdout.write(`${entry}\n`);
  return 0;
};

const copy =
  (isMoved: boolean): ShellProgram =>
  (args, { files, cwd, stderr }) => {
    const [from = '', to = ''] = operands(args);
    const source = resolvePath(cwd, from);
    const text = files.read(source);
    if (text === undefined) {
      stderr.write(`cp: can't stat '${from}': No such file or directory\n`);
      return 1;
    }
    const target = resolvePath(cwd, to);
    files.write(files.isDirectory(target) ? `${target}/${from.slice(from.lastIndexOf('/') + 1)}` : target, text);
    if (isMoved) files.remove(source);
    return 0;
  };

const ends =
  (isHead: boolean): ShellProgram =>
  async (args, process) => {
    const at = args.indexOf('-n');
    const count = Number(
      at >= 0 ? args[at + 1] : (/^-(\d+)$/.exec(args.find((arg) => /^-\d+$/.test(arg)) ?? '')?.[1] ?? 10),
    );
    const names = operands(args).filter((_, index) => at < 0 || args.indexOf(operands(args)[index] ?? '') !== at + 1);
    const text = await inputOf(names, isHead ? 'head' : 'tail', process);
    if (text === undefined) return 1;
    const lines = linesOf(text);
    const chosen = isHead ? lines.slice(0, count) : lines.slice(Math.max(0, lines.length - count));
    if (chosen.length > 0) process.stdout.write(`${chosen.join('\n')}\n`);
    return 0;
  };

const grep: ShellProgram = async (args, process) => {
  const flags = args.filter((arg) => /^-[a-zA-Z]+$/.test(arg)).join('');
  const [pattern = '', ...names] = operands(args);
  const text = await inputOf(names, 'grep', process);
  if (text === undefined) return 2;
  const source = flags.includes('F') ? pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern;
  const expression = new RegExp(source, flags.includes('i') ? 'i' : '');
  const found = linesOf(text).filter((line) => expression.test(line) !== flags.includes('v'));
  if (flags.includes('c')) process.stdout.write(`${found.length}\n`);
  else if (!flags.includes('q') && found.length > 0) process.stdout.write(`${found.join('\n')}\n`);
  return found.length > 0 ? 0 : 1;
};

const count: ShellProgram = async (args, process) => {
  const text = await inputOf(operands(args), 'wc', process);
  if (text === undefined) return 1;
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  const lines = text.split('\n').length - 1;
  const words = text.split(/\s+/).filter((word) => word !== '').length;
  const wanted = [
    ...(flags === '' || flags.includes('l') ? [lines] : []),
    ...(flags === '' || flags.includes('w') ? [words] : []),
    ...(flags === '' || flags.includes('c') ? [new TextEncoder().encode(text).length] : []),
  ];
  process.stdout.write(`${wanted.join(' ')}\n`);
  return 0;
};

const sort: ShellProgram = async (args, process) => {
  const text = await inputOf(operands(args), 'sort', process);
  if (text === undefined) return 1;
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  let lines = linesOf(text).toSorted((a, b) =>
    flags.includes('n') ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0,
  );
  if (flags.includes('r')) lines = lines.toReversed();
  if (flags.includes('u')) lines = [...new Set(lines)];
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
};

const sequence: ShellProgram = (args, { stdout }) => {
  const [first = 1, second, third] = args.map(Number);
  const [from, step, to] =
    third !== undefined ? [first, second ?? 1, third] : second !== undefined ? [first, 1, second] : [1, 1, first];
  for (let value = from; step > 0 ? value <= to : value >= to; value += step) stdout.write(`${value}\n`);
  return 0;
};

const expression: ShellProgram = (args, { stdout, stderr }) => {
  const [left = '', operator = '', right = ''] = args;
  const [a, b] = [Number(left), Number(right)];
  const compared: Readonly<Record<string, boolean>> = {
    '=': left === right,
    '!=': left !== right,
    '<': a < b,
    '>': a > b,
    '<=': a <= b,
    '>=': a >= b,
  };
  const computed: Readonly<Record<string, number>> = {
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': Math.trunc(a / b),
    '%': a % b,
  };
  const value =
    args.length === 1 ? left : operator in compared ? String(Number(compared[operator])) : computed[operator];
  if (value === undefined || Number.isNaN(value)) {
    stderr.write('expr: syntax error\n');
    return 2;
  }
  stdout.write(`${value}\n`);
  return String(value) === '0' || value === '' ? 1 : 0;
};

const date: ShellProgram = ([format = ''], { clock, stdout }) => {
  const now = new Date(clock.now());
  const iso = now.toISOString();
  const seconds = Math.floor(clock.now() / 1000);
  const parts: Readonly<Record<string, string>> = {
    s: String(seconds),
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    N: `${iso.slice(20, 23)}000000`,
  };
  const [day = '', month = '', date = ''] = [
    now.toUTCString().slice(0, 3),
    now.toUTCString().slice(8, 11),
    String(now.getUTCDate()),
  ];
  const plain = `${day} ${month} ${date.padStart(2)} ${iso.slice(11, 19)} UTC ${iso.slice(0, 4)}`;
  const text = format.startsWith('+')
    ? format.slice(1).replaceAll(/%([a-zA-Z])/g, (whole, key: string) => parts[key] ?? whole)
    : plain;
  stdout.write(`${text}\n`);
  return 0;
};

const environment: ShellProgram = (_args, { variables, exported, stdout }) => {
  for (const [name, value] of variables) if (exported.has(name)) stdout.write(`${name}=${value}\n`);
  return 0;
};

const hostname: ShellProgram = (_args, { variables, stdout }) => {
  stdout.write(`${variables.get('HOSTNAME') ?? 'localhost'}\n`);
  return 0;
};

const identity: ShellProgram = (args, { variables, stdout }) => {
  stdout.write(args.includes('-u') ? `${variables.get('UID') ?? '0'}\n` : 'uid=0(root) gid=0(root) groups=0(root)\n');
  return 0;
};

function say(stdout: Writer, text: string): number {
  stdout.write(text);
  return 0;
}

/** Programs on texts and files, by name. */
export const textTools: readonly (readonly [string, ShellProgram])[] = [
  ['cat', cat],
  ['touch', touch],
  ['rm', remove],
  ['rmdir', remove],
  ['mkdir', makeDirectory],
  ['ls', list],
  ['cp', copy(false)],
  ['mv', copy(true)],
  ['head', ends(true)],
  ['tail', ends(false)],
  ['grep', grep],
  ['wc', count],
  ['sort', sort],
  ['seq', sequence],
  ['expr', expression],
  ['date', date],
  ['env', environment],
  ['printenv', environment],
  ['hostname', hostname],
  ['id', identity],
  ['whoami', (_args, { stdout }) => say(stdout, 'root\n')],
  ['uname', (_args, { stdout }) => say(stdout, 'Linux\n')],
  ['chmod', () => 0],
  ['chown', () => 0],
  ['sync', () => 0],
  ['basename', ([path = ''], { stdout }) => say(stdout, `${path.slice(path.lastIndexOf('/') + 1)}\n`)],
  ['dirname', ([path = ''], { stdout }) => say(stdout, `${path.slice(0, path.lastIndexOf('/')) || '.'}\n`)],
];
