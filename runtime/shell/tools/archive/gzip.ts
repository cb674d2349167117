import { gunzipSync, gzipSync } from 'node:zlib';
import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import { FileError } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import type { ShellProcess, ShellProgram } from '../../shell-process.ts';
import { reason } from '../input.ts';
import { parseOptions } from '../options.ts';
import { statOf } from '../tree-walk.ts';

const suffix = '.gz';

/** Undefined: it is not packed. */
function unpacked(text: string): string | undefined {
  try {
    return fromBytes(gunzipSync(bytesOf(text)));
  } catch {
    // Whatever is wrong with it.
    return undefined;
  }
}

const gzip: ShellProgram = async (args, process) => {
  const name = (process.args[0] ?? '').replace(/^.*\//, '');
  const options = parseOptions(
    args,
    { letters: 'cdfkqtvn123456789l', long: { stdout: 'c', decompress: 'd', keep: 'k', force: 'f' } },
    process,
  );
  if (options === undefined) return 1;
  const isUnpacking = options.has('d') || options.has('t') || name === 'gunzip' || name === 'zcat';
  const isToStdout = options.has('c') || name === 'zcat';
  if (options.words.length === 0 || options.words[0] === '-') {
    const text = await process.stdin.rest();
    const result = isUnpacking ? unpacked(text) : packed(text);
    if (result === undefined) {
      process.stderr.write(`${name}: invalid magic\n`);
      return 1;
    }
    if (!options.has('t')) process.stdout.write(result);
    return 0;
  }
  let code = 0;
  for (const path of options.words)
    if (
      !one(process, path, {
        name,
        isUnpacking,
        isToStdout,
        isKept: options.has('k'),
        isForced: options.has('f'),
        isTest: options.has('t'),
      })
    )
      code = 1;
  return code;
};

function packed(text: string): string {
  return fromBytes(gzipSync(bytesOf(text)));
}

interface Way {
  readonly name: string;
  readonly isUnpacking: boolean;
  readonly isToStdout: boolean;
  readonly isKept: boolean;
  readonly isForced: boolean;
  readonly isTest: boolean;
}

function one(
  process: ShellProcess,
  path: string,
  { name, isUnpacking, isToStdout, isKept, isForced, isTest }: Way,
): boolean {
  const { files, cwd, stdout, stderr } = process;
  const full = resolvePath(cwd, path);
  const fail = (text: string): false => {
    stderr.write(`${name}: ${text}\n`);
    return false;
  };
  try {
    const stat = statOf(process, full);
    const text = stat?.type === 'directory' ? undefined : files.read(full);
    if (stat === undefined || text === undefined)
      return fail(`${path}: ${stat === undefined ? 'No such file or directory' : 'Is a directory'}`);
    const result = isUnpacking ? unpacked(text) : packed(text);
    if (result === undefined) return fail('invalid magic');
    if (isTest) return true;
    if (isToStdout) {
      stdout.write(result);
      return true;
    }
    if (isUnpacking && !/\.t?gz$/.test(path)) return fail(`${path}: unknown suffix - ignored`);
    const target = isUnpacking ? full.replace(/\.gz$/, '').replace(/\.tgz$/, '.tar') : full + suffix;
    if (statOf(process, target) !== undefined && !isForced)
      return fail(`can't open '${isUnpacking ? path.replace(/\.gz$/, '') : path + suffix}': File exists`);
    files.write(target, result, { mode: stat.mode });
    if (!isKept) files.remove(full);
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return fail(`${path}: ${reason(error)}`);
  }
}

export const gzipTools: Readonly<Record<string, ShellProgram>> = { gzip, gunzip: gzip, zcat: gzip };
