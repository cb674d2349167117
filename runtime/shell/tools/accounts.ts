import { FileError, type FileTree } from '../../files/file-tree.ts';

function rows(files: FileTree, path: string): string[][] {
  try {
    return (files.read(path) ?? '').split('\n').map((line) => line.split(':'));
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}

/** Of /etc/passwd or /etc/group. */
export function namesById(files: FileTree, path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [name = '', , id = ''] of rows(files, path))
    if (id !== '' && !names.has(Number(id))) names.set(Number(id), name);
  return names;
}

/** From a name or a number; undefined: no such name. */
export function idByName(files: FileTree, path: string, text: string): number | undefined {
  const found = rows(files, path).find(([name]) => name === text)?.[2];
  if (found !== undefined) return Number(found);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export function accountOf(files: FileTree, by: string | number): Account | undefined {
  const row = rows(files, '/etc/passwd').find(([name, , id]) =>
    typeof by === 'number' ? id === String(by) : name === by,
  );
  if (row === undefined) return undefined;
  const [name = '', , uid = '', gid = '', , home = '/', shell = '/bin/sh'] = row;
  return { name, uid: Number(uid), gid: Number(gid), home, shell };
}
