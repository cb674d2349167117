import type { ByteText, FileStat, NodeType } from './file-tree.ts';

/** Who may change a node: others make a copy of their own first. */
export type Owner = Readonly<Record<never, never>>;

interface Owned {
  readonly owner: Owner;
  mode: number;
  uid: number;
  gid: number;
  modifiedAt: number;
  /** Names of a file besides the first, plus one. */
  links?: number;
}

export interface FileNode extends Owned {
  readonly type: 'file';
  text: ByteText;
}

interface LinkNode extends Owned {
  readonly type: 'link';
  readonly target: string;
}

interface DeviceNode extends Owned {
  readonly type: NodeType;
  readonly device: string;
}

export interface DirectoryNode extends Owned {
  readonly type: 'directory';
  readonly entries: Map<string, TreeNode>;
}

export type TreeNode = FileNode | LinkNode | DirectoryNode | DeviceNode;

export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

export function directory(mode: number, modifiedAt: number, owner: Owner): DirectoryNode {
  return { type: 'directory', entries: new Map(), mode, uid: 0, gid: 0, modifiedAt, owner };
}

export function copyOf<T extends TreeNode>(node: T, owner: Owner): T {
  return { ...node, owner, ...(node.type === 'directory' ? { entries: new Map(node.entries) } : {}) };
}

/** Bytes of what an owner wrote, with all below. */
export function sizeOf(node: TreeNode, owner: Owner): number {
  if (node.owner !== owner) return 0;
  if (node.type === 'file') return node.text.length;
  if (node.type !== 'directory') return 0;
  let size = 0;
  for (const entry of node.entries.values()) size += sizeOf(entry, owner);
  return size;
}

/** How many an owner made, with all below. */
export function countOf(node: TreeNode, owner: Owner): number {
  if (node.owner !== owner) return 0;
  if (node.type !== 'directory') return 1;
  let count = 1;
  for (const entry of node.entries.values()) count += countOf(entry, owner);
  return count;
}

export function statOf(node: TreeNode | undefined): FileStat | undefined {
  if (node === undefined) return undefined;
  const { type, mode, uid, gid, modifiedAt, links } = node;
  const common = { mode, uid, gid, modifiedAt, ...(links === undefined ? {} : { links }) };
  switch (type) {
    case 'file':
      return { type, size: node.text.length, ...common };
    case 'link':
      return { type, size: node.target.length, target: node.target, ...common };
    case 'directory':
      return { type, size: 4096, ...common };
    default:
      return { type, size: 0, device: node.device, ...common };
  }
}
