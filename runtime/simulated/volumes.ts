import type { Pod } from '../kubelet/pod-runtime.ts';
import { type FileTree, MemoryTree, SubTree } from '../shell/files.ts';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

/** What outlives pods: directories of nodes, and what claims hold. */
export class SharedVolumes {
  readonly #nodes = new Map<string, FileTree>();
  readonly #claims = new Map<string, FileTree>();

  /** The volumes of a pod by name: an emptyDir is its own, a hostPath the node's, a claim the namespace's. */
  of(pod: Readonly<Pod>, node: string): ReadonlyMap<string, FileTree> {
    return new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name ?? '', this.#tree(pod, node, volume)]));
  }

  #tree(
    { metadata }: Readonly<Pod>,
    node: string,
    { name, hostPath, persistentVolumeClaim, ephemeral }: Volume,
  ): FileTree {
    if (hostPath !== undefined) {
      const path = (hostPath.path ?? '/').replace(/\/+$/, '');
      const tree = kept(this.#nodes, node);
      tree.makeDirectory(path === '' ? '/' : path);
      return path === '' ? tree : new SubTree(tree, path);
    }
    const claim = ephemeral === undefined ? persistentVolumeClaim?.claimName : `${metadata?.name}-${name}`;
    return claim === undefined ? new MemoryTree() : kept(this.#claims, `${metadata?.namespace}/${claim}`);
  }
}

function kept(trees: Map<string, FileTree>, key: string): FileTree {
  const tree = trees.get(key) ?? new MemoryTree();
  trees.set(key, tree);
  return tree;
}
