import { ExpansionError } from '../control.ts';
import { quotedInAsh, quotedWord } from '../quote.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

/** Names of `set -o`, and their letters where they have one. */
const options: readonly (readonly [name: string, letter: string])[] = [
  ['errexit', 'e'],
  ['noglob', 'f'],
  ['ignoreeof', 'I'],
  ['monitor', 'm'],
  ['noexec', 'n'],
  ['xtrace', 'x'],
  ['verbose', 'v'],
  ['noclobber', 'C'],
  ['allexport', 'a'],
  ['notify', 'b'],
  ['nounset', 'u'],
  ['errtrace', 'E'],
  ['vi', 'V'],
  ['pipefail', 'pipefail'],
];

export function setOption(shell: Shell, letter: string, isOn: boolean): void {
  if (isOn) shell.options.add(letter);
  else shell.options.delete(letter);
}

function listOptions(shell: Shell, isTable: boolean): void {
  for (const [option, key] of options) {
    const isSet = shell.options.has(key);
    shell.say(isTable ? `${option.padEnd(16)}${isSet ? 'on' : 'off'}\n` : `set ${isSet ? '-' : '+'}o ${option}\n`);
  }
}

/** Options of bash that change nothing here. */
const idleOptions = new Set(
  (
    'posix emacs braceexpand hashall histexpand history functrace physical privileged interactive-comments keyword ' +
    'nolog onecmd'
  ).split(' '),
);

function setNamed(shell: Shell, name: string, isOn: boolean): void {
  const found = options.find(([option]) => option === name);
  if (found !== undefined) setLetter(shell, found[1], isOn);
  else if (!shell.isBash || !idleOptions.has(name))
    shell.complain(`illegal option ${isOn ? '-' : '+'}o ${name}`, 'set');
}

/** Takes the options of `set` or of a shell's command line; what is left. */
export function takeOptions(shell: Shell, args: readonly string[]): readonly string[] | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--' || arg === '-') return args.slice(at + 1);
    if (!/^[-+]./.test(arg)) return args.slice(at);
    const isOn = arg.startsWith('-');
    for (const letter of arg.slice(1)) if (letter !== 'o') setLetter(shell, letter, isOn);
    if (!arg.includes('o')) continue;
    const name = args[++at];
    if (name === undefined) {
      listOptions(shell, isOn);
      return undefined;
    }
    setNamed(shell, name, isOn);
  }
  return undefined;
}

function setLetter(shell: Shell, letter: string, isOn: boolean): void {
  if (!/[aefImnxvCbuEVhBHTPkpt]/.test(letter))
    throw new ExpansionError(`set: line 0: illegal option ${isOn ? '-' : '+'}${letter}`);
  if (letter === 'm' && isOn && !shell.isBash && shell.context.terminal === undefined)
    shell.complain("can't access tty; job control turned off", 'set');
  else setOption(shell, letter, isOn);
}

const set: Builtin = (args, { shell }) => {
  if (args.length === 0) {
    for (const name of shell.variables.names()) {
      const value = shell.variables.get(name);
      if (value !== undefined) shell.say(`${name}=${shell.isBash ? quotedWord(value) : quotedInAsh(value)}\n`);
    }
    return 0;
  }
  const rest = takeOptions(shell, args);
  if (rest === undefined) return 0;
  shell.parameters = rest;
  // The next `getopts` begins anew.
  if (!shell.isBash) shell.variables.set('OPTIND', '1');
  shell.optionAt = 0;
  return 0;
};

/** `-s name`, `-u name`: what some scripts of bash ask for. */
const shopt: Builtin = (args, { shell }) => {
  const isOn = args.includes('-s');
  const names = args.filter((arg) => !arg.startsWith('-'));
  if (args.includes('-q')) return Number(!names.every((name) => shell.options.has(name)));
  if (isOn || args.includes('-u')) for (const name of names) setOption(shell, name, isOn);
  return 0;
};

const history: Builtin = (args, { shell }) => {
  if (args[0] === '-c') shell.history = [];
  for (const [index, line] of shell.history.entries()) shell.say(`${String(index).padStart(5)} ${line}\n`);
  return 0;
};

const help: Builtin = (_args, { shell }) => {
  shell.say(
    'Built-in commands:\n------------------\n\t. : [ [[ alias bg break cd chdir command continue echo eval exec\n' +
      '\texit export false fg getopts hash help history jobs kill let\n\tlocal printf pwd read readonly return set shift source test times\n' +
      '\ttrap true type ulimit umask unalias unset wait\n',
  );
  return 0;
};

export const settingBuiltins: readonly (readonly [string, Builtin])[] = [
  ['set', set],
  ['shopt', shopt],
  ['history', history],
  ['help', help],
];
