import {
  type ByteText,
  FileError,
  type FileHandle,
  type FileStat,
  type FileTree,
  type NodeOptions,
  type WriteOptions,
} from './file-tree.ts';
import {
  copyOf,
  countOf,
  type DirectoryNode,
  directory,
  type FileNode,
  type Owner,
  partsOf,
  sizeOf,
  statOf,
  type TreeNode,
} from './memory-node.ts';

const maxLinks = 40;
const setGid = 0o2000;

export interface MemoryTreeOptions {
  readonly type?: string;
  /** Of the root. */
  readonly mode?: number;
  /** Milliseconds since the epoch; times stand still at 0 without it. */
  now?(): number;
  /** In bytes; beyond it writes fail with ENOSPC. */
  readonly capacity?: number;
  /** So much more is here now; what is removed is not told. */
  onGrow?(more: { readonly bytes: number; readonly files: number }): void;
  /** Starts with all that this one has; what either changes later is its own. */
  readonly base?: MemoryTree;
}

/** Files in memory. Directories that a file needs are made with it. */
export class MemoryTree implements FileTree {
  readonly type: string;
  #root: DirectoryNode;
  #owner: Owner = {};
  #used = 0;
  #files = 0;
  readonly #onGrow: MemoryTreeOptions['onGrow'];
  readonly #capacity: number;
  readonly #now: () => number;

  constructor({ type = 'overlayfs', mode = 0o755, now = () => 0, capacity, base, onGrow }: MemoryTreeOptions = {}) {
    this.type = type;
    this.#now = now;
    this.#onGrow = onGrow;
    this.#capacity = capacity ?? Number.POSITIVE_INFINITY;
    this.#root = base === undefined ? directory(mode, now(), this.#owner) : base.#share();
  }

  /** Bytes written and not removed since it was made. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Files, directories and the like made and not removed since it was made. */
  get usedFiles(): number {
    return this.#files;
  }

  /** From now on nothing of what is here changes: both trees copy what they write to. */
  #share(): DirectoryNode {
    this.#owner = {};
    return this.#root;
  }

  /** The node with all above it, made this tree's own. Links on the way are followed, but the last when `isItself`. */
  #own(path: string, isItself = false): TreeNode | undefined {
    const parts = this.#resolve(path, isItself);
    if (parts === undefined) return undefined;
    if (this.#root.owner !== this.#owner) this.#root = copyOf(this.#root, this.#owner);
    let node: TreeNode = this.#root;
    for (const part of parts) {
      if (node.type !== 'directory') return undefined;
      let next: TreeNode | undefined = node.entries.get(part);
      if (next === undefined) return undefined;
      if (next.owner !== this.#owner) {
        next = copyOf(next, this.#owner);
        node.entries.set(part, next);
      }
      node = next;
    }
    return node;
  }

  /** The parts of a path without links and dots; undefined: no such file. */
  #resolve(path: string, isItself: boolean, links = 0): string[] | undefined {
    const parts = partsOf(path);
    const found: string[] = [];
    const trail: TreeNode[] = [this.#root];
    for (const [index, part] of parts.entries()) {
      const node = trail.at(-1);
      if (node?.type !== 'directory') return undefined;
      if (part === '.') continue;
      if (part === '..') {
        if (found.pop() !== undefined) trail.pop();
        continue;
      }
      const next = node.entries.get(part);
      if (next === undefined) return undefined;
      const isLast = index === parts.length - 1;
      if (next.type === 'link' && !(isLast && isItself)) {
        if (links >= maxLinks) throw new FileError('ELOOP', `${path}: Too many levels of symbolic links`);
        const base = next.target.startsWith('/') ? [] : found;
        return this.#resolve([...base, next.target, ...parts.slice(index + 1)].join('/'), isItself, links + 1);
      }
      found.push(part);
      trail.push(next);
    }
    return found;
  }

  #find(path: string, isItself = false): TreeNode | undefined {
    let node: TreeNode | undefined = this.#root;
    for (const part of this.#resolve(path, isItself) ?? ['']) {
      if (node?.type !== 'directory') return undefined;
      node = node.entries.get(part);
    }
    return node;
  }

  /** The directory that holds the last part of a path, made when it is not there. */
  #parent(path: string): readonly [DirectoryNode, string] {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw new FileError('EISDIR', `${path}: Is a directory`);
    return [this.#directory(`/${parts.join('/')}`), name];
  }

  #directory(path: string, mode = 0o755): DirectoryNode {
    const found = this.#own(path);
    if (found?.type === 'directory') return found;
    if (found !== undefined) throw new FileError('ENOTDIR', `${path}: Not a directory`);
    const [parent, name] = this.#parent(path);
    if (parent.entries.has(name)) throw new FileError('ENOENT', `${path}: No such file or directory`);
    const made = directory(mode | (parent.mode & setGid), this.#now(), this.#owner);
    made.gid = groupIn(parent);
    this.#add(parent, name, made);
    return made;
  }

  #enter(parent: DirectoryNode, name: string, node: TreeNode): void {
    parent.entries.set(name, node);
    parent.modifiedAt = this.#now();
  }

  #add(parent: DirectoryNode, name: string, node: TreeNode): void {
    this.#enter(parent, name, node);
    this.#files++;
    this.#onGrow?.({ bytes: 0, files: 1 });
  }

  #take(bytes: number): void {
    if (bytes > 0 && this.#used + bytes > this.#capacity)
      throw new FileError('ENOSPC', 'write error: No space left on device');
    this.#used = Math.max(0, this.#used + bytes);
    if (bytes > 0) this.#onGrow?.({ bytes, files: 0 });
  }

  /** What was there is there no more. */
  #give(node: TreeNode): void {
    this.#take(-sizeOf(node, this.#owner));
    this.#files = Math.max(0, this.#files - countOf(node, this.#owner));
  }

  read(path: string): ByteText | undefined {
    const node = this.#find(path);
    return node?.type === 'file' ? node.text : undefined;
  }

  write(path: string, text: ByteText, { mode = 0o644, append = false }: WriteOptions = {}): void {
    const found = this.#own(path);
    if (found?.type === 'directory') throw new FileError('EISDIR', `${path}: Is a directory`);
    if (found?.type === 'file') {
      this.#put(found, append ? found.text + text : text);
      return;
    }
    this.#take(text.length);
    const [parent, name] = this.#parent(this.#pathOfNew(path));
    const node: FileNode = { type: 'file', text, ...this.#fresh(mode, parent) };
    this.#add(parent, name, node);
  }

  /** A link that leads to no file yet is written through. */
  #pathOfNew(path: string): string {
    const node = this.#find(path, true);
    if (node?.type !== 'link') return path;
    const folder = path.slice(0, path.lastIndexOf('/'));
    return this.#pathOfNew(node.target.startsWith('/') ? node.target : `${folder}/${node.target}`);
  }

  #put(node: FileNode, text: ByteText): void {
    this.#take(text.length - node.text.length);
    node.text = text;
    node.modifiedAt = this.#now();
  }

  handle(path: string, isWrite: boolean): FileHandle | undefined {
    const node = isWrite ? this.#own(path) : this.#find(path);
    if (node?.type !== 'file') return undefined;
    const owner = this.#owner;
    // Once shared, the node behind the name may be another.
    const current = (): FileNode => {
      const now = owner === this.#owner ? node : this.#own(path);
      return now?.type === 'file' ? now : node;
    };
    return {
      read: () => (isWrite ? current().text : node.text),
      write: (text) => this.#put(current(), text),
      append: (text) => {
        const file = current();
        this.#put(file, file.text + text);
      },
    };
  }

  isDirectory(path: string): boolean {
    return this.#find(path)?.type === 'directory';
  }

  makeDirectory(path: string, mode?: number): void {
    this.#directory(path, mode);
  }

  list(path: string): readonly string[] {
    const node = this.#find(path);
    return node?.type === 'directory' ? [...node.entries.keys()].toSorted() : [];
  }

  remove(path: string): void {
    const node = this.#find(path, true);
    if (node === undefined) return;
    const [parent, name] = this.#parent(path);
    parent.entries.delete(name);
    parent.modifiedAt = this.#now();
    if ((node.links ?? 1) > 1) node.links = (node.links ?? 1) - 1;
    else this.#give(node);
  }

  rename(from: string, to: string): void {
    const node = this.#own(from, true);
    if (node === undefined) throw new FileError('ENOENT', `${from}: No such file or directory`);
    if (`${to}/`.startsWith(`${from}/`)) {
      if (to === from) return;
      throw new FileError('EINVAL', `${to}: Invalid argument`);
    }
    const old = this.#find(to, true);
    if (old?.type === 'directory' && node.type !== 'directory') throw new FileError('EISDIR', `${to}: Is a directory`);
    if (old?.type === 'directory' && old.entries.size > 0)
      throw new FileError('ENOTEMPTY', `${to}: Directory not empty`);
    if (old !== undefined && old !== node && (old.links ?? 1) === 1) this.#give(old);
    const [target, newName] = this.#parent(to);
    const [source, name] = this.#parent(from);
    source.entries.delete(name);
    source.modifiedAt = this.#now();
    this.#enter(target, newName, node);
  }

  stat(path: string): FileStat | undefined {
    return statOf(this.#find(path));
  }

  lstat(path: string): FileStat | undefined {
    return statOf(this.#find(path, true));
  }

  link(path: string, target: string): void {
    const [parent, name] = this.#free(path);
    this.#add(parent, name, { type: 'link', target, ...this.#fresh(0o777, parent) });
  }

  makeNode(path: string, { type, mode, device = '' }: NodeOptions): void {
    const [parent, name] = this.#free(path);
    this.#add(parent, name, { type, device, ...this.#fresh(mode, parent) });
  }

  hardLink(existing: string, path: string): void {
    const node = this.#own(existing, true);
    if (node === undefined) throw new FileError('ENOENT', `${existing}: No such file or directory`);
    if (node.type === 'directory') throw new FileError('EPERM', `${existing}: Operation not permitted`);
    const [parent, name] = this.#free(path);
    node.links = (node.links ?? 1) + 1;
    this.#enter(parent, name, node);
  }

  #free(path: string): readonly [DirectoryNode, string] {
    const [parent, name] = this.#parent(path);
    if (parent.entries.has(name)) throw new FileError('EEXIST', `${path}: File exists`);
    return [parent, name];
  }

  #fresh(mode: number, parent: DirectoryNode) {
    return { mode, uid: 0, gid: groupIn(parent), modifiedAt: this.#now(), owner: this.#owner };
  }

  setMode(path: string, mode: number): void {
    this.#existing(path).mode = mode;
  }

  setOwner(path: string, uid: number, gid: number): void {
    Object.assign(this.#existing(path), { uid, gid });
  }

  setTime(path: string, modifiedAt: number): void {
    this.#existing(path).modifiedAt = modifiedAt;
  }

  #existing(path: string): TreeNode {
    const node = this.#own(path);
    if (node === undefined) throw new FileError('ENOENT', `${path}: No such file or directory`);
    return node;
  }
}

/** In a directory with the set-group-id bit all that is new belongs to its group. */
function groupIn(parent: DirectoryNode): number {
  return (parent.mode & setGid) === 0 ? 0 : parent.gid;
}
