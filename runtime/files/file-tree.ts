/**
 * Bytes as text: each character is one byte (0 to 255), as a C program sees them. Names of files too. `bytesOf` and `textOf` of
 * `byte-text.ts` turn them into bytes and from UTF-8.
 */
export type ByteText = string;

export interface FileStat {
  readonly type: 'file' | 'directory' | 'link';
  /** The permission bits, such as 0o644, with set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modifiedAt: number;
  /** Of a link. */
  readonly target?: string;
}

export interface WriteOptions {
  /** Of a new file; default 0o644. */
  readonly mode?: number;
  readonly append?: boolean;
}

/** Thrown with `code` as the system names it: ENOENT, EACCES, EROFS, ENOTDIR, EISDIR, EEXIST, ENOTEMPTY, ELOOP. */
export class FileError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'FileError';
    this.code = code;
  }
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
}
