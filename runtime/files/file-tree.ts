/**
 * Bytes as text: each character is one byte (0 to 255), as a C program sees them. Names of files too. `bytesOf` and `textOf` of
 * `byte-text.ts` turn them into bytes and from UTF-8.
 */
export type ByteText = string;

export interface FileStat {
  readonly type: 'file' | 'directory' | 'link' | NodeType;
  /** The permission bits, such as 0o644, with set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modifiedAt: number;
  /** Of a link. */
  readonly target?: string;
  /** Major and minor number of a device, as `1:3`. */
  readonly device?: string;
  /** Names that it has; 1 when absent. */
  readonly links?: number;
  readonly inode?: number;
}

/** What is neither file, directory nor link. */
export type NodeType = 'character' | 'block' | 'fifo' | 'socket';

export interface NodeOptions {
  readonly type: NodeType;
  readonly mode: number;
  readonly device?: string;
}

export interface WriteOptions {
  /** Of a new file; default 0o644. */
  readonly mode?: number;
  readonly append?: boolean;
}

/** Thrown with `code` as the system names it: ENOENT, EACCES, EROFS, ENOTDIR, EISDIR, EEXIST, ENOTEMPTY, ELOOP, ENOSPC, EPERM and so on. */
export class FileError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'FileError';
    this.code = code;
  }
}

/** A regular file itself, whatever becomes of its name. */
export interface FileHandle {
  read(): ByteText;
  write(text: ByteText): void;
  append(text: ByteText): void;
}

/** A place of files: a container's own, or a volume's. Paths are absolute and normal. Links are followed, but by `lstat`, `link` and `remove`. */
export interface FileTree {
  /** As `stat -f` names it: overlayfs, tmpfs, ext4. */
  readonly type: string;
  /** Undefined: no such file. */
  read(path: string): ByteText | undefined;
  write(path: string, text: ByteText, options?: WriteOptions): void;
  isDirectory(path: string): boolean;
  makeDirectory(path: string, mode?: number): void;
  /** Names in a directory, sorted. */
  list(path: string): readonly string[];
  /** With all that is below. */
  remove(path: string): void;
  rename(from: string, to: string): void;
  stat(path: string): FileStat | undefined;
  /** Of a link itself. */
  lstat(path: string): FileStat | undefined;
  /** A symbolic link. */
  link(path: string, target: string): void;
  setMode(path: string, mode: number): void;
  setOwner(path: string, uid: number, gid: number): void;
  /** Of a regular file; undefined: no such file. Trees without it are used by path. */
  handle?(path: string, isWrite: boolean): FileHandle | undefined;
  setTime?(path: string, modifiedAt: number): void;
  makeNode?(path: string, options: NodeOptions): void;
  /** Another name of the same file. */
  hardLink?(existing: string, path: string): void;
}

/** Of a tree that may have none. */
export function handleOf(tree: FileTree, path: string, isWrite: boolean): FileHandle | undefined {
  if (tree.handle !== undefined) return tree.handle(path, isWrite);
  if (tree.read(path) === undefined) return undefined;
  return {
    read: () => tree.read(path) ?? '',
    write: (text) => tree.write(path, text),
    append: (text) => tree.write(path, text, { append: true }),
  };
}
