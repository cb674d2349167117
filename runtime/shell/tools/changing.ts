import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { dateMs } from './date-input.ts';
import { reason } from './input.ts';
import { parseOptions } from './options.ts';
import { attempt, baseName, copyTree, join, statOf } from './tree-walk.ts';

const touch: ShellProgram = (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'cd:t:r:amh', long: { 'no-create': 'c', date: 'd', reference: 'r' } },
    process,
  );
  if (options === undefined) return 1;
  const { files, cwd, clock } = process;
  const text = options.value('d') ?? options.value('t');
  const reference = options.value('r');
  const time =
    reference !== undefined
      ? files.stat(resolvePath(cwd, reference))?.modifiedAt
      : text === undefined
        ? clock.now()
        : dateMs(text, clock.now());
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
      const stat = statOf(process, full, true);
      const problem =
        stat === undefined
          ? 'ENOENT'
          : stat.type !== 'directory'
            ? 'ENOTDIR'
            : files.list(full).length > 0
              ? 'ENOTEMPTY'
              : undefined;
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
  const { cwd, stderr, files } = process;
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
    const stat = statOf(process, from, keepsLinks);
    const problem =
      stat === undefined
        ? `cp: can't stat '${source}': No such file or directory`
        : stat.type === 'directory' && !isRecursive
          ? `cp: omitting directory '${source}'`
          : to === from
            ? `cp: '${source}' and '${target}' are the same file`
            : `${to}/`.startsWith(`${from}/`) && stat.type === 'directory'
              ? `cp: recursion detected, omitting directory '${source}'`
              : undefined;
    if (problem !== undefined) {
      stderr.write(`${problem}\n`);
      code = 1;
      continue;
    }
    if (options.has('n') && statOf(process, to) !== undefined) continue;
    try {
      if (files.stat(to.slice(0, to.lastIndexOf('/')) || '/') === undefined) throw new FileError('ENOENT', to);
      await copyTree(process, from, to, {
        isRecursive,
        isPreserving: options.has('a') || options.has('p'),
        keepsLinks,
      });
    } catch (error) {
      const isRead = error instanceof FileError && error.code === 'EACCES' && error.message.startsWith(from);
      stderr.write(`cp: can't ${isRead ? `open '${source}'` : `create '${target}'`}: ${reason(error)}\n`);
      code = 1;
    }
  }
  return code;
};

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

const makeFifo: ShellProgram = (args, process) => {
  const { files, cwd, umask } = process;
  let code = 0;
  for (const path of args.filter((arg) => !arg.startsWith('-')))
    if (
      !attempt(process, `mkfifo: ${path}`, () =>
        files.makeNode?.(resolvePath(cwd, path), { type: 'fifo', mode: 0o666 & ~umask }),
      )
    )
      code = 1;
  return code;
};

const nodeTypes: Readonly<Record<string, 'character' | 'block' | 'fifo'>> = {
  c: 'character',
  u: 'character',
  b: 'block',
  p: 'fifo',
};

const makeNode: ShellProgram = (args, process) => {
  const options = parseOptions(args, { letters: 'm:' }, process);
  const [path = '', kind = '', major = '0', minor = '0'] = options?.words ?? [];
  const type = nodeTypes[kind];
  const { files, cwd, umask, user } = process;
  if (type === undefined) {
    process.stderr.write('BusyBox v1.37.0 multi-call binary.\n\nUsage: mknod [-m MODE] NAME TYPE [MAJOR MINOR]\n');
    return 1;
  }
  const isDone = attempt(process, `mknod: ${path}`, () => {
    if (user.uid !== 0 && type !== 'fifo') throw new FileError('EPERM', path);
    const mode = options?.value('m') === undefined ? 0o666 & ~umask : Number.parseInt(options.value('m') ?? '', 8);
    files.makeNode?.(resolvePath(cwd, path), { type, mode, device: `${major}:${minor}` });
  });
  return Number(!isDone);
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const temporary: ShellProgram = (args, process) => {
  const options = parseOptions(args, { letters: 'dqtup:', long: { directory: 'd', 'dry-run': 'u' } }, process);
  if (options === undefined) return 1;
  const { files, cwd, random, stdout, environment } = process;
  const [given = 'tmp.XXXXXX'] = options.words;
  const isBare = options.words.length === 0 || options.has('t') || options.has('p');
  const folder = options.value('p') ?? environment.get('TMPDIR') ?? '/tmp';
  const template = isBare ? join(folder, given) : given;
  const path = template.replace(/X+$/, (marks) =>
    Array.from(marks, () => letters[Math.floor(random.next() * letters.length)]).join(''),
  );
  if (path === template) {
    process.stderr.write(`mktemp: ${template}: Invalid argument\n`);
    return 1;
  }
  const full = resolvePath(cwd, path);
  const isDone = attempt(process, `mktemp: ${path}`, () => {
    if (files.stat(full.slice(0, full.lastIndexOf('/')) || '/') === undefined) throw new FileError('ENOENT', path);
    if (options.has('u')) return;
    if (options.has('d')) files.makeDirectory(full, 0o700);
    else files.write(full, '', { mode: 0o600 });
  });
  if (isDone) stdout.write(`${path}\n`);
  return Number(!isDone);
};

const truncate: ShellProgram = (args, process) => {
  const options = parseOptions(args, { letters: 'cs:', long: { size: 's' } }, process);
  const [, amount, unit = ''] = /^(\d+)([kKmMgG]?)$/.exec(options?.value('s') ?? '') ?? [];
  if (options === undefined || amount === undefined) {
    process.stderr.write('truncate: invalid number\n');
    return 1;
  }
  const size = Number(amount) * ({ k: 1024, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()] ?? 1);
  const { files, cwd } = process;
  let code = 0;
  for (const path of options.words) {
    const full = resolvePath(cwd, path);
    const isDone = attempt(process, `truncate: ${path}`, () => {
      if (size > 2 ** 28) throw new FileError('ENOSPC', path);
      const text = files.read(full);
      if (text !== undefined || !options.has('c')) files.write(full, (text ?? '').slice(0, size).padEnd(size, '\0'));
    });
    if (!isDone) code = 1;
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
  mkfifo: makeFifo,
  mknod: makeNode,
  mktemp: temporary,
  truncate,
};
