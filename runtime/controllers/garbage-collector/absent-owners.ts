import type { Identity } from './node.ts';

const maxRemembered = 500;

/** Owners that were found not to exist, the last ones: a uid never comes back. */
export class AbsentOwners {
  readonly #keys = new Set<string>();

  add(identity: Identity): void {
    const key = keyOf(identity);
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= maxRemembered) return;
    const [oldest = ''] = this.#keys;
    this.#keys.delete(oldest);
  }

  has(identity: Identity): boolean {
    return this.#keys.has(keyOf(identity));
  }
}

function keyOf({ apiVersion, kind, namespace, name, uid }: Identity): string {
  return `${apiVersion}|${kind}|${namespace}|${name}|${uid}`;
}
