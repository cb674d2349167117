import { type ByteText, FileError, type FileStat, type FileTree, type WriteOptions } from './file-tree.ts';

interface Owned {
  mode: number;
  uid: number;
  gid: number;
  modifiedAt: number;
}

interface FileNode extends Owned {
  readonly type: 'file';
  text: ByteText;
}

interface LinkNode extends Owned {
  readonly type: 'link';
  readonly target: string;
}

interface DirectoryNode extends Owned {
  readonly type: 'directory';
  readonly entries: Map<string, TreeNode>;
}

type TreeNode = FileNode | LinkNode | DirectoryNode;

const maxLinks = 40;

export interface MemoryTreeOptions {
  readonly type?: string;
  /** Of the root. */
  readonly mode?: number;
  /** Milliseconds since the epoch; times stand still at 0 without it. */
  now?(): number;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

/** Files in memory. Directories that a file needs are made with it. */
export class MemoryTree implements FileTree {
  readonly type: string;
  readonly #root: DirectoryNode;
  readonly #now: () => number;

  constructor({ type = 'overlayfs', mode = 0o755, now = () => 0 }: MemoryTreeOptions = {}) {
    this.type = type;
    this.#now = now;
    this.#root = { type: 'directory', entries: new Map(), mode, uid: 0, gid: 0, modifiedAt: now() };
  }

  /** Follows links but for the last part when `isItself`. */
  #find(path: string, isItself = false, links = 0): TreeNode | undefined {
    let node: TreeNode = this.#root;
    const parts = partsOf(path);
    const trail: DirectoryNode[] = [];
    for (const [index, part] of parts.entries()) {
      if (node.type !== 'directory') return undefined;
      if (part === '.') continue;
      if (part === '..') {
        node = trail.pop() ?? this.#root;
        continue;
      }
      const next: TreeNode | undefined = node.entries.get(part);
      if (next === undefined) return undefined;
      const isLast = index === parts.length - 1;
      if (next.type === 'link' && !(isLast && isItself)) {
        if (links >= maxLinks) throw new FileError('ELOOP', `${path}: Too many levels of symbolic links`);
        const base = next.target.startsWith('/') ? '' : `/${parts.slice(0, index).join('/')}`;
        return this.#find([base, next.target, ...parts.slice(index + 1)].join('/'), isItself, links + 1);
      }
      trail.push(node);
      node = next;
    }
    return node;
  }

  /** The directory that holds the last part of a path, made when it is not there. */
  #parent(path: string): readonly [DirectoryNode, string] {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw new FileError('EISDIR', `${path}: Is a directory`);
    return [this.#directory(parts), name];
  }

  #directory(parts: readonly string[], mode = 0o755): DirectoryNode {
    let at = this.#root;
    let path = '';
    for (const part of parts) {
      path += `/${part}`;
      let next = at.entries.get(part);
      if (next?.type === 'link') next = this.#find(path);
      if (next === undefined) {
        next = { type: 'directory', entries: new Map(), ...this.#owned(mode) };
        at.entries.set(part, next);
        at.modifiedAt = this.#now();
      }
      if (next.type !== 'directory') throw new FileError('ENOTDIR', `${path}: Not a directory`);
      at = next;
    }
    return at;
  }

  #owned(mode: number): Owned {
    return { mode, uid: 0, gid: 0, modifiedAt: this.#now() };
  }

  read(path: string): ByteText | undefined {
    const node = this.#find(path);
    return node?.type === 'file' ? node.text : undefined;
  }

  write(path: string, text: ByteText, { mode = 0o644, append = false }: WriteOptions = {}): void {
    const found = this.#find(path);
    if (found?.type === 'directory') throw new FileError('EISDIR', `${path}: Is a directory`);
    if (found?.type === 'file') {
      found.text = append ? found.text + text : text;
      found.modifiedAt = this.#now();
      return;
    }
    const [parent, name] = this.#parent(path);
    parent.entries.set(name, { type: 'file', text, ...this.#owned(mode) });
    parent.modifiedAt = this.#now();
  }

  isDirectory(path: string): boolean {
    return this.#find(path)?.type === 'directory';
  }

  makeDirectory(path: string, mode?: number): void {
    this.#directory(partsOf(path), mode);
  }

  list(path: string): readonly string[] {
    const node = this.#find(path);
    return node?.type === 'directory' ? [...node.entries.keys()].toSorted() : [];
  }

  remove(path: string): void {
    if (this.#find(path, true) === undefined) return;
    const [parent, name] = this.#parent(path);
    parent.entries.delete(name);
    parent.modifiedAt = this.#now();
  }

  rename(from: string, to: string): void {
    const node = this.#find(from, true);
    if (node === undefined) throw new FileError('ENOENT', `${from}: No such file or directory`);
    const [source, name] = this.#parent(from);
    const [target, newName] = this.#parent(to);
    source.entries.delete(name);
    target.entries.set(newName, node);
    target.modifiedAt = this.#now();
  }

  stat(path: string): FileStat | undefined {
    return statOf(this.#find(path));
  }

  lstat(path: string): FileStat | undefined {
    return statOf(this.#find(path, true));
  }

  link(path: string, target: string): void {
    const [parent, name] = this.#parent(path);
    if (parent.entries.has(name)) throw new FileError('EEXIST', `${path}: File exists`);
    parent.entries.set(name, { type: 'link', target, ...this.#owned(0o777) });
    parent.modifiedAt = this.#now();
  }

  setMode(path: string, mode: number): void {
    this.#existing(path).mode = mode;
  }

  setOwner(path: string, uid: number, gid: number): void {
    Object.assign(this.#existing(path), { uid, gid });
  }

  #existing(path: string): TreeNode {
    const node = this.#find(path);
    if (node === undefined) throw new FileError('ENOENT', `${path}: No such file or directory`);
    return node;
  }
}

function statOf(node: TreeNode | undefined): FileStat | undefined {
  if (node === undefined) return undefined;
  const { type, mode, uid, gid, modifiedAt } = node;
  const size = node.type === 'file' ? node.text.length : node.type === 'link' ? node.target.length : 4096;
  return { type, mode, uid, gid, modifiedAt, size, ...(node.type === 'link' ? { target: node.target } : {}) };
}
