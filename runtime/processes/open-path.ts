import { FileError, type FileTree, handleOf } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { Pipe } from '../shell/streams.ts';
import { openDevice } from './devices.ts';
import { fileChannel, OpenFile, type OpenFlags } from './open-file.ts';
import type { ProgramContext } from './program.ts';

/** A named pipe that somebody has open. */
export interface Fifo {
  readonly pipe: Pipe;
  writers: number;
  readers: number;
  /** The last writer has gone. */
  isOver: boolean;
}

/** What opening needs of a process, and the named pipes of its container. */
export type Opener = Pick<ProgramContext, 'cwd' | 'umask' | 'descriptors' | 'terminal' | 'random'> & {
  readonly files: FileTree;
  readonly fifos: Map<string, Fifo>;
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
      return openFifo(full, flags, opener);
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

/**
 * Writers and readers that meet at a name. Opening does not wait for the other side: what was written is kept for a reader that
 * comes later.
 */
function openFifo(full: string, flags: OpenFlags, { fifos }: Opener): OpenFile {
  let fifo = fifos.get(full);
  const isWriting = flags.write === true;
  if (fifo === undefined || fifo.pipe.isBroken || (isWriting && fifo.isOver)) {
    fifo = { pipe: new Pipe(), writers: 0, readers: 0, isOver: false };
    fifos.set(full, fifo);
  }
  const found = fifo;
  const isReading = !isWriting || flags.read === true;
  if (isWriting) found.writers++;
  if (isReading) found.readers++;
  const close = (): void => {
    if (isWriting && --found.writers === 0) {
      found.isOver = true;
      found.pipe.end();
    }
    if (isReading && --found.readers === 0 && found.isOver && fifos.get(full) === found) fifos.delete(full);
  };
  return new OpenFile({
    name: full,
    read: (options) => found.pipe.chunk(options),
    write: (text) => found.pipe.write(text),
    drained: () => found.pipe.drained(),
    close,
  });
}
