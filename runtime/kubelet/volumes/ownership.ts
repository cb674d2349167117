import type { FileTree } from '../../files/file-tree.ts';
import type { Pod } from '../pod-runtime.ts';

const groupReadWrite = 0o660;
const groupRead = 0o440;
const groupDirectory = 0o2110;

/** The group that a pod wants its volumes to belong to. */
export function groupOf({ spec }: Readonly<Pod>): number | undefined {
  return spec?.securityContext?.fsGroup;
}

/** The user of all containers of a pod; undefined when one does not name it, or they differ. */
export function userOf({ spec }: Readonly<Pod>): number | undefined {
  const ofPod = spec?.securityContext?.runAsUser;
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  const users = new Set(containers.map(({ securityContext }) => securityContext?.runAsUser ?? ofPod));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}

/** The bits a node of a volume has when it belongs to a pod's group. */
export function groupMode(mode: number, isDirectory: boolean, isReadOnly: boolean): number {
  return mode | (isReadOnly ? groupRead : groupReadWrite) | (isDirectory ? groupDirectory : 0);
}

/** Gives a volume with all that is in it to a group. */
export function giveToGroup(tree: FileTree, group: number, policy: string, isReadOnly = false): void {
  const root = tree.stat('/');
  if (root === undefined) return;
  const wanted = groupMode(root.mode, true, isReadOnly);
  if (policy === 'OnRootMismatch' && root.gid === group && root.mode === wanted) return;
  const give = (path: string): void => {
    const stat = tree.lstat(path);
    // A link has no owner that counts, and what it leads to is met by its own name.
    if (stat === undefined || stat.type === 'link') return;
    if (stat.type === 'directory')
      for (const name of tree.list(path)) give(path === '/' ? `/${name}` : `${path}/${name}`);
    tree.setOwner(path, stat.uid, group);
    tree.setMode(path, groupMode(stat.mode, stat.type === 'directory', isReadOnly));
  };
  give('/');
}
