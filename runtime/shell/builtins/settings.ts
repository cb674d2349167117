import { ExpansionError } from '../control.ts';
import { quotedWord } from '../quote.ts';
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

/** Takes the options of `set` or of a shell's command line; what is left. */
export function takeOptions(shell: Shell, args: readonly string[]): readonly string[] | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return args.slice(at + 1);
    if (!/^[-+]./.test(arg)) return arg === '-' ? args.slice(at + 1) : args.slice(at);
    const isOn = arg.startsWith('-');
    for (const letter of arg.slice(1)) {
      if (letter === 'o') {
        const name = args[++at];
        if (name === undefined) {
          for (const [option, key] of options) {
            const isSet = shell.options.has(key);
            shell.say(isOn ? `${option.padEnd(16)}${isSet ? 'on' : 'off'}\n` : `set ${isSet ? '-' : '+'}o ${option}\n`);
          }
          return undefined;
        }
        const found = options.find(([option]) => option === name);
        if (found === undefined) {
          if (
            shell.isBash &&
            /^(posix|emacs|braceexpand|hashall|histexpand|history|functrace|physical|privileged|interactive-comments|keyword|nolog|onecmd)$/.test(
              name,
            )
          )
            continue;
          throw new ExpansionError(`set: line 0: illegal option ${isOn ? '-' : '+'}o ${name}`);
        }
        setOption(shell, found[1], isOn);
      } else if (/[aefImnxvCbuEVhBHTPkpt]/.test(letter)) setOption(shell, letter, isOn);
      else throw new ExpansionError(`set: line 0: illegal option ${isOn ? '-' : '+'}${letter}`);
    }
  }
  return undefined;
}

const set: Builtin = (args, { shell }) => {
  if (args.length === 0) {
    for (const name of shell.variables.names()) {
      const value = shell.variables.get(name);
      if (value !== undefined) shell.say(`${name}=${quotedWord(value)}\n`);
    }
    return 0;
  }
  const rest = takeOptions(shell, args);
  if (rest !== undefined) shell.parameters = rest;
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

/** `getopts 'ab:' name`. */
const getopts: Builtin = (args, { shell }) => {
  const [wanted, name, ...given] = args;
  if (wanted === undefined || name === undefined) {
    shell.complain('usage: getopts optstring var [arg]', 'getopts');
    return 2;
  }
  const { variables } = shell;
  const words = given.length > 0 ? given : shell.parameters;
  const isQuiet = wanted.startsWith(':');
  let index = Number(variables.get('OPTIND') ?? '1') || 1;
  if (index === 1 && shell.optionAt > (words[0]?.length ?? 0)) shell.optionAt = 0;
  const word = words[index - 1];
  const finish = (letter: string, code: number): number => {
    variables.set(name, letter);
    variables.set('OPTIND', String(index));
    return code;
  };
  if (shell.optionAt === 0) {
    if (word === '--') index++;
    if (word === undefined || !/^-./.test(word) || word === '--') {
      variables.unset('OPTARG');
      return finish('?', 1);
    }
    shell.optionAt = 1;
  }
  const letter = word?.[shell.optionAt] ?? '';
  shell.optionAt++;
  const at = letter === ':' ? -1 : wanted.indexOf(letter, isQuiet ? 1 : 0);
  const isWordOver = shell.optionAt >= (word?.length ?? 0);
  if (at < 0 || letter === '') {
    if (isWordOver) next();
    if (isQuiet) variables.set('OPTARG', letter);
    else
      shell.context.stderr.write(
        `${shell.isBash ? shell.name : shell.label}: illegal option -${shell.isBash ? '- ' : ''}${letter}\n`,
      );
    return finish('?', 0);
  }
  if (wanted[at + 1] !== ':') {
    if (isWordOver) next();
    variables.unset('OPTARG');
    return finish(letter, 0);
  }
  const value = isWordOver ? words[index] : word?.slice(shell.optionAt);
  if (isWordOver) index++;
  next();
  if (value === undefined) {
    if (isQuiet) variables.set('OPTARG', letter);
    else
      shell.context.stderr.write(
        `${shell.isBash ? shell.name : shell.label}: ${shell.isBash ? 'option requires an argument -- ' : 'no arg for -'}${letter}${shell.isBash ? '' : ' option'}\n`,
      );
    return finish(isQuiet ? ':' : '?', 0);
  }
  variables.set('OPTARG', value);
  return finish(letter, 0);

  function next(): void {
    index++;
    shell.optionAt = 0;
  }
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
  ['getopts', getopts],
  ['history', history],
  ['help', help],
];
