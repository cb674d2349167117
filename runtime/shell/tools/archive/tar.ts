import { gzipSync } from 'node:zlib';
import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import type { FileStat } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import { Pattern } from '../../pattern.ts';
import type { ShellProcess, ShellProgram } from '../../shell-process.ts';
import { namesById } from '../accounts.ts';
import { linesOf, openInput, pause, reason } from '../input.ts';
import { type Options, parseOptions } from '../options.ts';
import { join, statOf } from '../tree-walk.ts';
import { extract } from './extract.ts';
import { encodeEnd, encodeEntry, type TarEntry, TarError } from './tar-format.ts';

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
  const { stderr, files, cwd } = process;
  const base = resolvePath(cwd, options.value('C') ?? '.');
  if (!files.isDirectory(base)) {
    stderr.write(`tar: can't change directory to '${options.value('C')}': No such file or directory\n`);
    return 1;
  }
  const listed = options.value('T');
  const words = [...options.words, ...(listed === undefined ? [] : linesOf(await textOf(process, listed)))];
  if (words.length === 0) throw new TarError('empty archive');
  const target = options.value('f') ?? '-';
  const output = openOutput(process, target);
  if (output === undefined) return 1;
  const isPacked = options.has('z') || (options.has('a') && /\.t?gz$/.test(target));
  const archive = new Archive(process, options, { base, isToStdout: target === '-' });
  let pieces = '';
  const write = isPacked
    ? (text: string): void => {
        pieces += text;
      }
    : output.write;
  for (const path of words) await archive.add(path, write);
  write(encodeEnd(archive.length));
  if (isPacked) output.write(fromBytes(gzipSync(bytesOf(pieces))));
  output.close();
  if (archive.code !== 0) stderr.write('tar: error exit delayed from previous errors\n');
  return archive.code;
}

/** What goes into an archive. */
class Archive {
  length = 0;
  code = 0;
  readonly #process: ShellProcess;
  readonly #options: Options;
  readonly #base: string;
  readonly #names: ShellProcess['stdout'];
  readonly #excluded: readonly Pattern[];
  readonly #users: ReadonlyMap<number, string>;
  readonly #groups: ReadonlyMap<number, string>;
  #isTold = false;

  constructor(
    process: ShellProcess,
    options: Options,
    { base, isToStdout }: { readonly base: string; readonly isToStdout: boolean },
  ) {
    this.#process = process;
    this.#options = options;
    this.#base = base;
    this.#names = isToStdout ? process.stderr : process.stdout;
    this.#excluded = options.values('X').map((text) => new Pattern([{ text, quoted: false }]));
    this.#users = namesById(process.files, '/etc/passwd');
    this.#groups = namesById(process.files, '/etc/group');
  }

  #fail(path: string, words: string): void {
    this.#process.stderr.write(`tar: ${path}: ${words}\n`);
    this.code = 1;
  }

  /** A file, or a directory with all that is in it. */
  async add(path: string, write: (text: string) => void): Promise<void> {
    const { files } = this.#process;
    const full = resolvePath(this.#base, path);
    const last = path.slice(path.lastIndexOf('/') + 1);
    if (this.#excluded.some((pattern) => pattern.test(path) || pattern.test(last))) return;
    const stat = statOf(this.#process, full, !this.#options.has('h'));
    if (stat === undefined) {
      this.#fail(path, 'No such file or directory');
      return;
    }
    const name = this.#nameOf(path, stat);
    try {
      const text = encodeEntry(this.#entry(name, full, stat));
      this.length += text.length;
      write(text);
    } catch (error) {
      this.#fail(path, reason(error));
      return;
    }
    await pause(this.#process);
    if (this.#options.has('v')) this.#names.write(`${name}\n`);
    if (stat.type !== 'directory' || this.#options.has('R')) return;
    for (const inner of files.list(full)) await this.add(join(path, inner), write);
  }

  #nameOf(path: string, { type }: FileStat): string {
    if (path.startsWith('/') && !this.#isTold) {
      this.#process.stderr.write("tar: removing leading '/' from member names\n");
      this.#isTold = true;
    }
    const bare = path.replace(/^\/+/, '') || '.';
    return type === 'directory' ? `${bare.replace(/\/+$/, '')}/` : bare;
  }

  #entry(name: string, full: string, { type, mode, uid, gid, modifiedAt, target = '' }: FileStat): TarEntry {
    const text = type === 'file' ? (this.#process.files.read(full) ?? '') : '';
    const user = this.#users.get(uid) ?? '';
    const group = this.#groups.get(gid) ?? '';
    return { name, mode, uid, gid, modifiedAt, type: typeNumbers[type], target, user, group, text };
  }
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

export const tarTools: Readonly<Record<string, ShellProgram>> = { tar };
