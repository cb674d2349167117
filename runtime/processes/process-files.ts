import { type Access, DelegatingTree } from '../files/delegating-tree.ts';
import { FileError, type FileStat, type FileTree, type WriteOptions } from '../files/file-tree.ts';
import type { Credentials } from './program.ts';

const bits = { read: 4, write: 2, execute: 1 } as const;

/** Whether a user may do with a file what the bits (4 read, 2 write, 1 execute) say. */
export function mayUse({ uid, gid, groups, isBound }: Credentials, stat: FileStat, wanted: number): boolean {
  if (uid === 0 && isBound !== true) return wanted !== 1 || stat.type === 'directory' || (stat.mode & 0o111) !== 0;
  const shift = stat.uid === uid ? 6 : stat.gid === gid || groups.includes(stat.gid) ? 3 : 0;
  return ((stat.mode >> shift) & wanted) === wanted;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** A container's files as one of its processes sees them: with its own /proc/self, its user's rights and its umask. */
export class ProcessFiles extends DelegatingTree {
  readonly type: string;
  readonly #tree: FileTree;
  readonly #process: { readonly pid: number; readonly user: Credentials; readonly umask: number };

  constructor(tree: FileTree, process: { readonly pid: number; readonly user: Credentials; readonly umask: number }) {
    super();
    this.type = tree.type;
    this.#tree = tree;
    this.#process = process;
  }

  get #isFree(): boolean {
    const { user } = this.#process;
    return user.uid === 0 && user.isBound !== true;
  }

  #path(path: string): string {
    const { pid } = this.#process;
    return path.startsWith('/proc/') ? path.replace(/^\/proc\/(?:self|thread-self)(?=\/|$)/, `/proc/${pid}`) : path;
  }

  protected override at(path: string, access: Access): readonly [FileTree, string] {
    const inner = this.#path(path);
    if (!this.#isFree) this.#check(inner, access);
    return [this.#tree, inner];
  }

  #check(path: string, access: Access): void {
    for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1))
      this.#demand(path.slice(0, at), bits.execute, path);
    if (access === 'read' || access === 'list') this.#demand(path, bits.read, path);
    else if (access === 'write') {
      if (this.#tree.stat(path) === undefined) this.#demand(parentOf(path), bits.write | bits.execute, path);
      else this.#demand(path, bits.write, path);
    } else if (access === 'name') this.#checkName(path);
    else if (access === 'own') this.#checkOwner(path);
  }

  #demand(path: string, wanted: number, what: string): void {
    const stat = this.#tree.stat(path);
    if (stat !== undefined && !mayUse(this.#process.user, stat, wanted))
      throw new FileError('EACCES', `${what}: Permission denied`);
  }

  #checkName(path: string): void {
    const folder = parentOf(path);
    this.#demand(folder, bits.write | bits.execute, path);
    const parent = this.#tree.stat(folder);
    const stat = this.#tree.lstat(path);
    const { uid } = this.#process.user;
    // A sticky directory, as /tmp: only one's own.
    if (parent !== undefined && stat !== undefined && (parent.mode & 0o1000) !== 0)
      if (stat.uid !== uid && parent.uid !== uid) throw new FileError('EPERM', `${path}: Operation not permitted`);
  }

  #checkOwner(path: string): void {
    const stat = this.#tree.stat(path);
    if (stat !== undefined && stat.uid !== this.#process.user.uid)
      throw new FileError('EPERM', `${path}: Operation not permitted`);
  }

  override write(path: string, text: string, options: WriteOptions = {}): void {
    const isNew = this.stat(path) === undefined;
    const mode = options.mode ?? 0o666 & ~this.#process.umask;
    super.write(path, text, { ...options, mode });
    if (isNew) this.#claim(path);
  }

  override makeDirectory(path: string, mode?: number): void {
    super.makeDirectory(path, mode ?? 0o777 & ~this.#process.umask);
    this.#claim(path);
  }

  override link(path: string, target: string): void {
    super.link(path, target);
  }

  override setOwner(path: string, uid: number, gid: number): void {
    const { user } = this.#process;
    const stat = this.stat(path);
    const mayGive = gid === stat?.gid || gid === user.gid || user.groups.includes(gid);
    if (!this.#isFree && (uid !== stat?.uid || !mayGive))
      throw new FileError('EPERM', `${path}: Operation not permitted`);
    super.setOwner(path, uid, gid);
  }

  /** What is new belongs to who made it, or to the group of a directory that says so. */
  #claim(path: string): void {
    const { uid, gid } = this.#process.user;
    const inner = this.#path(path);
    const parent = this.#tree.stat(parentOf(inner));
    const group = parent !== undefined && (parent.mode & 0o2000) !== 0 ? parent.gid : gid;
    if (uid !== 0 || group !== 0) this.#tree.setOwner(inner, uid, group);
  }
}
