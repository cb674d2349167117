/** A place of files: a container's own, or a volume's. Paths are absolute and normal. */
export interface FileTree {
  /** Undefined: no such file. */
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  isDirectory(path: string): boolean;
  makeDirectory(path: string): void;
  /** Names in a directory, sorted. */
  list(path: string): readonly string[];
  remove(path: string): void;
}

/** `a/../b` and the like, below `cwd` where it is relative. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Files in memory. A directory is there when it was made, or when something is in it. */
export class MemoryTree implements FileTree {
  readonly #files = new Map<string, string>();
  readonly #directories = new Set<string>(['/']);

  read(path: string): string | undefined {
    return this.#files.get(path);
  }

  write(path: string, text: string): void {
    this.#files.set(path, text);
    this.makeDirectory(path.slice(0, path.lastIndexOf('/')) || '/');
  }

  isDirectory(path: string): boolean {
    return this.#directories.has(path);
  }

  makeDirectory(path: string): void {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) this.#directories.add(at);
  }

  list(path: string): readonly string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = new Set<string>();
    for (const one of [...this.#files.keys(), ...this.#directories]) {
      if (one.startsWith(prefix) && one !== path) names.add(one.slice(prefix.length).split('/', 1)[0] ?? '');
    }
    return [...names].filter((name) => name !== '').toSorted();
  }

  remove(path: string): void {
    this.#files.delete(path);
    this.#directories.delete(path);
    for (const name of this.list(path)) this.remove(`${path}/${name}`);
  }
}

/** A directory of another tree as a tree of its own. */
export class SubTree implements FileTree {
  readonly #tree: FileTree;
  readonly #path: string;

  constructor(tree: FileTree, path: string) {
    this.#tree = tree;
    this.#path = path;
  }

  #at(path: string): string {
    return path === '/' ? this.#path : this.#path + path;
  }

  read(path: string): string | undefined {
    return this.#tree.read(this.#at(path));
  }

  write(path: string, text: string): void {
    this.#tree.write(this.#at(path), text);
  }

  isDirectory(path: string): boolean {
    return this.#tree.isDirectory(this.#at(path));
  }

  makeDirectory(path: string): void {
    this.#tree.makeDirectory(this.#at(path));
  }

  list(path: string): readonly string[] {
    return this.#tree.list(this.#at(path));
  }

  remove(path: string): void {
    this.#tree.remove(this.#at(path));
  }
}

/** A tree with others mounted into it; the longest path that fits wins. */
export class MountedTree implements FileTree {
  readonly #mounts: readonly (readonly [path: string, tree: FileTree])[];
  readonly #root: FileTree;

  constructor(root: FileTree, mounts: Iterable<readonly [string, FileTree]>) {
    this.#root = root;
    this.#mounts = [...mounts].toSorted(([a], [b]) => b.length - a.length);
    for (const [path] of this.#mounts) root.makeDirectory(path);
  }

  #at(path: string): readonly [FileTree, string] {
    for (const [mount, tree] of this.#mounts) {
      if (path === mount) return [tree, '/'];
      if (path.startsWith(`${mount}/`)) return [tree, path.slice(mount.length)];
    }
    return [this.#root, path];
  }

  read(path: string): string | undefined {
    const [tree, inner] = this.#at(path);
    return tree.read(inner);
  }

  write(path: string, text: string): void {
    const [tree, inner] = this.#at(path);
    tree.write(inner, text);
  }

  isDirectory(path: string): boolean {
    const [tree, inner] = this.#at(path);
    return tree.isDirectory(inner);
  }

  makeDirectory(path: string): void {
    const [tree, inner] = this.#at(path);
    tree.makeDirectory(inner);
  }

  list(path: string): readonly string[] {
    const [tree, inner] = this.#at(path);
    return tree.list(inner);
  }

  remove(path: string): void {
    const [tree, inner] = this.#at(path);
    tree.remove(inner);
  }
}
