import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { timeZoneOf } from '../time-zone.ts';
import { dateMs } from './date-input.ts';
import { reason } from './input.ts';
import { parseOptions } from './options.ts';
import { attempt, baseName, type CopyOptions, copyTree, join, statOf } from './tree-walk.ts';

const touch: ShellProgram = (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'cd:t:r:amh', long: { 'no-create': 'c', date: 'd', reference: 'r' } },
    process,
  );
  if (options === undefined) return 1;
  const { files, cwd, clock, variables } = process;
  const text = options.value('d') ?? options.value('t');
  const reference = options.value('r');
  const time =
    reference !== undefined
      ? files.stat(resolvePath(cwd, reference))?.modifiedAt
      : text === undefined
        ? clock.now()
        : dateMs(text, clock.now(), timeZoneOf(variables.get('TZ')));
  if (time === undefined) {
    process.stderr.write(
      `touch: ${reference === undefined ? `invalid date '${text}'` : `${reference}: ${errorText('ENOENT')}`}\n`,
    );
    return 1;
  }
  let code = 0;
  for (const path of options.words) {
    const full = resolvePath(cwd, path);
    const isDone = attempt(process, `touch: ${path}`, () => {
      if (files.stat(full) === undefined) {
        if (options.has('c')) return;
        process.open(path, { write: true, create: true }).release();
      }
      files.setTime?.(full, time);
    });
    if (!isDone) code = 1;
  }
  return code;
};

const remove: ShellProgram = (args, process) => {
  const options = parseOptions(args, { letters: 'rRfiv', long: { recursive: 'r', force: 'f', verbose: 'v' } }, process);
  if (options === undefined) return 1;
  const { files, cwd, stderr, stdout } = process;
  const isForced = options.has('f');
  let code = 0;
  const fail = (text: string): void => {
    stderr.write(`rm: ${text}\n`);
    code = 1;
  };
  if (options.words.length === 0 && !isForced) fail('missing operand');
  const isRecursive = options.has('r') || options.has('R');
  for (const path of options.words) {
    const full = resolvePath(cwd, path);
    const name = baseName(path);
    if (name === '.' || name === '..') {
      fail(`can't remove '${name}' directory`);
      continue;
    }
    const stat = statOf(process, full, true);
    if (stat === undefined) {
      if (!isForced) fail(`can't remove '${path}': No such file or directory`);
    } else if (stat.type === 'directory' && !isRecursive) fail(`'${path}' is a directory`);
    else removeOne(full, path);
  }
  return code;

  function removeOne(full: string, path: string): void {
    const isEmptied = files.lstat(full)?.type !== 'directory' || removeInside(full, path);
    if (!isEmptied) return;
    try {
      files.remove(full);
      if (options?.has('v') === true) stdout.write(`removed '${path}'\n`);
    } catch (error) {
      fail(`can't remove '${path}': ${reason(error)}`);
    }
  }

  /** One by one, so that what may not go stays, and is named. */
  function removeInside(full: string, path: string): boolean {
    try {
      for (const name of files.list(full)) removeOne(join(full, name), join(path, name));
    } catch (error) {
      fail(`can't stat '${path}': ${reason(error)}`);
      return false;
    }
    return files.list(full).length === 0;
  }
};

/** Why a path is no directory that can go. */
function hindrance(process: ShellProcess, full: string): string | undefined {
  const stat = statOf(process, full, true);
  if (stat === undefined) return 'ENOENT';
  if (stat.type !== 'directory') return 'ENOTDIR';
  return process.files.list(full).length > 0 ? 'ENOTEMPTY' : undefined;
}

const removeDirectory: ShellProgram = (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'pv', long: { parents: 'p', 'ignore-fail-on-non-empty': 'v' } },
    process,
  );
  if (options === undefined) return 1;
  const { files, cwd, stderr } = process;
  let code = 0;
  for (const path of options.words) {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const full = resolvePath(cwd, at);
      const problem = hindrance(process, full);
      if (problem !== undefined) stderr.write(`rmdir: '${at}': ${errorText(problem)}\n`);
      if (problem !== undefined || !attempt(process, `rmdir: '${at}'`, () => files.remove(full))) {
        code = 1;
        break;
      }
      if (!options.has('p') || !at.slice(1).includes('/')) break;
    }
  }
  return code;
};

const makeDirectory: ShellProgram = (args, process) => {
  const options = parseOptions(args, { letters: 'pm:v', long: { parents: 'p', mode: 'm' } }, process);
  if (options === undefined) return 1;
  const { files, cwd, stderr, umask } = process;
  const isDeep = options.has('p');
  const given = options.value('m');
  const mode = given === undefined ? 0o777 & ~umask : Number.parseInt(given, 8);
  let code = 0;
  for (const path of options.words) {
    const full = resolvePath(cwd, path);
    const stat = statOf(process, full);
    if (stat !== undefined) {
      if (isDeep && stat.type === 'directory') continue;
      stderr.write(`mkdir: can't create directory '${path}': File exists\n`);
      code = 1;
      continue;
    }
    const isDone = attempt(process, `mkdir: can't create directory '${path}'`, () => {
      makeAll(full);
      if (given !== undefined) files.setMode(full, mode);
    });
    if (!isDone) code = 1;
  }
  return code;

  function makeAll(full: string): void {
    const folder = full.slice(0, full.lastIndexOf('/')) || '/';
    const parent = files.stat(folder);
    if (parent === undefined) {
      if (!isDeep) throw new FileError('ENOENT', full);
      makeAll(folder);
    } else if (parent.type !== 'directory') throw new FileError('ENOTDIR', full);
    files.makeDirectory(full, 0o777 & ~umask);
  }
};

/** The place of what is copied: in a directory under its own name. */
function placeIn(process: ShellProcess, target: string, source: string): string {
  const full = resolvePath(process.cwd, target);
  return statOf(process, full)?.type === 'directory' ? join(full, baseName(source)) : full;
}

const copy: ShellProgram = async (args, process) => {
  const form = {
    letters: 'rRadpfiLPHnlsuTvt:',
    long: { recursive: 'r', archive: 'a', force: 'f', verbose: 'v', preserve: 'p' },
  };
  const options = parseOptions(args, form, process);
  if (options === undefined) return 1;
  const { cwd, stderr } = process;
  const folder = options.value('t');
  const target = folder ?? options.words.at(-1);
  const sources = folder === undefined ? options.words.slice(0, -1) : options.words;
  if (target === undefined || sources.length === 0) {
    stderr.write('cp: missing file operand\n');
    return 1;
  }
  const isRecursive = ['r', 'R', 'a'].some((letter) => options.has(letter));
  if (sources.length > 1 && statOf(process, resolvePath(cwd, target))?.type !== 'directory') {
    stderr.write(`cp: target '${target}' is not a directory\n`);
    return 1;
  }
  let code = 0;
  for (const source of sources) {
    const from = resolvePath(cwd, source);
    const to = options.has('T') ? resolvePath(cwd, target) : placeIn(process, target, source);
    const keepsLinks = (options.has('a') || options.has('d') || options.has('P') || isRecursive) && !options.has('L');
    if (options.has('n') && statOf(process, to) !== undefined) continue;
    const isPreserving = options.has('a') || options.has('p');
    const given = { source, target, from, to, isRecursive, isPreserving, keepsLinks };
    if (!(await copyOne(process, given))) code = 1;
  }
  return code;
};

interface Copying extends CopyOptions {
  /** As they were named. */
  readonly source: string;
  readonly target: string;
  readonly from: string;
  readonly to: string;
}

async function copyOne(process: ShellProcess, copying: Copying): Promise<boolean> {
  const { stderr, files } = process;
  const { source, target, from, to } = copying;
  const problem = copyProblem(process, copying);
  if (problem !== undefined) {
    stderr.write(`cp: ${problem}\n`);
    return false;
  }
  try {
    if (files.stat(to.slice(0, to.lastIndexOf('/')) || '/') === undefined) throw new FileError('ENOENT', to);
    await copyTree(process, from, to, copying);
    return true;
  } catch (error) {
    const isRead = error instanceof FileError && error.code === 'EACCES' && error.message.startsWith(from);
    stderr.write(`cp: can't ${isRead ? `open '${source}'` : `create '${target}'`}: ${reason(error)}\n`);
    return false;
  }
}

function copyProblem(process: ShellProcess, { source, target, from, to, isRecursive, keepsLinks }: Copying) {
  const stat = statOf(process, from, keepsLinks);
  if (stat === undefined) return `can't stat '${source}': No such file or directory`;
  if (stat.type === 'directory' && !isRecursive) return `omitting directory '${source}'`;
  if (to === from) return `'${source}' and '${target}' are the same file`;
  const isInside = `${to}/`.startsWith(`${from}/`) && stat.type === 'directory';
  return isInside ? `recursion detected, omitting directory '${source}'` : undefined;
}

const move: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'finvTt:', long: { force: 'f', verbose: 'v' } }, process);
  if (options === undefined) return 1;
  const { files, cwd, stderr } = process;
  const folder = options.value('t');
  const target = folder ?? options.words.at(-1);
  const sources = folder === undefined ? options.words.slice(0, -1) : options.words;
  if (target === undefined || sources.length === 0) {
    stderr.write('mv: missing file operand\n');
    return 1;
  }
  if (sources.length > 1 && statOf(process, resolvePath(cwd, target))?.type !== 'directory') {
    stderr.write(`mv: target '${target}' is not a directory\n`);
    return 1;
  }
  let code = 0;
  for (const source of sources) {
    const from = resolvePath(cwd, source);
    const to = options.has('T') ? resolvePath(cwd, target) : placeIn(process, target, source);
    try {
      if (statOf(process, from, true) === undefined) throw new FileError('ENOENT', source);
      if (options.has('n') && statOf(process, to, true) !== undefined) continue;
      if (files.stat(to.slice(0, to.lastIndexOf('/')) || '/') === undefined) throw new FileError('ENOENT', to);
      await rename(from, to);
    } catch (error) {
      const isMissing = statOf(process, from, true) === undefined;
      stderr.write(`mv: can't rename '${source}': ${isMissing ? errorText('ENOENT') : reason(error)}\n`);
      code = 1;
    }
  }
  return code;

  async function rename(from: string, to: string): Promise<void> {
    try {
      files.rename(from, to);
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== 'EXDEV') throw error;
      await copyTree(process, from, to, { isRecursive: true, isPreserving: true, keepsLinks: true });
      files.remove(from);
    }
  }
};

const link: ShellProgram = (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'sfnvTirb', long: { symbolic: 's', force: 'f', 'no-dereference': 'n' } },
    process,
  );
  if (options === undefined) return 1;
  const { files, cwd, stderr } = process;
  const words = options.words.length === 1 ? [...options.words, '.'] : options.words;
  const target = words.at(-1) ?? '.';
  let code = 0;
  for (const source of words.slice(0, -1)) {
    const isPlain =
      options.has('T') || (options.has('n') && statOf(process, resolvePath(cwd, target), true)?.type === 'link');
    const to = isPlain ? resolvePath(cwd, target) : placeIn(process, target, source);
    try {
      if (options.has('f') && files.lstat(to) !== undefined) files.remove(to);
      if (files.lstat(to) !== undefined) throw new FileError('EEXIST', to);
      if (files.stat(to.slice(0, to.lastIndexOf('/')) || '/') === undefined) throw new FileError('ENOENT', to);
      if (options.has('s')) files.link(to, source);
      else if (files.hardLink === undefined) throw new FileError('EPERM', to);
      else files.hardLink(resolvePath(cwd, source), to);
    } catch (error) {
      const isSource = !options.has('s') && error instanceof FileError && error.code === 'ENOENT';
      stderr.write(`ln: ${isSource ? source : target}: ${reason(error)}\n`);
      code = 1;
    }
  }
  return code;
};

export const changingTools: Readonly<Record<string, ShellProgram>> = {
  touch,
  rm: remove,
  unlink: remove,
  rmdir: removeDirectory,
  mkdir: makeDirectory,
  cp: copy,
  mv: move,
  ln: link,
};
