import type { KubeObject } from '../../api/object.ts';
import type { Revision } from '../storage/store.ts';

/** A row of the store, or a change of one. */
export interface Row {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Between the version that clients of a custom resource speak and the rows of the store, which may be in others. */
export interface StoredForm {
  /** Resolves once the cache has all that the store has; absent where it always does. */
  caughtUp?(): Promise<void> | undefined;
  /** How far the cache has come; absent: as far as the store. */
  revision?(): Revision;
  /** The object as it is to be stored; may be its argument. */
  toStored(object: KubeObject): KubeObject | Promise<KubeObject>;
  /** Rows as the cache would show them. */
  present<T extends Row>(rows: readonly T[]): Promise<readonly T[]> | readonly T[];
  /** Whether the row under a key would be written just as it is: otherwise even an update without changes writes. */
  isCurrent(key: string): boolean;
}
