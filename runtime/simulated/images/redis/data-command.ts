import type { ByteText } from '../../../files/file-tree.ts';
import type { Reply } from './resp.ts';
import type { Store } from './store.ts';

/** A command on the data alone. */
export interface DataCommand {
  /** Words after the name: at least, and at most; -1 any number. */
  readonly words: readonly [least: number, most: number];
  readonly isWrite: boolean;
  run(store: Store, words: readonly ByteText[]): Reply;
}
