import { type ByteText, FileError, type FileStat, type FileTree } from './file-tree.ts';

/** What stands in a directory, made as it is asked for. */
export type GeneratedDirectory = () => ReadonlyMap<string, GeneratedEntry>;
export type GeneratedEntry = { readonly text: () => ByteText } | { readonly directory: GeneratedDirectory };

/** Files that nobody stores and nobody changes: of a system that tells of itself. */
export function createGeneratedTree(type: string, root: GeneratedDirectory): FileTree {
  const entryAt = (path: string): GeneratedEntry | undefined => {
    let at: GeneratedEntry | undefined = { directory: root };
    for (const part of path.split('/').filter((one) => one !== ''))
      at = at !== undefined && 'directory' in at ? at.directory().get(part) : undefined;
    return at;
  };
  const refuse = (path: string): never => {
    throw new FileError('EROFS', `${path}: Read-only file system`);
  };
  const stat = (path: string): FileStat | undefined => {
    const entry = entryAt(path);
    if (entry === undefined) return undefined;
    const common = { uid: 0, gid: 0, size: 0, modifiedAt: 0 };
    return 'text' in entry ? { type: 'file', mode: 0o644, ...common } : { type: 'directory', mode: 0o555, ...common };
  };
  return {
    type,
    read: (path) => {
      const entry = entryAt(path);
      return entry !== undefined && 'text' in entry ? entry.text() : undefined;
    },
    write: refuse,
    ...unchanging(refuse),
    isDirectory: (path) => {
      const entry = entryAt(path);
      return entry !== undefined && 'directory' in entry;
    },
    list: (path) => {
      const entry = entryAt(path);
      return entry !== undefined && 'directory' in entry ? [...entry.directory().keys()].sort() : [];
    },
    stat,
    lstat: stat,
  };
}

/** Of a tree whose entries come and go by themselves alone. */
export function unchanging(
  refuse: (path: string) => never,
): Pick<FileTree, 'makeDirectory' | 'remove' | 'rename' | 'link' | 'setMode' | 'setOwner'> {
  return {
    makeDirectory: refuse,
    remove: refuse,
    rename: refuse,
    link: refuse,
    setMode: refuse,
    setOwner: refuse,
  };
}
