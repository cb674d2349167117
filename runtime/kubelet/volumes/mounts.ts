import type { ByteText, FileTree } from '../../files/file-tree.ts';
import { ContainerConfigError } from '../environment/container-config-error.ts';
import { expanded } from '../environment/expansion.ts';
import type { Container, Mount } from '../pod-runtime.ts';
import { AtomicTree } from './atomic-tree.ts';
import type { OpenVolume } from './open-volume.ts';
import { checkSubPath, realPath, subTree } from './sub-path.ts';

type VolumeMount = NonNullable<Container['volumeMounts']>[number];

/** The place below a volume that a container mounts; '' is all of it. */
function subPathOf(
  { subPath = '', subPathExpr = '' }: VolumeMount,
  environment: ReadonlyMap<string, ByteText>,
): string {
  if (subPathExpr === '') return subPath;
  const missing = new Set<string>();
  const path = expanded(subPathExpr, (name) => {
    const value = environment.get(name) ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size > 0) throw new ContainerConfigError(`missing value for ${[...missing].toSorted().join(', ')}`);
  return path;
}

function placeOf(tree: FileTree, path: string, mount: string, container: string): FileTree {
  // A file that is mounted stays what it is when the volume's files change.
  const isOwn = tree instanceof AtomicTree && tree.stat(realPath(tree, path) ?? '/..') !== undefined;
  return subTree(isOwn ? tree.fixed() : tree, path, mount, container);
}

/** Sees to it that what a mount asks for can be done. */
function checkRecursion({ name, recursiveReadOnly, readOnly = false, mountPropagation = 'None' }: VolumeMount): void {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return;
  const wrong = (what: string): ContainerConfigError =>
    new ContainerConfigError(
      `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not ${what}`,
    );
  if (!readOnly) throw wrong('read-only');
  if (mountPropagation !== 'None') throw wrong(`compatible with propagation "${mountPropagation}"`);
}

/** What a container mounts of its pod's volumes. Throws ContainerConfigError. */
export function mountsOf(
  { name: container = '', volumeMounts = [], volumeDevices = [] }: Container,
  volumes: ReadonlyMap<string, OpenVolume>,
  environment: ReadonlyMap<string, ByteText>,
): Mount[] {
  const openOf = (name: string): OpenVolume => {
    const open = volumes.get(name);
    if (open === undefined)
      throw new ContainerConfigError(`cannot find volume "${name}" to mount into container "${container}"`);
    return open;
  };
  const mounts = volumeMounts.map((mount): Mount => {
    const { name = '', mountPath = '', readOnly = false } = mount;
    const { tree, isReadOnly } = openOf(name);
    const subPath = subPathOf(mount, environment);
    if (subPath !== '') checkSubPath(subPath);
    checkRecursion(mount);
    const prepare = tree instanceof AtomicTree ? () => tree.prepare() : undefined;
    return {
      path: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
      tree: subPath === '' ? tree : placeOf(tree, subPath, name, container),
      isReadOnly: readOnly || isReadOnly,
      ...(prepare === undefined ? {} : { prepare: () => prepare() ?? Promise.resolve() }),
    };
  });
  const devices = volumeDevices.map(({ name = '', devicePath = '' }): Mount => {
    const { tree, isReadOnly } = openOf(name);
    if (tree.stat('/disk') === undefined) tree.write('/disk', '', { mode: 0o660 });
    return { path: devicePath, tree: subTree(tree, 'disk', name, container), isReadOnly };
  });
  return [...mounts, ...devices];
}
