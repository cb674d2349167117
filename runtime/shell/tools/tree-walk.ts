import { FileError, type FileStat, type FileTree } from '../../files/file-tree.ts';
import type { ShellProcess } from '../shell-process.ts';
import { pause, reason } from './input.ts';

export function join(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

export function baseName(path: string): string {
  const bare = path.replace(/(?<=.)\/+$/, '');
  return bare === '/' ? '/' : bare.slice(bare.lastIndexOf('/') + 1);
}

/** What stands at a path; undefined when there is nothing, or nothing that may be seen. */
export function statOf({ files }: { readonly files: FileTree }, path: string, isItself = false): FileStat | undefined {
  try {
    return isItself ? files.lstat(path) : files.stat(path);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** Runs a step; what fails is said as `tool: text: reason`. */
export function attempt({ stderr }: Pick<ShellProcess, 'stderr'>, text: string, run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    stderr.write(`${text}: ${reason(error)}\n`);
    return false;
  }
}

/** Copies a file, a link or a directory with all that is in it. */
export interface CopyOptions {
  readonly isRecursive: boolean;
  readonly isPreserving: boolean;
  readonly keepsLinks: boolean;
}

export async function copyTree(process: ShellProcess, from: string, to: string, options: CopyOptions): Promise<void> {
  const { files, umask } = process;
  await pause(process);
  const stat = options.keepsLinks ? files.lstat(from) : files.stat(from);
  if (stat === undefined) throw new FileError('ENOENT', from);
  const mode = options.isPreserving ? stat.mode : stat.mode & ~umask;
  switch (stat.type) {
    case 'directory':
      if (!files.isDirectory(to)) files.makeDirectory(to, mode | 0o700);
      for (const name of files.list(from)) await copyTree(process, join(from, name), join(to, name), options);
      if (options.isPreserving) files.setMode(to, stat.mode);
      break;
    case 'link':
      if (files.lstat(to) !== undefined) files.remove(to);
      files.link(to, stat.target ?? '');
      return;
    case 'file': {
      const isNew = files.stat(to) === undefined;
      files.write(to, files.read(from) ?? '', { mode });
      if (isNew) files.setMode(to, mode);
      break;
    }
    default:
      files.makeNode?.(to, { type: stat.type, mode, ...(stat.device === undefined ? {} : { device: stat.device }) });
  }
  if (!options.isPreserving) return;
  if (stat.type === 'file') files.setMode(to, stat.mode);
  if (process.user.uid === 0) files.setOwner(to, stat.uid, stat.gid);
  files.setTime?.(to, stat.modifiedAt);
}
