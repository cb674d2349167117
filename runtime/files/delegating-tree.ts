import {
  type ByteText,
  FileError,
  type FileHandle,
  type FileStat,
  type FileTree,
  handleOf,
  type NodeOptions,
  type WriteOptions,
} from './file-tree.ts';

/** What is to happen to a path: `name` changes the directory that holds it. */
export type Access = 'look' | 'read' | 'write' | 'list' | 'name' | 'own';

/** Hands every call on to the tree and path that `at` names. */
export abstract class DelegatingTree implements FileTree {
  abstract readonly type: string;
  /** The tree that has a path, and the path in it. Throws where that is not allowed. */
  protected abstract at(path: string, access: Access): readonly [FileTree, string];

  read(path: string): ByteText | undefined {
    const [tree, inner] = this.at(path, 'read');
    return tree.read(inner);
  }

  write(path: string, text: ByteText, options?: WriteOptions): void {
    const [tree, inner] = this.at(path, 'write');
    tree.write(inner, text, options);
  }

  isDirectory(path: string): boolean {
    const [tree, inner] = this.at(path, 'look');
    return tree.isDirectory(inner);
  }

  makeDirectory(path: string, mode?: number): void {
    const [tree, inner] = this.at(path, 'name');
    tree.makeDirectory(inner, mode);
  }

  list(path: string): readonly string[] {
    const [tree, inner] = this.at(path, 'list');
    return tree.list(inner);
  }

  remove(path: string): void {
    const [tree, inner] = this.at(path, 'name');
    tree.remove(inner);
  }

  rename(from: string, to: string): void {
    const [tree, inner] = this.at(from, 'name');
    const [other, target] = this.at(to, 'name');
    if (tree !== other) throw new FileError('EXDEV', `${from}: Invalid cross-device link`);
    tree.rename(inner, target);
  }

  stat(path: string): FileStat | undefined {
    const [tree, inner] = this.at(path, 'look');
    return tree.stat(inner);
  }

  lstat(path: string): FileStat | undefined {
    const [tree, inner] = this.at(path, 'look');
    return tree.lstat(inner);
  }

  link(path: string, target: string): void {
    const [tree, inner] = this.at(path, 'name');
    tree.link(inner, target);
  }

  setMode(path: string, mode: number): void {
    const [tree, inner] = this.at(path, 'own');
    tree.setMode(inner, mode);
  }

  setOwner(path: string, uid: number, gid: number): void {
    const [tree, inner] = this.at(path, 'own');
    tree.setOwner(inner, uid, gid);
  }

  handle(path: string, isWrite: boolean): FileHandle | undefined {
    const [tree, inner] = this.at(path, isWrite ? 'write' : 'read');
    return handleOf(tree, inner, isWrite);
  }

  setTime(path: string, modifiedAt: number): void {
    const [tree, inner] = this.at(path, 'write');
    tree.setTime?.(inner, modifiedAt);
  }

  makeNode(path: string, options: NodeOptions): void {
    const [tree, inner] = this.at(path, 'name');
    if (tree.makeNode === undefined) throw new FileError('EPERM', `${path}: Operation not permitted`);
    tree.makeNode(inner, options);
  }

  hardLink(existing: string, path: string): void {
    const [tree, inner] = this.at(existing, 'look');
    const [other, target] = this.at(path, 'name');
    if (tree !== other) throw new FileError('EXDEV', `${path}: Invalid cross-device link`);
    if (tree.hardLink === undefined) throw new FileError('EPERM', `${path}: Operation not permitted`);
    tree.hardLink(inner, target);
  }
}
