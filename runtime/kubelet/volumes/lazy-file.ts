import { DelegatingTree } from '../../files/delegating-tree.ts';
import type { ByteText, FileTree } from '../../files/file-tree.ts';
import { MemoryTree } from '../../files/memory-tree.ts';

/** A single file as a tree of its own, made when somebody looks at it. */
export class LazyFile extends DelegatingTree {
  readonly type = 'ext4';
  readonly #make: () => ByteText;
  readonly #mode: number;
  readonly #madeAt: number;
  #tree: MemoryTree | undefined;

  constructor(make: () => ByteText, madeAt: number, mode = 0o644) {
    super();
    this.#make = make;
    this.#mode = mode;
    this.#madeAt = madeAt;
  }

  override isDirectory(): boolean {
    return false;
  }

  protected override at(): readonly [FileTree, string] {
    if (this.#tree === undefined) {
      this.#tree = new MemoryTree({ type: this.type, now: () => this.#madeAt });
      this.#tree.write('/file', this.#make(), { mode: this.#mode });
    }
    return [this.#tree, '/file'];
  }
}
