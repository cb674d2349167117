import { parseQuantity } from '../../api/quantity.ts';
import type { FileTree } from '../files/file-tree.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import { MountedTree, SubTree } from '../files/mounted-tree.ts';
import type { DiskUsage, VolumeStore } from '../kubelet/pod-runtime.ts';

const cgroupPath = '/sys/fs/cgroup';

/** What pods mount of the machine that they run on. */
function nodeFiles(node: string): readonly (readonly [path: string, text: string])[] {
  return [
    ['/etc/hostname', `${node}\n`],
    ['/etc/hosts', `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${node}\n`],
    ['/etc/machine-id', `${node}\n`],
    ['/etc/os-release', 'NAME="kubefacade"\nID=kubefacade\nPRETTY_NAME="kubefacade"\n'],
    ['/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n'],
    ['/etc/resolv.conf', 'nameserver 127.0.0.53\n'],
    ['/etc/localtime', 'TZif2'],
    ['/proc/version', 'Linux version simulated\n'],
  ];
}

const nodeDirectories: readonly (readonly [mode: number, paths: string])[] = [
  [0o755, '/bin /boot /dev /etc/kubernetes/manifests /home /lib/modules /mnt /opt /root /run /sbin /srv /sys /usr/bin'],
  [0o755, '/usr/lib /usr/share /var/lib/kubelet/pods /var/log/containers /var/log/pods'],
  [0o1777, '/tmp /var/tmp'],
];

interface SimulatedVolumes extends VolumeStore {
  /** Nobody is told any more of what is written to its files. */
  leave(node: string): void;
}

function usageOf(tree: MemoryTree | undefined): DiskUsage | undefined {
  return tree === undefined ? undefined : { bytes: tree.usedBytes, files: tree.usedFiles };
}

/** Files of nodes, of claims, and of pods' own directories, all in memory. */
export function createVolumeStore(now: () => number, cgroupsOf?: (node: string) => FileTree): SimulatedVolumes {
  const nodes = new Map<string, FileTree>();
  const disks = new Map<string, FileTree>();
  const own = new Map<string, Map<string, MemoryTree>>();
  /** Of pods by uid, and of nodes by name. */
  const followers = new Map<string, (more: DiskUsage) => void>();
  const nodeFollowers = new Map<string, (more: DiskUsage) => void>();
  const nodeTrees = new Map<string, MemoryTree>();
  const kept = <T>(trees: Map<string, T>, key: string, make: () => T): T => {
    const tree = trees.get(key) ?? make();
    trees.set(key, tree);
    return tree;
  };
  const disk = (): FileTree => new MemoryTree({ type: 'ext4', now });
  const nodeDisk = (node: string): FileTree => {
    const root = new MemoryTree({ type: 'ext4', now, onGrow: (more) => nodeFollowers.get(node)?.(more) });
    nodeTrees.set(node, root);
    for (const [mode, paths] of nodeDirectories) for (const path of paths.split(' ')) root.makeDirectory(path, mode);
    for (const [path, text] of nodeFiles(node)) root.write(path, text);
    return cgroupsOf === undefined ? root : new MountedTree(root, [{ path: cgroupPath, tree: cgroupsOf(node) }]);
  };
  return {
    emptyDir: (podUid, volume, medium, sizeLimit) => {
      const trees = own.get(podUid) ?? new Map<string, MemoryTree>();
      own.set(podUid, trees);
      return kept(trees, volume, () => {
        const onGrow = followers.get(podUid);
        if (medium === '')
          return new MemoryTree({ type: 'ext4', mode: 0o777, now, ...(onGrow === undefined ? {} : { onGrow }) });
        const type = medium === 'Memory' ? 'tmpfs' : 'hugetlbfs';
        const capacity = sizeLimit === undefined ? {} : { capacity: Number(parseQuantity(sizeLimit).value()) };
        return new MemoryTree({ type, mode: 0o1777, now, ...capacity });
      });
    },
    emptyDirUsage: (podUid, volume) => usageOf(own.get(podUid)?.get(volume)),
    nodeUsage: (node) => usageOf(nodeTrees.get(node)) ?? { bytes: 0, files: 0 },
    follow: (place, onWritten) => {
      if ('podUid' in place) followers.set(place.podUid, onWritten);
      else nodeFollowers.set(place.node, onWritten);
    },
    hostPath: (node, path) => {
      const root = kept(nodes, node, () => nodeDisk(node));
      const inner = path.replace(/\/+$/, '');
      if (root.stat(inner === '' ? '/' : inner) === undefined) root.makeDirectory(inner);
      return inner === '' ? root : new SubTree(root, inner);
    },
    shared: (key) => kept(disks, key, disk),
    leave: (node) => void nodeFollowers.delete(node),
    release: (podUid) => {
      own.delete(podUid);
      followers.delete(podUid);
    },
  };
}
