import { type ByteText, FileError, type FileStat, type FileTree, type WriteOptions } from './file-tree.ts';

/** Hands every call on to the tree and path that `at` names. */
abstract class DelegatingTree implements FileTree {
  abstract readonly type: string;
  /** The tree that has a path, and the path in it; `isWrite`: throws where it must not change. */
  protected abstract at(path: string, isWrite?: boolean): readonly [FileTree, string];

  read(path: string): ByteText | undefined {
    const [tree, inner] = this.at(path);
    return tree.read(inner);
  }

  write(path: string, text: ByteText, options?: WriteOptions): void {
    const [tree, inner] = this.at(path, true);
    tree.write(inner, text, options);
  }

  isDirectory(path: string): boolean {
    const [tree, inner] = this.at(path);
    return tree.isDirectory(inner);
  }

  makeDirectory(path: string, mode?: number): void {
    const [tree, inner] = this.at(path, true);
    tree.makeDirectory(inner, mode);
  }

  list(path: string): readonly string[] {
    const [tree, inner] = this.at(path);
    return tree.list(inner);
  }

  remove(path: string): void {
    const [tree, inner] = this.at(path, true);
    tree.remove(inner);
  }

  rename(from: string, to: string): void {
    const [tree, inner] = this.at(from, true);
    const [other, target] = this.at(to, true);
    if (tree === other) {
      tree.rename(inner, target);
      return;
    }
    const text = tree.read(inner);
    if (text === undefined) throw new FileError('ENOENT', `${from}: No such file or directory`);
    other.write(target, text);
    tree.remove(inner);
  }

  stat(path: string): FileStat | undefined {
    const [tree, inner] = this.at(path);
    return tree.stat(inner);
  }

  lstat(path: string): FileStat | undefined {
    const [tree, inner] = this.at(path);
    return tree.lstat(inner);
  }

  link(path: string, target: string): void {
    const [tree, inner] = this.at(path, true);
    tree.link(inner, target);
  }

  setMode(path: string, mode: number): void {
    const [tree, inner] = this.at(path, true);
    tree.setMode(inner, mode);
  }

  setOwner(path: string, uid: number, gid: number): void {
    const [tree, inner] = this.at(path, true);
    tree.setOwner(inner, uid, gid);
  }
}

/** A directory (or one file) of another tree as a tree of its own. */
export class SubTree extends DelegatingTree {
  readonly type: string;
  readonly #tree: FileTree;
  readonly #path: string;

  constructor(tree: FileTree, path: string) {
    super();
    this.type = tree.type;
    this.#tree = tree;
    this.#path = path;
  }

  protected override at(path: string): readonly [FileTree, string] {
    return [this.#tree, path === '/' ? this.#path : this.#path + path];
  }
}

export interface MountPoint {
  readonly path: string;
  readonly tree: FileTree;
  readonly isReadOnly?: boolean;
}

/** A tree with others mounted into it; the longest path that fits wins. */
export class MountedTree extends DelegatingTree {
  readonly type: string;
  readonly mounts: readonly MountPoint[];
  readonly #root: FileTree;
  readonly #isRootReadOnly: boolean;

  constructor(root: FileTree, mounts: Iterable<MountPoint>, { isRootReadOnly = false } = {}) {
    super();
    this.type = root.type;
    this.#root = root;
    this.#isRootReadOnly = isRootReadOnly;
    this.mounts = [...mounts]
      .map((mount) => ({ ...mount, path: mount.path.replace(/\/+$/, '') }))
      .toSorted((a, b) => b.path.length - a.path.length);
    for (const { path } of this.mounts) if (root.stat(path) === undefined) root.makeDirectory(path);
  }

  /** What is mounted at a path or above it; undefined: the root itself. */
  mountOf(path: string): MountPoint | undefined {
    return this.mounts.find((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
  }

  protected override at(path: string, isWrite = false): readonly [FileTree, string] {
    const mount = this.mountOf(path);
    if (isWrite && (mount === undefined ? this.#isRootReadOnly : mount.isReadOnly === true))
      throw new FileError('EROFS', `${path}: Read-only file system`);
    return mount === undefined ? [this.#root, path] : [mount.tree, path.slice(mount.path.length) || '/'];
  }
}
