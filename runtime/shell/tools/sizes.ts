import { resolvePath } from '../../files/path.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { pause } from './input.ts';
import { blocksOf, humanSize } from './listing.ts';
import { parseOptions } from './options.ts';
import { join, statOf } from './tree-walk.ts';

const diskBytes = 100 * 2 ** 30;

/** Disk usage in KiB, told for each directory. */
const du: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    {
      letters: 'shakmcd:xlHLb',
      long: { summarize: 's', 'human-readable': 'h', all: 'a', 'max-depth': 'd', bytes: 'b' },
    },
    process,
  );
  if (options === undefined) return 1;
  const { cwd, stdout, stderr } = process;
  const maxDepth = options.has('s') ? 0 : Number(options.value('d') ?? Number.POSITIVE_INFINITY);
  const show = (blocks: number): string =>
    options.has('h')
      ? humanSize(blocks * 512)
      : options.has('m')
        ? String(Math.ceil(blocks / 2048))
        : options.has('b')
          ? String(blocks * 512)
          : String(Math.ceil(blocks / 2));
  let [code, total] = [0, 0];
  for (const path of options.words.length === 0 ? ['.'] : options.words) {
    if (statOf(process, resolvePath(cwd, path), true) === undefined) {
      stderr.write(`du: ${path}: No such file or directory\n`);
      code = 1;
      continue;
    }
    total += await usage(path, 0);
  }
  if (options.has('c')) stdout.write(`${show(total)}\ttotal\n`);
  return code;

  async function usage(path: string, depth: number): Promise<number> {
    await pause(process);
    const full = resolvePath(cwd, path);
    const stat = statOf(process, full, true);
    if (stat === undefined) return 0;
    let blocks = blocksOf(stat);
    if (stat.type === 'directory')
      for (const name of process.files.list(full)) blocks += await usage(join(path, name), depth + 1);
    if (depth <= maxDepth && (stat.type === 'directory' || depth === 0 || options?.has('a') === true))
      stdout.write(`${show(blocks)}\t${path}\n`);
    return blocks;
  }
};

interface MountLine {
  readonly device: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
}

function mountsOf({ files }: ShellProcess): MountLine[] {
  return (files.read('/proc/mounts') ?? '').split('\n').flatMap((line) => {
    const [device = '', path = '', type = '', options = ''] = line.split(' ');
    return type === '' ? [] : [{ device, path, type, options }];
  });
}

const df: ShellProgram = (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'hkmPTai', long: { 'human-readable': 'h', portability: 'P', 'print-type': 'T', inodes: 'i' } },
    process,
  );
  if (options === undefined) return 1;
  const { stdout, cwd, stderr } = process;
  const all = mountsOf(process);
  let code = 0;
  const shown =
    options.words.length === 0
      ? all.filter(({ type }) => type !== 'proc' && type !== 'sysfs')
      : options.words.flatMap((path) => {
          const full = resolvePath(cwd, path);
          if (statOf(process, full) === undefined) {
            stderr.write(`df: ${path}: can't find mount point\n`);
            code = 1;
            return [];
          }
          const fitting = all.filter(
            (mount) => mount.path === '/' || full === mount.path || full.startsWith(`${mount.path}/`),
          );
          return fitting.toSorted((a, b) => b.path.length - a.path.length).slice(0, 1);
        });
  const isHuman = options.has('h');
  const unit = options.has('m') ? 2 ** 20 : 1024;
  const amount = (bytes: number): string => (isHuman ? humanSize(bytes) : String(Math.floor(bytes / unit)));
  const sizeTitle = isHuman
    ? '     Size'
    : options.has('m')
      ? '1M-blocks'
      : options.has('P')
        ? '1024-blocks'
        : '1K-blocks';
  const typeTitle = options.has('T') ? ' Type      ' : '';
  stdout.write(
    options.has('P')
      ? `Filesystem     ${typeTitle}${sizeTitle.trim()}    Used Available Capacity Mounted on\n`
      : `Filesystem          ${typeTitle} ${sizeTitle.padStart(9)}      Used Available Use% Mounted on\n`,
  );
  for (const { device, path, type } of shown) {
    const isMemory = type === 'tmpfs';
    const [size, used] = isMemory ? [64 * 2 ** 20, 0] : [diskBytes, diskBytes / 10];
    const kind = options.has('T') ? ` ${type.padEnd(10)}` : '';
    const share = `${Math.ceil((used / size) * 100)}%`;
    stdout.write(
      `${device.padEnd(20)}${kind} ${amount(size).padStart(9)} ${amount(used).padStart(9)} ${amount(size - used).padStart(9)} ${share.padStart(4)} ${path}\n`,
    );
  }
  return code;
};

const mount: ShellProgram = (args, process) => {
  const wanted = args[0] === '-t' ? args[1] : undefined;
  const words = args.slice(wanted === undefined ? 0 : 2).filter((arg) => !arg.startsWith('-'));
  if (words.length > 0) {
    process.stderr.write('mount: permission denied (are you root?)\n');
    return 1;
  }
  for (const { device, path, type, options } of mountsOf(process))
    if (wanted === undefined || wanted === type)
      process.stdout.write(`${device} on ${path} type ${type} (${options})\n`);
  return 0;
};

export const sizeTools: Readonly<Record<string, ShellProgram>> = {
  du,
  df,
  mount,
  umount: ([path = ''], { stderr }) => {
    stderr.write(`umount: can't unmount ${path}: Operation not permitted\n`);
    return 1;
  },
};
