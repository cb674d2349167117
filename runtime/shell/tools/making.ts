import { FileError } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import type { ShellProgram } from '../shell-process.ts';
import { parseOptions } from './options.ts';
import { attempt, join } from './tree-walk.ts';

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

export const makingTools: Readonly<Record<string, ShellProgram>> = {
  mkfifo: makeFifo,
  mknod: makeNode,
  mktemp: temporary,
  truncate,
};
