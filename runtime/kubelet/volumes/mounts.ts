import type { FileTree } from '../../files/file-tree.ts';
import type { Container, Mount, NodeFacts, Pod, VolumeStore } from '../pod-runtime.ts';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

function treeOf({ metadata }: Readonly<Pod>, node: NodeFacts, store: VolumeStore, volume: Volume): FileTree {
  const { name = '', hostPath, persistentVolumeClaim, ephemeral, emptyDir } = volume;
  if (hostPath !== undefined) return store.hostPath(node.name, hostPath.path ?? '/', hostPath.type ?? '');
  const claim = ephemeral === undefined ? persistentVolumeClaim?.claimName : `${metadata?.name}-${name}`;
  return claim === undefined
    ? store.emptyDir(metadata?.uid ?? '', name, emptyDir?.medium ?? '')
    : store.shared(`${metadata?.namespace}/${claim}`);
}

/** What a container mounts. */
export function mountsOf(pod: Readonly<Pod>, container: Container, node: NodeFacts, store: VolumeStore): Mount[] {
  return (container.volumeMounts ?? []).flatMap(({ name = '', mountPath = '', readOnly = false }) => {
    const volume = pod.spec?.volumes?.find((one) => one.name === name);
    return volume === undefined
      ? []
      : [{ path: mountPath, tree: treeOf(pod, node, store, volume), isReadOnly: readOnly }];
  });
}
