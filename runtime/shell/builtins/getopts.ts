import type { Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

interface Scan {
  readonly shell: Shell;
  readonly wanted: string;
  readonly words: readonly string[];
  readonly isQuiet: boolean;
  /** From 1, as OPTIND. */
  index: number;
}

interface Outcome {
  readonly letter: string;
  readonly code: number;
  readonly value?: string;
}

/** `getopts 'ab:' name`. */
const getopts: Builtin = ([wanted, name, ...given], { shell }) => {
  if (wanted === undefined || name === undefined) {
    shell.complain('usage: getopts optstring var [arg]', 'getopts');
    return 2;
  }
  const { variables } = shell;
  const words = given.length > 0 ? given : shell.parameters;
  const index = Number(variables.get('OPTIND') ?? '1') || 1;
  if (index === 1 && shell.optionAt > (words[0]?.length ?? 0)) shell.optionAt = 0;
  const scan: Scan = { shell, wanted, words, isQuiet: wanted.startsWith(':'), index };
  const { letter, code, value } = next(scan);
  if (value === undefined) variables.unset('OPTARG');
  else variables.set('OPTARG', value);
  variables.set(name, letter);
  variables.set('OPTIND', String(scan.index));
  return code;
};

function next(scan: Scan): Outcome {
  const { shell, wanted, words, isQuiet } = scan;
  const word = words[scan.index - 1];
  if (shell.optionAt === 0) {
    if (word === '--') scan.index++;
    if (word === undefined || !/^-./.test(word) || word === '--') return { letter: '?', code: 1 };
    shell.optionAt = 1;
  }
  const letter = word?.[shell.optionAt] ?? '';
  shell.optionAt++;
  const at = letter === ':' ? -1 : wanted.indexOf(letter, isQuiet ? 1 : 0);
  const isWordOver = shell.optionAt >= (word?.length ?? 0);
  if (at < 0 || letter === '') {
    if (isWordOver) toNextWord(scan);
    return refused(scan, letter, '?', shell.isBash ? 'illegal option -- ' : 'Illegal option -');
  }
  if (wanted[at + 1] !== ':') {
    if (isWordOver) toNextWord(scan);
    return { letter, code: 0 };
  }
  const value = isWordOver ? words[scan.index] : word?.slice(shell.optionAt);
  if (isWordOver) scan.index++;
  toNextWord(scan);
  if (value !== undefined) return { letter, code: 0, value };
  return refused(scan, letter, ':', shell.isBash ? 'option requires an argument -- ' : 'No arg for -');
}

function toNextWord(scan: Scan): void {
  scan.index++;
  scan.shell.optionAt = 0;
}

/** Quietly, the letter is the value; else it is said. */
function refused({ shell, isQuiet }: Scan, letter: string, quietLetter: string, text: string): Outcome {
  if (isQuiet) return { letter: quietLetter, code: 0, value: letter };
  const end = text.startsWith('No arg') ? ' option' : '';
  shell.context.stderr.write(`${shell.isBash ? `${shell.name}: ` : ''}${text}${letter}${end}\n`);
  return { letter: '?', code: 0 };
}

export const optionBuiltins: readonly (readonly [string, Builtin])[] = [['getopts', getopts]];
