import { type Access, DelegatingTree } from './delegating-tree.ts';
import { FileError, type FileTree } from './file-tree.ts';

const changing: ReadonlySet<Access> = new Set(['write', 'name', 'own']);

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

const maxLinks = 40;

/** A tree with others mounted into it; the longest path that fits wins. Links lead from one into another. */
export class MountedTree extends DelegatingTree {
  readonly type: string;
  /** The deepest first; their paths lead through no link. */
  mounts: readonly MountPoint[] = [];
  readonly root: FileTree;
  readonly isRootReadOnly: boolean;

  constructor(root: FileTree, mounts: Iterable<MountPoint>, { isRootReadOnly = false } = {}) {
    super();
    this.type = root.type;
    this.root = root;
    this.isRootReadOnly = isRootReadOnly;
    for (const mount of [...mounts].toSorted((a, b) => a.path.length - b.path.length)) {
      const placed = { ...mount, path: this.resolve(mount.path) };
      this.#makePoint(placed);
      this.mounts = [...this.mounts, placed].toSorted((a, b) => b.path.length - a.path.length);
    }
  }

  #makePoint({ path, tree }: MountPoint): void {
    const [parent, inner] = this.#holder(path.slice(0, path.lastIndexOf('/')), path);
    if (parent.stat(inner) !== undefined) return;
    if (tree.isDirectory('/')) parent.makeDirectory(inner);
    else parent.write(inner, '');
  }

  #holder(folder: string, path: string): readonly [FileTree, string] {
    const mount = this.mountOf(folder);
    return mount === undefined ? [this.root, path] : [mount.tree, path.slice(mount.path.length)];
  }

  /** What is mounted at a path or above it; undefined: the root itself. */
  mountOf(path: string): MountPoint | undefined {
    return this.mounts.find((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
  }

  /** Where a path leads when links on its way are followed; the last one, too, unless `isItself`. */
  resolve(path: string, isItself = false, links = 0): string {
    const parts = path.split('/').filter((part) => part !== '');
    let at = '';
    for (const [index, part] of parts.entries()) {
      const next = `${at}/${part}`;
      const isLast = index === parts.length - 1;
      if (isLast && isItself) return next;
      const [tree, inner] = this.#place(next);
      const stat = inner === '/' ? undefined : tree.lstat(inner);
      if (stat?.type === 'link') {
        if (links >= maxLinks) throw new FileError('ELOOP', `${path}: Too many levels of symbolic links`);
        const base = stat.target?.startsWith('/') === true ? '' : at;
        const rest = parts.slice(index + 1).join('/');
        return this.resolve(normal(`${base}/${stat.target}${rest === '' ? '' : `/${rest}`}`), isItself, links + 1);
      }
      at = next;
    }
    return at === '' ? '/' : at;
  }

  #place(path: string): readonly [FileTree, string] {
    const mount = this.mountOf(path);
    return mount === undefined ? [this.root, path] : [mount.tree, path.slice(mount.path.length) || '/'];
  }

  protected override at(path: string, access: Access): readonly [FileTree, string] {
    // Names stand for themselves there: the last part of a path that is to be made or removed is no link to follow.
    const found = this.resolve(path, access === 'name');
    const mount = this.mountOf(found);
    if (changing.has(access) && (mount === undefined ? this.isRootReadOnly : mount.isReadOnly === true))
      throw new FileError('EROFS', `${path}: Read-only file system`);
    if (access === 'name' && mount?.path === found) throw new FileError('EBUSY', `${path}: Resource busy`);
    return this.#place(found);
  }

  override lstat(path: string): ReturnType<FileTree['lstat']> {
    const [tree, inner] = this.#place(this.resolve(path, true));
    return tree.lstat(inner);
  }
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
