import type { FileTree } from '../../files/file-tree.ts';
import { VolumeError } from './volume-error.ts';

type PathType = 'file' | 'directory' | 'link' | 'character' | 'block' | 'fifo' | 'socket';

const wanted: ReadonlyMap<string, readonly [type: PathType, name: string]> = new Map([
  ['Directory', ['directory', 'directory']],
  ['DirectoryOrCreate', ['directory', 'directory']],
  ['File', ['file', 'file']],
  ['FileOrCreate', ['file', 'file']],
  ['Socket', ['socket', 'socket file']],
  ['CharDevice', ['character', 'character device']],
  ['BlockDevice', ['block', 'block device']],
]);

/** Sees to it that a path of a node is what a pod says it is; without a type anything will do, and a directory is made of nothing. */
export function checkHostPath(root: FileTree, path: string, type: string, mode = 0o755): void {
  if (path.split('/').includes('..')) throw new VolumeError(`invalid HostPath \`${path}\`: must not contain '..'`);
  if (type === '') {
    if (root.stat(path) === undefined) root.makeDirectory(path, mode);
    return;
  }
  const expected = wanted.get(type);
  if (expected === undefined) throw new VolumeError(`${type} is an invalid volume type`);
  const [kind, name] = expected;
  if (root.stat(path) === undefined && type === 'DirectoryOrCreate') root.makeDirectory(path, mode);
  if (root.stat(path) === undefined && type === 'FileOrCreate') {
    const folder = path.slice(0, path.lastIndexOf('/')) || '/';
    if (!root.isDirectory(folder)) throw new VolumeError(`open ${path}: no such file or directory`);
    root.write(path, '', { mode: 0o644 });
  }
  const found = root.stat(path)?.type;
  if (found !== kind) throw new VolumeError(`hostPath type check failed: ${path} is not a ${name}`);
}
