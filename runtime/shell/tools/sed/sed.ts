import { FileError } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import { ExpressionError } from '../../regular-expression.ts';
import type { ShellProcess, ShellProgram } from '../../shell-process.ts';
import { type Input, openInput } from '../input.ts';
import { parseOptions } from '../options.ts';
import { parseSed, type SedCommand, SedError } from './parse.ts';
import { type Lines, type SedOutput, SedRun } from './run.ts';

const form = {
  letters: 'nEre:f:i:szu',
  long: { quiet: 'n', silent: 'n', 'regexp-extended': 'E', expression: 'e', file: 'f', 'in-place': 'i' },
};

/** `-i` has its suffix, if any, in the same word. */
function separated(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const [, flags, suffix] = /^-([nErszu]*)i(.*)$/.exec(arg) ?? [];
    if (flags !== undefined && !arg.startsWith('--'))
      return [...(flags === '' ? [] : [`-${flags}`]), `--in-place=${suffix}`];
    return arg === '--in-place' ? ['--in-place='] : [arg];
  });
}

const sed: ShellProgram = async (args, process) => {
  const options = parseOptions(separated(args), form, process);
  if (options === undefined) return 1;
  const { stderr } = process;
  const words = [...options.words];
  const scripts = [...options.values('e')];
  for (const path of options.values('f')) {
    const input = openInput(process, 'sed', path);
    if (input === undefined) return 1;
    scripts.push((await input.reader.rest()).replace(/\n$/, ''));
    input.file?.release();
  }
  if (scripts.length === 0) {
    const script = words.shift();
    if (script === undefined) {
      stderr.write(
        'BusyBox v1.37.0 multi-call binary.\n\nUsage: sed [-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...\nor: sed [-i[SFX]] [-nrE] CMD [FILE]...\n',
      );
      return 1;
    }
    scripts.push(script);
  }
  let commands: SedCommand[];
  try {
    commands = await parseSed(scripts.join('\n'), options.has('E') || options.has('r'));
  } catch (error) {
    if (!(error instanceof SedError) && !(error instanceof ExpressionError)) throw error;
    stderr.write(`sed: ${error instanceof SedError ? error.message : `bad regex: ${error.message}`}\n`);
    return 1;
  }
  const suffix = options.value('i');
  return suffix === undefined
    ? edit(process, commands, { words, isQuiet: options.has('n') })
    : editInPlace(process, commands, { words, isQuiet: options.has('n'), suffix });
};

interface Editing {
  readonly words: readonly string[];
  readonly isQuiet: boolean;
  readonly suffix?: string;
}

async function edit(
  process: ShellProcess,
  commands: readonly SedCommand[],
  { words, isQuiet }: Editing,
): Promise<number> {
  const state = { code: 0 };
  const lines = linesOf(process, words.length === 0 ? ['-'] : words, state);
  const code = await new SedRun(commands, process, isQuiet, {
    lines,
    output: outputTo(process, (text) => process.stdout.write(text)),
  }).run();
  return code ?? state.code;
}

async function editInPlace(
  process: ShellProcess,
  commands: readonly SedCommand[],
  { words, isQuiet, suffix = '' }: Editing,
): Promise<number> {
  const { files, cwd } = process;
  let run: SedRun | undefined;
  let code = 0;
  for (const path of words) {
    const state = { code: 0 };
    let text = '';
    const lines = linesOf(process, [path], state);
    const output = outputTo(process, (piece) => {
      text += piece;
    });
    if (run === undefined) run = new SedRun(commands, process, isQuiet, { lines, output });
    else run.restart(lines, output);
    const full = resolvePath(cwd, path);
    const before = files.read(full);
    const stopped = await run.run();
    code = Math.max(code, state.code, stopped ?? 0);
    if (state.code !== 0) continue;
    try {
      if (suffix !== '')
        files.write(
          suffix.includes('*') ? resolvePath(cwd, suffix.replaceAll('*', path)) : full + suffix,
          before ?? '',
        );
      files.write(full, text);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      process.stderr.write(`sed: can't create temp file '${path}XXXXXX': ${error.message.replace(/^.*: /, '')}\n`);
      code = 4;
    }
  }
  return code;
}

function outputTo(process: ShellProcess, write: (text: string) => void): SedOutput {
  const written = new Set<string>();
  return {
    write,
    readFile: (path) => process.files.read(resolvePath(process.cwd, path)) ?? '',
    writeFile: (path, text) => {
      if (path === '/dev/stdout') write(text);
      else if (path === '/dev/stderr') process.stderr.write(text);
      else {
        process.files.write(resolvePath(process.cwd, path), text, { append: written.has(path) });
        written.add(path);
      }
    },
  };
}

/** Lines of all files as one. */
function linesOf(process: ShellProcess, paths: readonly string[], state: { code: number }): Lines {
  let at = 0;
  let input: Input | undefined;
  let ahead: string | undefined;
  let isAhead = false;
  let hasEnd = true;
  const read = async (): Promise<string | undefined> => {
    for (;;) {
      if (input === undefined) {
        const path = paths[at++];
        if (path === undefined) return undefined;
        input = openInput(process, 'sed', path);
        if (input === undefined) state.code = 1;
        continue;
      }
      const line = await input.reader.line();
      if (line !== undefined) return line;
      input.file?.release();
      input = undefined;
    }
  };
  const look = async (): Promise<string | undefined> => {
    if (!isAhead) ahead = await read();
    isAhead = true;
    return ahead;
  };
  return {
    next: async () => {
      const line = await look();
      isAhead = false;
      hasEnd = line?.endsWith('\n') !== false;
      return line?.replace(/\n$/, '');
    },
    isLast: async () => (await look()) === undefined,
    hasEnd: () => hasEnd,
  };
}

export const sedTools: Readonly<Record<string, ShellProgram>> = { sed };
