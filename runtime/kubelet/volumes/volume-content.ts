import type { KubeObject } from '../../../api/object.ts';
import { textOf } from '../../files/byte-text.ts';
import type { Pod } from '../pod-runtime.ts';
import type { AccountToken } from './account-tokens.ts';
import type { VolumeContent } from './atomic-tree.ts';
import type { FollowedObject } from './followed-objects.ts';
import { type DownwardItem, downwardFiles, type Payload } from './payload.ts';
import { VolumeError } from './volume-error.ts';

interface Source {
  /** As in `configmap "x" not found`. */
  readonly kind: string;
  readonly name: string;
  readonly optional: boolean;
}

/** Files of objects that many pods mount alike: made once for each state of an object. */
export class SharedPayloads {
  readonly #payloads = new WeakMap<KubeObject, Map<string, Payload>>();

  of(object: Readonly<KubeObject>, selection: object, make: () => Payload): Payload {
    const known = this.#payloads.get(object) ?? new Map<string, Payload>();
    this.#payloads.set(object, known);
    const key = JSON.stringify(selection);
    const payload = known.get(key) ?? make();
    known.set(key, payload);
    return payload;
  }
}

/** Files of an object: those of its last state when it goes, and for good when it says that it never changes. */
export function objectContent<T extends KubeObject & { readonly immutable?: boolean }>(
  followed: FollowedObject<T>,
  { kind, name, optional }: Source,
  filesOf: (object: Readonly<T> | undefined) => Payload,
): VolumeContent {
  let seen: Readonly<T> | undefined;
  let payload: Payload | undefined;
  return {
    current: () => {
      const now = seen?.immutable === true ? seen : followed.current();
      if (payload !== undefined && now === seen) return payload;
      if (now === undefined && !optional) throw new VolumeError(`${kind} "${name}" not found`);
      payload = filesOf(now);
      seen = now;
      return payload;
    },
  };
}

/** Fields of a pod, which may change while it runs. */
export function downwardContent(
  items: readonly DownwardItem[],
  pod: () => Readonly<Pod>,
  allocatable: Readonly<Record<string, string>>,
  mode: number,
): VolumeContent {
  let seen: Readonly<Pod> | undefined;
  let payload: Payload | undefined;
  return {
    current: () => {
      const now = pod();
      if (payload !== undefined && now === seen) return payload;
      payload = downwardFiles(items, now, allocatable, mode);
      seen = now;
      return payload;
    },
  };
}

export interface TokenFile {
  readonly path: string;
  readonly mode: number;
  readonly user: number | undefined;
}

export function tokenContent(token: AccountToken, { path, mode, user }: TokenFile): VolumeContent {
  let seen: string | undefined;
  let payload: Payload | undefined;
  return {
    current: () => {
      const text = token.current();
      if (payload !== undefined && text === seen) return payload;
      seen = text;
      payload = new Map([[path, { text: textOf(text), mode, ...(user === undefined ? {} : { uid: user }) }]]);
      return payload;
    },
    prepare: () => token.prepare(),
  };
}

/** Files that stay as they are. */
export function fixedContent(payload: Payload): VolumeContent {
  return { current: () => payload };
}

/** The files of all parts; of the same path the last one's. */
export function combinedContent(parts: readonly VolumeContent[]): VolumeContent {
  let seen: readonly Payload[] = [];
  let payload: Payload | undefined;
  return {
    current: () => {
      const now = parts.map((part) => part.current());
      if (payload !== undefined && now.every((part, index) => part === seen[index])) return payload;
      seen = now;
      payload = new Map(now.flatMap((part) => [...part]));
      return payload;
    },
    ...(parts.some(({ prepare }) => prepare !== undefined)
      ? {
          prepare: async () => {
            for (const part of parts) await part.prepare?.();
          },
        }
      : {}),
  };
}
