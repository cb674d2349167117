import { sleep } from '../client/sleep.ts';
import { resolvePath } from '../files/path.ts';
import { find } from './find.ts';
import { networkTools } from './network/tools.ts';
import { Leave, type ShellProgram } from './shell-process.ts';
import { test } from './test-command.ts';
import { textTools } from './text-tools.ts';

const unitsMs: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const yearMs = 365 * 86_400_000;

/** What a `sleep` was given, in milliseconds. */
export function sleepMs(text: string): number | undefined {
  if (/^inf/.test(text)) return yearMs;
  const [, amount, unit = ''] = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitsMs[unit] ?? 1000);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', a: '\u0007', '0': '\0' };

export function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, (whole, char: string) => escapes[char] ?? whole);
}

const echo: ShellProgram = (args, { stdout }) => {
  let at = 0;
  let [ending, isEscaped] = ['\n', false];
  for (; /^-[neE]+$/.test(args[at] ?? ''); at++) {
    if (args[at]?.includes('n')) ending = '';
    if (args[at]?.includes('e')) isEscaped = true;
  }
  const text = args.slice(at).join(' ');
  stdout.write((isEscaped ? unescaped(text) : text) + ending);
  return 0;
};

const printf: ShellProgram = ([format = '', ...args], { stdout }) => {
  const rest = [...args];
  do {
    stdout.write(
      unescaped(format).replaceAll(/%(-?\d*)([sdixc%])/g, (_whole, width: string, kind: string) => {
        if (kind === '%') return '%';
        const value = rest.shift() ?? '';
        const text = kind === 's' || kind === 'c' ? value : String(Number(value) || 0);
        return width.startsWith('-') ? text.padEnd(-Number(width)) : text.padStart(Number(width));
      }),
    );
  } while (rest.length > 0 && /%[^%]/.test(format));
  return 0;
};

const bracket =
  (closing: string): ShellProgram =>
  (args, process) => {
    if (args.at(-1) !== closing) {
      process.stderr.write(`sh: missing ${closing}\n`);
      return 2;
    }
    return test(args.slice(0, -1), process);
  };

const pause: ShellProgram = async ([text = ''], { clock, killed, stderr }) => {
  const ms = sleepMs(text);
  if (ms === undefined) {
    stderr.write(`sleep: invalid number '${text}'\n`);
    return 1;
  }
  await sleep(clock, ms, killed);
  return 0;
};

const trap: ShellProgram = ([action = '', ...signals], { traps }) => {
  for (const signal of signals) {
    const name = signal.replace(/^SIG/, '').replace(/^0$/, 'EXIT').replace(/^15$/, 'TERM').replace(/^2$/, 'INT');
    if (action === '-') traps.delete(name);
    else traps.set(name, action);
  }
  return 0;
};

const set: ShellProgram = (args, process) => {
  for (const [index, arg] of args.entries()) {
    if (arg === '--') {
      process.parameters = [process.parameters[0] ?? 'sh', ...args.slice(index + 1)];
      break;
    }
    if (arg === '-o' || arg === '+o') break;
    for (const option of arg.slice(1)) {
      if (arg.startsWith('-')) process.options.add(option);
      else if (arg.startsWith('+')) process.options.delete(option);
    }
  }
  return 0;
};

const exporting: ShellProgram = (args, { variables, exported }) => {
  for (const arg of args) {
    const [name = '', ...value] = arg.split('=');
    exported.add(name);
    if (arg.includes('=')) variables.set(name, value.join('='));
  }
  return 0;
};

const read: ShellProgram = async (args, { stdin, variables }) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const line = await stdin.line();
  if (line === undefined) return 1;
  const words = line.trim().split(/[ \t]+/);
  for (const [index, name] of names.entries())
    variables.set(name, index === names.length - 1 ? words.slice(index).join(' ') : (words[index] ?? ''));
  return 0;
};

const changeDirectory: ShellProgram = ([path = '/root'], process) => {
  const target = resolvePath(process.cwd, path);
  if (!process.files.isDirectory(target)) {
    process.stderr.write(`sh: cd: can't cd to ${path}: No such file or directory\n`);
    return 1;
  }
  process.cwd = target;
  process.variables.set('PWD', target);
  return 0;
};

/** Until all of the background has ended, or a signal is to be heeded. */
const wait: ShellProgram = async (_args, { jobs, pending, traps, clock, killed }) => {
  let codes: readonly number[] | undefined;
  void Promise.all(jobs).then((ended) => (codes = ended));
  while (codes === undefined && !killed.aborted && ![...pending].some((signal) => traps.has(signal)))
    await sleep(clock, 20, killed);
  return codes?.at(-1) ?? 143;
};

const printDirectory: ShellProgram = (_args, { cwd, stdout }) => {
  stdout.write(`${cwd}\n`);
  return 0;
};

const leave =
  (what: Leave['what'], fallback?: number): ShellProgram =>
  ([value], { lastCode }) => {
    throw new Leave(what, value === undefined ? (fallback ?? lastCode) : Number(value) & 0xff);
  };

/** What every shell has; the texts and files come from `textTools`. */
export const builtins: ReadonlyMap<string, ShellProgram> = new Map<string, ShellProgram>([
  ...textTools,
  ...networkTools,
  ['find', find],
  ['true', () => 0],
  [':', () => 0],
  ['false', () => 1],
  ['echo', echo],
  ['printf', printf],
  ['test', test],
  ['[', bracket(']')],
  ['[[', bracket(']]')],
  ['sleep', pause],
  ['usleep', ([text = '0'], process) => pause([String(Number(text) / 1e6)], process)],
  ['trap', trap],
  ['set', set],
  ['export', exporting],
  ['readonly', exporting],
  [
    'local',
    (args, { variables }) => {
      for (const arg of args) {
        const [name = '', ...value] = arg.split('=');
        variables.set(name, value.join('='));
      }
      return 0;
    },
  ],
  [
    'unset',
    (args, { variables, functions }) => {
      for (const arg of args) {
        variables.delete(arg);
        functions.delete(arg);
      }
      return 0;
    },
  ],
  [
    'shift',
    ([count = '1'], process) => {
      process.parameters = [process.parameters[0] ?? 'sh', ...process.parameters.slice(1 + Number(count))];
      return 0;
    },
  ],
  ['read', read],
  ['cd', changeDirectory],
  ['pwd', printDirectory],
  ['exit', leave('exit')],
  ['return', leave('return')],
  ['break', leave('break', 1)],
  ['continue', leave('continue', 1)],
  ['wait', wait],
  ['umask', () => 0],
  ['ulimit', () => 0],
]);
