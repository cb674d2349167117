import type { FileTree } from '../../files/file-tree.ts';
import type { NodeFacts, VolumeStore } from '../pod-runtime.ts';

const directories = [
  '/bin',
  '/boot',
  '/dev',
  '/etc/kubernetes/manifests',
  '/home',
  '/lib/modules',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/srv',
  '/sys',
  '/usr/bin',
  '/usr/lib',
  '/usr/share',
  '/var/lib/kubelet/pods',
  '/var/log/containers',
  '/var/log/pods',
];

/** A node's own files: made when a pod first looks at them. */
export function nodeFiles(store: VolumeStore, { name, addresses }: NodeFacts): FileTree {
  const root = store.hostPath(name, '/', '');
  if (root.stat('/etc/hosts') !== undefined) return root;
  for (const path of directories) root.makeDirectory(path);
  for (const path of ['/tmp', '/var/tmp']) root.makeDirectory(path, 0o1777);
  const own = addresses.map((address) => `${address}\t${name}\n`).join('');
  root.write('/etc/hosts', `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${own}`);
  root.write('/etc/hostname', `${name}\n`);
  root.write('/etc/machine-id', `${name}\n`, { mode: 0o444 });
  root.write('/etc/os-release', 'NAME="kubefacade"\nID=kubefacade\nPRETTY_NAME="kubefacade"\n');
  root.write('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
  root.write('/etc/group', 'root:x:0:\n');
  return root;
}
