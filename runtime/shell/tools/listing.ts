import type { FileStat } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { dateText } from '../date-text.ts';
import { modeLetters } from '../file-mode.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { timeZoneOf } from '../time-zone.ts';
import { namesById } from './accounts.ts';
import { reason } from './input.ts';
import { type Options, parseOptions } from './options.ts';
import { join, statOf } from './tree-walk.ts';

const typeLetters: Readonly<Record<string, string>> = {
  file: '-',
  directory: 'd',
  link: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
  socket: 's',
};

export function typeAndMode({ type, mode }: FileStat): string {
  return (typeLetters[type] ?? '?') + modeLetters(mode);
}

/** How many names a file has: a directory that of its own, and one in each directory in it. */
export function linkCount(process: ShellProcess, path: string, stat: FileStat): number {
  if (stat.type !== 'directory') return stat.links ?? 1;
  try {
    return (
      2 +
      process.files.list(path).filter((name) => statOf(process, join(path, name), true)?.type === 'directory').length
    );
  } catch {
    // Nobody may look inside.
    return 2;
  }
}

export function blocksOf({ type, size }: FileStat): number {
  return type === 'file' || type === 'directory' ? Math.ceil(size / 4096) * 8 : 0;
}

/** `1.5K`. */
export function humanSize(bytes: number): string {
  let value = bytes;
  for (const unit of ['', 'K', 'M', 'G', 'T']) {
    if (value < 1024 || unit === 'T') return unit === '' ? String(value) : `${value.toFixed(1)}${unit}`;
    value /= 1024;
  }
  return String(bytes);
}

const halfYearMs = 180 * 86_400_000;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
}

const ls: ShellProgram = (args, process) => {
  const form = {
    letters: 'laA1hRdtSrFpnigoLHsxCcukTwQ',
    long: {
      all: 'a',
      'almost-all': 'A',
      'human-readable': 'h',
      recursive: 'R',
      directory: 'd',
      reverse: 'r',
      'full-time': 'f',
      color: 'C',
      inode: 'i',
      'group-directories-first': 'C',
    },
  };
  const options = parseOptions(
    args.filter((arg) => !arg.startsWith('--color') && arg !== '--group-directories-first'),
    form,
    process,
  );
  if (options === undefined) return 1;
  const { cwd, stderr } = process;
  let code = 0;
  const files: Entry[] = [];
  const folders: Entry[] = [];
  for (const name of options.words.length === 0 ? ['.'] : options.words) {
    const path = resolvePath(cwd, name);
    const stat = statFor(process, options, name);
    if (stat === undefined) {
      stderr.write(`ls: ${name}: ${problemWith(process, path)}\n`);
      code = 1;
    } else if (stat.type === 'directory' && !options.has('d')) folders.push({ name, path, stat });
    else files.push({ name, path, stat });
  }
  const list = new Listing(process, options);
  if (files.length > 0) list.write(files);
  for (const [index, folder] of sorted(folders, options).entries()) {
    const hasTitle = options.words.length > 1 || options.has('R');
    if (hasTitle) process.stdout.write(`${index > 0 || files.length > 0 ? '\n' : ''}${folder.name}:\n`);
    if (!list.folder(folder)) code = 1;
  }
  return code;
};

/** Of a link itself where a long listing or `-d` names it. */
function statFor(process: ShellProcess, options: Options, name: string): FileStat | undefined {
  const path = resolvePath(process.cwd, name);
  const link = statOf(process, path, true);
  if (options.has('d') || (options.has('l') && !name.endsWith('/') && link?.type === 'link')) return link;
  return statOf(process, path) ?? link;
}

function problemWith(process: ShellProcess, path: string): string {
  try {
    process.files.lstat(path);
    return 'No such file or directory';
  } catch (error) {
    return reason(error);
  }
}

function sorted(entries: readonly Entry[], options: Options): Entry[] {
  const compare = (a: Entry, b: Entry): number => {
    if (options.has('t') && a.stat.modifiedAt !== b.stat.modifiedAt) return b.stat.modifiedAt - a.stat.modifiedAt;
    if (options.has('S') && a.stat.size !== b.stat.size) return b.stat.size - a.stat.size;
    return a.name < b.name ? -1 : Number(a.name > b.name);
  };
  const found = entries.toSorted(compare);
  return options.has('r') ? found.toReversed() : found;
}

class Listing {
  readonly #process: ShellProcess;
  readonly #options: Options;

  constructor(process: ShellProcess, options: Options) {
    this.#process = process;
    this.#options = options;
  }

  folder({ name, path }: Entry): boolean {
    const { files, stderr, stdout } = this.#process;
    let names: readonly string[];
    try {
      names = files.list(path);
    } catch (error) {
      stderr.write(`ls: can't open '${name}': ${reason(error)}\n`);
      return false;
    }
    const isAll = this.#options.has('a');
    const shown = [
      ...(isAll ? ['.', '..'] : []),
      ...names.filter((one) => isAll || this.#options.has('A') || !one.startsWith('.')),
    ];
    const entries = shown.flatMap((one): Entry[] => {
      const inner = resolvePath(path, one);
      const stat = statOf(this.#process, inner, !this.#options.has('L'));
      return stat === undefined ? [] : [{ name: one, path: inner, stat }];
    });
    if (this.#options.has('l') || this.#options.has('s')) {
      const blocks = entries.reduce((sum, { stat }) => sum + blocksOf(stat) / 2, 0);
      stdout.write(`total ${this.#options.has('h') ? humanSize(blocks * 1024) : blocks}\n`);
    }
    this.write(entries);
    if (!this.#options.has('R')) return true;
    let isFine = true;
    for (const entry of sorted(entries, this.#options)) {
      if (entry.stat.type !== 'directory' || entry.name === '.' || entry.name === '..') continue;
      stdout.write(`\n${join(name, entry.name)}:\n`);
      isFine = this.folder({ ...entry, name: join(name, entry.name) }) && isFine;
    }
    return isFine;
  }

  write(entries: readonly Entry[]): void {
    const found = sorted(entries, this.#options);
    const { stdout, descriptors } = this.#process;
    const isLong = ['l', 'n', 'g', 'o'].some((letter) => this.#options.has(letter));
    const terminal = descriptors.get(1)?.channel.terminal;
    if (isLong) stdout.write(this.#long(found).join(''));
    else if (terminal !== undefined && !this.#options.has('1'))
      stdout.write(
        columns(
          found.map((entry) => this.#short(entry)),
          terminal.width,
        ),
      );
    else stdout.write(found.map((entry) => `${this.#short(entry)}\n`).join(''));
  }

  #short({ name, stat, path }: Entry): string {
    const inode = this.#options.has('i') ? `${String(inodeOf(path)).padStart(7)} ` : '';
    const blocks = this.#options.has('s') ? `${String(blocksOf(stat) / 2).padStart(4)} ` : '';
    return inode + blocks + name + this.#mark(stat);
  }

  #mark({ type, mode }: FileStat): string {
    if (!this.#options.has('F') && !this.#options.has('p')) return '';
    if (type === 'directory') return '/';
    if (this.#options.has('p')) return '';
    if (type === 'link') return '@';
    if (type === 'fifo') return '|';
    return type === 'file' && (mode & 0o111) !== 0 ? '*' : '';
  }

  #long(entries: readonly Entry[]): string[] {
    const { files, clock, variables } = this.#process;
    const zone = timeZoneOf(variables.get('TZ'));
    const isNumeric = this.#options.has('n');
    const users = isNumeric ? new Map<number, string>() : namesById(files, '/etc/passwd');
    const groups = isNumeric ? new Map<number, string>() : namesById(files, '/etc/group');
    return entries.map(({ name, path, stat }) => {
      const { uid, gid, device, modifiedAt, target, size, type } = stat;
      const owner = (users.get(uid) ?? String(uid)).slice(0, 8).padEnd(8);
      const group = (groups.get(gid) ?? String(gid)).slice(0, 8).padEnd(8);
      const amount =
        type === 'character' || type === 'block'
          ? (device ?? '0:0')
              .split(':')
              .map((part, at) => part.padStart(at === 0 ? 4 : 3))
              .join(', ')
          : (this.#options.has('h') ? humanSize(size) : String(size)).padStart(9);
      const age = clock.now() - modifiedAt;
      const isRecent = age < halfYearMs && age > -900_000;
      const time = this.#options.has('f')
        ? dateText('%Y-%m-%d %H:%M:%S %z', modifiedAt, zone)
        : dateText(isRecent ? '%b %e %H:%M' : '%b %e  %Y', modifiedAt, zone);
      const links = String(linkCount(this.#process, path, stat)).padStart(4);
      const arrow = type === 'link' ? ` -> ${target}` : '';
      const inode = this.#options.has('i') ? `${String(inodeOf(path)).padStart(7)} ` : '';
      const owners = `${this.#options.has('g') ? '' : `${owner} `}${this.#options.has('o') ? '' : `${group} `}`;
      return `${inode}${typeAndMode(stat)} ${links} ${owners}${amount} ${time} ${name}${arrow}${type === 'link' ? '' : this.#mark(stat)}\n`;
    });
  }
}

/** Always the same for a path. */
export function inodeOf(path: string): number {
  let hash = 7;
  for (const char of path) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) & 0xffffff;
  return hash + 2;
}

/** Down, then to the right, as wide as a terminal. */
function columns(names: readonly string[], width: number): string {
  if (names.length === 0) return '';
  const wide = Math.max(...names.map((name) => name.length)) + 2;
  const count = Math.max(1, Math.min(names.length, Math.floor(width / wide)));
  const rows = Math.ceil(names.length / count);
  return Array.from({ length: rows }, (_, row) => {
    const line = names.filter((_name, at) => at % rows === row);
    return `${line.map((name, at) => (at === line.length - 1 ? name : name.padEnd(wide))).join('')}\n`;
  }).join('');
}

export const listingTools: Readonly<Record<string, ShellProgram>> = { ls };
