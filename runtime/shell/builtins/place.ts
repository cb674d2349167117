import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { mayUse } from '../../processes/process-files.ts';
import { modeLetters, parseMode } from '../file-mode.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

function enter(shell: Shell, path: string): string | undefined {
  const { context } = shell;
  const target = resolvePath(context.cwd, path);
  try {
    const stat = context.files.stat(target);
    if (stat === undefined) return 'ENOENT';
    if (stat.type !== 'directory') return 'ENOTDIR';
    if (!mayUse(context.user, stat, 1)) return 'EACCES';
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.code;
  }
  shell.variables.set('OLDPWD', shell.variables.get('PWD') ?? context.cwd);
  context.cwd = target;
  shell.variables.set('PWD', target);
  return undefined;
}

/** Where along CDPATH it is, when that is not simply here. */
function listedFolder({ variables, context }: Shell, given: string): string | undefined {
  if (/^\.{0,2}(\/|$)/.test(given) || given === '-') return undefined;
  for (const folder of (variables.get('CDPATH') ?? '').split(':')) {
    const path = resolvePath(context.cwd, `${folder === '' ? '.' : folder}/${given}`);
    if (context.files.isDirectory(path)) return folder === '' || folder === '.' ? undefined : path;
  }
  return undefined;
}

const changeDirectory: Builtin = (args, { shell }) => {
  const [given] = args.filter((arg) => arg !== '-L' && arg !== '-P' && arg !== '--');
  const path = given === '-' ? shell.variables.get('OLDPWD') : (given ?? shell.variables.get('HOME'));
  if (path === undefined) {
    shell.complain(given === '-' ? 'OLDPWD not set' : 'HOME not set', 'cd');
    return 1;
  }
  const folder = given === undefined ? undefined : listedFolder(shell, given);
  const code = enter(shell, folder ?? (path === '' ? '.' : path));
  if (code !== undefined) {
    const reason = errorText(code);
    shell.complain(shell.isBash ? `${path}: ${reason}` : `can't cd to ${path}: ${reason}`, 'cd');
    return shell.isBash ? 1 : 2;
  }
  if (given === '-' || folder !== undefined) shell.say(`${shell.context.cwd}\n`);
  return 0;
};

const printDirectory: Builtin = (_args, { shell }) => {
  shell.say(`${shell.context.cwd}\n`);
  return 0;
};

const mask: Builtin = ([arg, other], { shell }) => {
  const { context } = shell;
  if (arg === undefined) shell.say(`${context.umask.toString(8).padStart(4, '0')}\n`);
  else if (arg === '-S' && other === undefined) {
    const parts = [6, 3, 0].map((shift) =>
      modeLetters((0o777 & ~context.umask) >> shift)
        .slice(6)
        .replaceAll('-', ''),
    );
    shell.say(`u=${parts[0]},g=${parts[1]},o=${parts[2]}\n`);
  } else if (/^[0-7]+$/.test(arg)) context.umask = Number.parseInt(arg, 8) & 0o777;
  else {
    const mode = parseMode(arg, 0o777 & ~context.umask, false);
    if (mode === undefined) {
      shell.complain(`Illegal mode: ${arg}`, 'umask');
      return 1;
    }
    context.umask = 0o777 & ~mode;
  }
  return 0;
};

const limits: readonly (readonly [letter: string, text: string, value: string])[] = [
  ['c', 'core file size (blocks)         (-c)', '0'],
  ['d', 'data seg size (kb)              (-d)', 'unlimited'],
  ['e', 'scheduling priority             (-e)', '0'],
  ['f', 'file size (blocks)              (-f)', 'unlimited'],
  ['i', 'pending signals                 (-i)', '15000'],
  ['l', 'max locked memory (kb)          (-l)', '8192'],
  ['m', 'max memory size (kb)            (-m)', 'unlimited'],
  ['n', 'open files                      (-n)', '1048576'],
  ['q', 'POSIX message queues (bytes)    (-q)', '819200'],
  ['r', 'real-time priority              (-r)', '0'],
  ['s', 'stack size (kb)                 (-s)', '8192'],
  ['t', 'cpu time (seconds)              (-t)', 'unlimited'],
  ['u', 'max user processes              (-u)', 'unlimited'],
  ['v', 'virtual memory (kb)             (-v)', 'unlimited'],
];

const limit: Builtin = (args, { shell }) => {
  if (args.includes('-a')) {
    shell.say(limits.map(([, text, value]) => `${text} ${value}\n`).join(''));
    return 0;
  }
  const letters =
    args
      .filter((arg) => arg.startsWith('-'))
      .join('')
      .replaceAll(/[-SH]/g, '') || 'f';
  // Setting one is heard and changes nothing.
  if (args.some((arg) => !arg.startsWith('-'))) return 0;
  for (const letter of letters) {
    const found = limits.find(([name]) => name === letter);
    if (found === undefined) {
      shell.complain(`invalid option -${letter}`, 'ulimit');
      return 2;
    }
    shell.say(`${found[2]}\n`);
  }
  return 0;
};

export const placeBuiltins: readonly (readonly [string, Builtin])[] = [
  ['cd', changeDirectory],
  ['chdir', changeDirectory],
  ['pwd', printDirectory],
  ['umask', mask],
  ['ulimit', limit],
];
