import { gunzipSync } from 'node:zlib';
import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import { FileError } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import { dateText } from '../../date-text.ts';
import { modeLetters } from '../../file-mode.ts';
import { Pattern } from '../../pattern.ts';
import type { ShellProcess } from '../../shell-process.ts';
import { type Reader, readerOf } from '../../streams.ts';
import { idByName } from '../accounts.ts';
import { openInput, pause, reason } from '../input.ts';
import type { Options } from '../options.ts';
import { statOf } from '../tree-walk.ts';
import { decodeEntry, type Take, type TarEntry, TarError } from './tar-format.ts';

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

/** `tar x` and `tar t`. */
export async function extract(process: ShellProcess, options: Options): Promise<number> {
  const { stderr, files, cwd } = process;
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
    if (show(process, options, entry)) continue;
    if (entry.type === '5') folders.push({ ...entry, name: bare });
    unpack(process, options, { entry: { ...entry, name: stripped }, base, state });
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

/** Whether that is all that is to be done with an entry. */
function show({ stdout }: ShellProcess, options: Options, entry: TarEntry): boolean {
  if (options.has('t')) stdout.write(options.has('v') ? longLine(entry) : `${entry.name}\n`);
  else if (options.has('O')) stdout.write(entry.text);
  else {
    if (options.has('v')) stdout.write(`${entry.name}\n`);
    return false;
  }
  return true;
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
