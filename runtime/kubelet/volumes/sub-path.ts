import type { FileTree } from '../../files/file-tree.ts';
import { SubTree } from '../../files/mounted-tree.ts';
import { ContainerConfigError } from '../environment/container-config-error.ts';

const maxLinks = 40;

/** Throws what is wrong with a path below a volume. */
export function checkSubPath(path: string): void {
  if (path.startsWith('/')) throw new ContainerConfigError(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..'))
    throw new ContainerConfigError(`unable to provision SubPath \`${path}\`: must not contain '..'`);
}

/** Where a path of a tree leads, without links; undefined where it leads out of the tree. What is not there stands for itself. */
export function realPath(tree: FileTree, path: string, links = 0): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const trail: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === '..') {
      if (trail.pop() === undefined) return undefined;
      continue;
    }
    const at = `/${[...trail, part].join('/')}`;
    const stat = tree.lstat(at);
    if (stat?.type === 'link') {
      const target = stat.target ?? '';
      if (target.startsWith('/') || links >= maxLinks) return undefined;
      return realPath(tree, [...trail, target, ...parts.slice(index + 1)].join('/'), links + 1);
    }
    trail.push(part);
  }
  return `/${trail.join('/')}`;
}

/** A directory or file of a volume as a tree of its own, made (as a directory) when it is not there. */
export function subTree(tree: FileTree, path: string, mount: string, container: string): FileTree {
  const real = realPath(tree, path);
  if (real === undefined)
    throw new ContainerConfigError(`failed to prepare subPath for volumeMount "${mount}" of container "${container}"`);
  if (real === '/') return tree;
  if (tree.stat(real) === undefined) {
    try {
      makeDirectories(tree, real);
    } catch {
      throw new ContainerConfigError(
        `failed to create subPath directory for volumeMount "${mount}" of container "${container}"`,
      );
    }
  }
  return new SubTree(tree, real);
}

/** Every directory on the way gets the permissions of the volume. */
function makeDirectories(tree: FileTree, path: string): void {
  const mode = tree.stat('/')?.mode ?? 0o777;
  for (let slash = path.indexOf('/', 1); ; slash = path.indexOf('/', slash + 1)) {
    const at = slash < 0 ? path : path.slice(0, slash);
    if (tree.stat(at) === undefined) tree.makeDirectory(at, mode);
    if (slash < 0) return;
  }
}
