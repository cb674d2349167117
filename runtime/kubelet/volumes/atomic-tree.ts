import type { Clock, Random } from '../../../api/clock.ts';
import { DelegatingTree } from '../../files/delegating-tree.ts';
import type { FileTree } from '../../files/file-tree.ts';
import { MemoryTree } from '../../files/memory-tree.ts';
import { groupMode } from './ownership.ts';
import type { Payload } from './payload.ts';

/** What stands in a volume, as it is now. */
export interface VolumeContent {
  /** The same as before when nothing has changed. Throws when it cannot be told now. */
  current(): Payload;
  /** Fetches what costs something to have. */
  prepare?(): Promise<void>;
}

export interface AtomicTreeOptions {
  readonly type: 'ext4' | 'tmpfs';
  readonly content: VolumeContent;
  readonly group: number | undefined;
  /** Places of other volumes in this one. */
  readonly nested: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

const dataLink = '..data';

/** `..2026_11_21_18_12_30.3176735129` */
function stampedName(now: number, random: Random): string {
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_');
  return `..${stamp}.${Math.floor(random.next() * 2 ** 32)}`;
}

/**
 * A volume whose files change all at once: they stand in a directory named after the time, `..data` leads to it, and the names that users
 * see lead through `..data`. Nothing is made before somebody looks, and whoever looks finds what is current.
 */
export class AtomicTree extends DelegatingTree {
  readonly type: string;
  readonly #options: AtomicTreeOptions;
  readonly #openedAt: number;
  #tree: MemoryTree | undefined;
  #written: Payload | undefined;
  #directory = '';

  constructor(options: AtomicTreeOptions) {
    super();
    this.type = options.type;
    this.#options = options;
    this.#openedAt = options.clock.now();
  }

  prepare(): Promise<void> | undefined {
    return this.#options.content.prepare?.();
  }

  /** As it is now, for good. */
  fixed(): FileTree {
    this.#refreshed();
    const payload = this.#written ?? new Map();
    const content = { current: () => payload };
    return new AtomicTree({ ...this.#options, content, nested: [] });
  }

  override isDirectory(path: string): boolean {
    return path === '/' || super.isDirectory(path);
  }

  protected override at(path: string): readonly [FileTree, string] {
    return [this.#refreshed(), path];
  }

  #refreshed(): MemoryTree {
    const { content } = this.#options;
    let payload = this.#written;
    try {
      payload = content.current();
    } catch {
      // What was there stays until it can be told again.
    }
    if (this.#tree !== undefined && payload === this.#written) return this.#tree;
    this.#tree ??= this.#emptyTree();
    if (payload === undefined) return this.#tree;
    if (!isSame(payload, this.#written)) this.#write(this.#tree, payload);
    this.#written = payload;
    return this.#tree;
  }

  #emptyTree(): MemoryTree {
    const { type, group, nested, clock } = this.#options;
    const now = (): number => (this.#written === undefined ? this.#openedAt : clock.now());
    const mode = type === 'tmpfs' ? 0o1777 : 0o777;
    const tree = new MemoryTree({ type, mode, now });
    for (const path of nested) tree.makeDirectory(path);
    if (group !== undefined) {
      tree.setOwner('/', 0, group);
      tree.setMode('/', groupMode(mode, true, false));
    }
    return tree;
  }

  #write(tree: MemoryTree, payload: Payload): void {
    const { clock, random, group } = this.#options;
    const old = this.#directory;
    this.#directory = `/${stampedName(this.#written === undefined ? this.#openedAt : clock.now(), random)}`;
    tree.makeDirectory(this.#directory);
    const directories = new Set([this.#directory]);
    for (const [path, { text, mode, uid = 0 }] of payload) {
      const whole = `${this.#directory}/${path}`;
      for (let slash = whole.indexOf('/', this.#directory.length + 1); slash > 0; slash = whole.indexOf('/', slash + 1))
        directories.add(whole.slice(0, slash));
      const fileMode = group === undefined ? mode : groupMode(mode, false, true);
      tree.write(whole, text, { mode: fileMode });
      tree.setMode(whole, fileMode);
      tree.setOwner(whole, uid, group ?? 0);
    }
    if (group !== undefined) for (const path of directories) tree.setMode(path, groupMode(0o755, true, true));
    tree.remove(`/${dataLink}`);
    tree.link(`/${dataLink}`, this.#directory.slice(1));
    const visible = topNames(payload);
    for (const name of visible) if (tree.lstat(`/${name}`) === undefined) tree.link(`/${name}`, `${dataLink}/${name}`);
    for (const name of topNames(this.#written ?? new Map())) if (!visible.has(name)) tree.remove(`/${name}`);
    if (old !== '') tree.remove(old);
  }
}

function topNames(payload: Payload): Set<string> {
  return new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
}

function isSame(one: Payload, other: Payload | undefined): boolean {
  if (one.size !== other?.size) return false;
  for (const [path, { text }] of one) if (other.get(path)?.text !== text) return false;
  return true;
}
