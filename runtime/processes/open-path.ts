import { FileError, type FileTree, handleOf } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { Pipe } from '../shell/streams.ts';
import { openDevice } from './devices.ts';
import { fileChannel, OpenFile, type OpenFlags } from './open-file.ts';
import type { ProgramContext } from './program.ts';

/** What opening needs of a process, and the named pipes of its container. */
export type Opener = Pick<ProgramContext, 'cwd' | 'umask' | 'descriptors' | 'terminal' | 'random'> & {
  readonly files: FileTree;
  readonly fifos: Map<string, Pipe>;
};

const standard: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };

/** Opens a file, a device, or what a descriptor has open already. Throws FileError. */
export function openPath(path: string, flags: OpenFlags, opener: Opener): OpenFile {
  if (path === '') throw new FileError('ENOENT', `${path}: No such file or directory`);
  const full = resolvePath(opener.cwd, path);
  const descriptor = standard[full] ?? descriptorOf(full);
  if (descriptor !== undefined) {
    const open = opener.descriptors.get(descriptor);
    if (open === undefined) throw new FileError('ENOENT', `${path}: No such file or directory`);
    return open.retain();
  }
  const { files } = opener;
  const stat = files.stat(full);
  const isWrite = flags.write === true;
  switch (stat?.type) {
    case 'directory':
      if (isWrite) throw new FileError('EISDIR', `${path}: Is a directory`);
      return new OpenFile({ name: full });
    case 'character':
    case 'block':
      return openDevice(full, stat.device ?? '', opener);
    case 'fifo':
      return openFifo(full, opener);
    case undefined:
      create(full, path, flags, opener);
      break;
    default:
      if (path.endsWith('/')) throw new FileError('ENOTDIR', `${path}: Not a directory`);
  }
  if (flags.truncate === true && stat !== undefined) files.write(full, '');
  // One look for each right that is asked for.
  if (flags.read === true && isWrite) handleOf(files, full, false);
  const handle = handleOf(files, full, isWrite);
  if (handle === undefined) throw new FileError('ENOENT', `${path}: No such file or directory`);
  return new OpenFile(fileChannel(full, handle, flags));
}

function descriptorOf(path: string): number | undefined {
  const [, digits] = /^\/(?:dev\/fd|proc\/self\/fd)\/(\d+)$/.exec(path) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function create(full: string, path: string, { create, mode = 0o666 }: OpenFlags, { files, umask }: Opener): void {
  const folder = full.slice(0, full.lastIndexOf('/')) || '/';
  const parent = files.stat(folder);
  if (create !== true || parent === undefined) throw new FileError('ENOENT', `${path}: No such file or directory`);
  if (parent.type !== 'directory') throw new FileError('ENOTDIR', `${path}: Not a directory`);
  if (path.endsWith('/')) throw new FileError('EISDIR', `${path}: Is a directory`);
  files.write(full, '', { mode: mode & ~umask });
}

/** Writers and readers that meet at a name. The pipe stays until all of one side has gone. */
function openFifo(full: string, { fifos }: Opener): OpenFile {
  let pipe = fifos.get(full);
  if (pipe === undefined || pipe.isBroken) {
    pipe = new Pipe();
    fifos.set(full, pipe);
  }
  const found = pipe;
  return new OpenFile({
    name: full,
    read: (options) => found.chunk(options),
    write: (text) => found.write(text),
    drained: () => found.drained(),
    close: () => {
      found.end();
      if (fifos.get(full) === found) fifos.delete(full);
    },
  });
}
