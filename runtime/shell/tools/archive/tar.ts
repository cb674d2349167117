import { gunzipSync, gzipSync } from 'node:zlib';
import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import { FileError, type FileStat } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import { dateText } from '../../date-text.ts';
import { modeLetters } from '../../file-mode.ts';
import { Pattern } from '../../pattern.ts';
import type { ShellProcess, ShellProgram } from '../../shell-process.ts';
import { type Reader, readerOf } from '../../streams.ts';
import { idByName, namesById } from '../accounts.ts';
import { linesOf, openInput, pause, reason } from '../input.ts';
import { type Options, parseOptions } from '../options.ts';
import { join, statOf } from '../tree-walk.ts';
import { decodeEntry, encodeEnd, encodeEntry, type Take, type TarEntry, TarError } from './tar-format.ts';

const form = {
  letters: 'cxtvzjJf:C:OkmphoaT:X:PS',
  long: {
    create: 'c',
    extract: 'x',
    get: 'x',
    list: 't',
    verbose: 'v',
    gzip: 'z',
    file: 'f',
    directory: 'C',
    'to-stdout': 'O',
    'no-same-owner': 'o',
    'no-same-permissions': 'P',
    'preserve-permissions': 'p',
    'same-permissions': 'p',
    exclude: 'X',
    'files-from': 'T',
    'exclude-from': 'E',
    dereference: 'h',
    'keep-old-files': 'k',
    touch: 'm',
    overwrite: 'P',
    'numeric-owner': 'P',
    'absolute-names': 'P',
    'strip-components': 'N',
    'no-recursion': 'R',
    warning: 'W',
  },
};

/** `tar xzf`: the first word's letters are options even without a dash. */
function dashed(args: readonly string[]): string[] {
  const [first = '', ...rest] = args;
  if (first.startsWith('-') || !/^[A-Za-z]+$/.test(first)) return [...args];
  const found: string[] = [];
  const values = [...rest];
  for (const letter of first) {
    found.push(`-${letter}`);
    if (/[fCTX]/.test(letter)) found.push(values.shift() ?? '');
  }
  return [...found, ...values];
}

const tar: ShellProgram = async (args, process) => {
  const options = parseOptions(dashed(args), { ...form, letters: `${form.letters}N:E:RW:` }, process);
  if (options === undefined) return 1;
  try {
    if (options.has('c')) return await create(process, options);
    if (options.has('x') || options.has('t')) return await extract(process, options);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    process.stderr.write(`tar: ${error.message}\n`);
    return 1;
  }
  process.stderr.write(
    'BusyBox v1.37.0 multi-call binary.\n\nUsage: tar c|x|t [-hvokO] [-f TARFILE] [-C DIR] [FILE]...\n',
  );
  return 1;
};

const typeNumbers: Readonly<Record<FileStat['type'], string>> = {
  file: '0',
  link: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  socket: '0',
};

async function create(process: ShellProcess, options: Options): Promise<number> {
  const { stderr, stdout, files, cwd } = process;
  const base = resolvePath(cwd, options.value('C') ?? '.');
  if (!files.isDirectory(base)) {
    stderr.write(`tar: can't change directory to '${options.value('C')}': No such file or directory\n`);
    return 1;
  }
  const listed = options.value('T');
  const words = [...options.words, ...(listed === undefined ? [] : linesOf(await textOf(process, listed)))];
  if (words.length === 0) throw new TarError('empty archive');
  const excluded = options.values('X').map((text) => new Pattern([{ text, quoted: false }]));
  const users = namesById(files, '/etc/passwd');
  const groups = namesById(files, '/etc/group');
  const target = options.value('f') ?? '-';
  const isPacked = options.has('z') || (options.has('a') && /\.t?gz$/.test(target));
  const output = openOutput(process, target);
  if (output === undefined) return 1;
  let pieces = '';
  let length = 0;
  let code = 0;
  let isTold = false;
  const write = async (text: string): Promise<void> => {
    length += text.length;
    if (isPacked) pieces += text;
    else output.write(text);
    await pause(process);
  };
  const add = async (path: string): Promise<void> => {
    const full = resolvePath(base, path);
    if (excluded.some((pattern) => pattern.test(path) || pattern.test(path.slice(path.lastIndexOf('/') + 1)))) return;
    const stat = statOf(process, full, !options.has('h'));
    if (stat === undefined) {
      stderr.write(`tar: ${path}: No such file or directory\n`);
      code = 1;
      return;
    }
    if (path.startsWith('/') && !isTold) {
      stderr.write("tar: removing leading '/' from member names\n");
      isTold = true;
    }
    const bare = path.replace(/^\/+/, '') || '.';
    const name = stat.type === 'directory' ? `${bare.replace(/\/+$/, '')}/` : bare;
    let text = '';
    try {
      text = stat.type === 'file' ? (files.read(full) ?? '') : '';
    } catch (error) {
      stderr.write(`tar: ${path}: ${reason(error)}\n`);
      code = 1;
      return;
    }
    const { mode, uid, gid, modifiedAt } = stat;
    await write(
      encodeEntry({
        name,
        mode,
        uid,
        gid,
        modifiedAt,
        type: typeNumbers[stat.type],
        target: stat.target ?? '',
        user: users.get(uid) ?? '',
        group: groups.get(gid) ?? '',
        text,
      }),
    );
    if (options.has('v')) (target === '-' ? stderr : stdout).write(`${name}\n`);
    if (stat.type === 'directory' && !options.has('R'))
      for (const inner of files.list(full)) await add(join(path, inner));
  };
  for (const path of words) await add(path);
  await write(encodeEnd(length));
  if (isPacked) output.write(fromBytes(gzipSync(bytesOf(pieces))));
  output.close();
  if (code !== 0) stderr.write('tar: error exit delayed from previous errors\n');
  return code;
}

async function textOf(process: ShellProcess, path: string): Promise<string> {
  const input = openInput(process, 'tar', path);
  const text = (await input?.reader.rest()) ?? '';
  input?.file?.release();
  return text;
}

function openOutput(process: ShellProcess, path: string): { write(text: string): void; close(): void } | undefined {
  if (path === '-') return { write: (text) => process.stdout.write(text), close: () => undefined };
  try {
    const file = process.open(path, { write: true, create: true, truncate: true });
    return { write: (text) => file.channel.write?.(text), close: () => file.release() };
  } catch (error) {
    process.stderr.write(`tar: can't open '${path}': ${reason(error)}\n`);
    return undefined;
  }
}

/** Reads in exact lengths, unpacked when it is packed. */
async function taker(reader: Reader, isPacked: boolean): Promise<Take> {
  const rest: string[] = [];
  let source = reader;
  const first = await reader.chunk({ limit: 512 });
  if (first !== undefined) rest.push(first);
  // Whether it was said or not: packed archives say so themselves.
  if (isPacked || first?.startsWith('\u001f\u008b') === true) {
    const all = (first ?? '') + (await reader.rest());
    try {
      source = readerOf(fromBytes(gunzipSync(bytesOf(all))));
    } catch {
      // Its own words say little.
      throw new TarError('invalid magic');
    }
    rest.length = 0;
  }
  return async (length) => {
    let text = rest.splice(0).join('');
    while (text.length < length) {
      const piece = await source.chunk({ limit: length - text.length });
      if (piece === undefined) break;
      text += piece;
    }
    if (text.length > length) rest.push(text.slice(length));
    return text.slice(0, length);
  };
}

async function extract(process: ShellProcess, options: Options): Promise<number> {
  const { stdout, stderr, files, cwd } = process;
  const base = resolvePath(cwd, options.value('C') ?? '.');
  const input = openArchive(process, options.value('f') ?? '-');
  if (input === undefined) return 1;
  if (!files.isDirectory(base)) {
    stderr.write(`tar: can't change directory to '${options.value('C')}': No such file or directory\n`);
    return 1;
  }
  const take = await taker(input.reader, options.has('z'));
  const wanted = options.words.map((word) => word.replace(/\/+$/, ''));
  const found = new Set<string>();
  const excluded = options.values('X').map((text) => new Pattern([{ text, quoted: false }]));
  const folders: TarEntry[] = [];
  const state = { code: 0, isTold: false };
  for (let entry = await decodeEntry(take); entry !== undefined; entry = await decodeEntry(take)) {
    await pause(process);
    const stripped = entry.name
      .split('/')
      .slice(Number(options.value('N') ?? 0))
      .join('/');
    const bare = stripped.replace(/\/+$/, '');
    const word = wanted.find((one) => isBelow(bare, one));
    const isLeftOut = (wanted.length > 0 && word === undefined) || excluded.some((pattern) => pattern.test(bare));
    if (stripped === '' || isLeftOut) continue;
    if (word !== undefined) found.add(word);
    if (options.has('t')) stdout.write(options.has('v') ? longLine(entry) : `${entry.name}\n`);
    else if (options.has('O')) stdout.write(entry.text);
    else {
      if (options.has('v')) stdout.write(`${entry.name}\n`);
      if (entry.type === '5') folders.push({ ...entry, name: bare });
      unpack(process, options, { entry: { ...entry, name: stripped }, base, state });
    }
  }
  // Their times only when nothing is written into them any more.
  if (!options.has('m'))
    for (const { name, modifiedAt } of folders)
      files.setTime?.(resolvePath(base, name.replace(/^\/+/, '')), modifiedAt);
  input.file?.release();
  const missing = wanted.filter((word) => !found.has(word));
  stderr.write(missing.map((word) => `tar: ${word}: not found in archive\n`).join(''));
  return missing.length > 0 ? 1 : state.code;
}

function isBelow(path: string, wanted: string): boolean {
  return path === wanted || path.startsWith(`${wanted}/`) || new Pattern([{ text: wanted, quoted: false }]).test(path);
}

function openArchive(process: ShellProcess, path: string) {
  const { stderr } = process;
  const write = (text: string): void =>
    stderr.write(text.replace(/^tar: (.*): ([^:]*)\n$/s, "tar: can't open '$1': $2\n"));
  return openInput({ ...process, stderr: { ...stderr, write } }, 'tar', path);
}

function longLine({ type, mode, user, group, uid, gid, text, modifiedAt, name, target }: TarEntry): string {
  const letter = { '2': 'l', '3': 'c', '4': 'b', '5': 'd', '6': 'p' }[type] ?? '-';
  const arrow = type === '2' || type === '1' ? ` -> ${target}` : '';
  return `${letter}${modeLetters(mode)} ${user || uid}/${group || gid} ${String(text.length).padStart(9)} ${dateText('%Y-%m-%d %H:%M:%S', modifiedAt)} ${name}${arrow}\n`;
}

interface Unpacking {
  readonly entry: TarEntry;
  readonly base: string;
  readonly state: { code: number; isTold: boolean };
}

function unpack(process: ShellProcess, options: Options, { entry, base, state }: Unpacking): void {
  const { files, stderr, user, umask } = process;
  const { name, type } = entry;
  if (name.startsWith('/') && !state.isTold) {
    stderr.write("tar: removing leading '/' from member names\n");
    state.isTold = true;
  }
  const bare = name.replace(/^\/+/, '');
  if (bare.split('/').includes('..')) {
    stderr.write(`tar: name with '..' found: ${JSON.stringify(name)}\n`);
    state.code = 1;
    return;
  }
  const path = resolvePath(base, bare);
  const mode = options.has('p') || user.uid === 0 ? entry.mode : entry.mode & ~umask;
  try {
    makeFolders(process, path.slice(0, path.lastIndexOf('/')));
    const before = statOf(process, path, true);
    if (before !== undefined && before.type !== 'directory' && type !== '5') {
      if (options.has('k')) return;
      // What is there is replaced, not written through.
      if (before.type === 'link' || type !== '0') files.remove(path);
    }
    make(process, { entry, base, path, mode });
    if (type === '2' || type === '1') return;
    if (user.uid === 0 && !options.has('o')) {
      const uid = idByName(files, '/etc/passwd', entry.user) ?? entry.uid;
      files.setOwner(path, uid, idByName(files, '/etc/group', entry.group) ?? entry.gid);
    }
    if (!options.has('m')) files.setTime?.(path, entry.modifiedAt);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const what = type === '5' ? `can't create directory '${bare}'` : `can't open '${bare}'`;
    stderr.write(`tar: ${what}: ${reason(error)}\n`);
    state.code = 1;
  }
}

interface Making {
  readonly entry: TarEntry;
  readonly base: string;
  readonly path: string;
  readonly mode: number;
}

function make({ files, user }: ShellProcess, { entry, base, path, mode }: Making): void {
  const { type, target, text } = entry;
  switch (type) {
    case '5':
      if (!files.isDirectory(path)) files.makeDirectory(path, mode);
      if (path !== base || user.uid === 0) files.setMode(path, mode);
      break;
    case '2':
      files.link(path, target);
      break;
    case '1':
      files.hardLink?.(resolvePath(base, target.replace(/^\/+/, '')), path);
      break;
    case '6':
      files.makeNode?.(path, { type: 'fifo', mode });
      break;
    default:
      files.write(path, text, { mode });
      files.setMode(path, mode);
  }
}

function makeFolders({ files, umask }: ShellProcess, path: string): void {
  if (path === '' || files.stat(path) !== undefined) return;
  makeFolders({ files, umask } as ShellProcess, path.slice(0, path.lastIndexOf('/')));
  files.makeDirectory(path, 0o777 & ~umask);
}

export const tarTools: Readonly<Record<string, ShellProgram>> = { tar };
