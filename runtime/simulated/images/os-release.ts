import type { FileTree } from '../../files/file-tree.ts';

/** By the name that an image has. */
const releases: ReadonlyMap<string, readonly [name: string, version: string]> = new Map([
  ['alpine', ['Alpine Linux', '3.22.2']],
  ['debian', ['Debian GNU/Linux', '13']],
  ['ubuntu', ['Ubuntu', '24.04']],
  ['fedora', ['Fedora Linux', '43']],
  ['centos', ['CentOS Stream', '10']],
  ['rockylinux', ['Rocky Linux', '10.0']],
  ['almalinux', ['AlmaLinux', '10.0']],
  ['amazonlinux', ['Amazon Linux', '2023']],
]);

/** Those whose images people look at to see where they are. */
export const distributions: readonly string[] = [...releases.keys()];

/** Writes what an image says it is made from. */
export function writeRelease(tree: FileTree, id: string): void {
  const [name = '', version = ''] = releases.get(id) ?? [];
  const text = `PRETTY_NAME="${name} ${version}"\nNAME="${name}"\nVERSION_ID="${version}"\nID=${id}\n`;
  tree.write('/etc/os-release', text);
}
