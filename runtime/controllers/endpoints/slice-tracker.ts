import { type EndpointSlice, serviceNameLabel } from './kinds.ts';

const deletionExpected = -1;

/** `namespace/service` that a slice belongs to; undefined without the label that says so. */
export function serviceOfSlice({ metadata }: Readonly<EndpointSlice>): string | undefined {
  const name = metadata?.labels?.[serviceNameLabel] ?? '';
  return name === '' ? undefined : `${metadata?.namespace}/${name}`;
}

/** The generations that one wrote, by Service: tells own changes from others', and an informer that has not seen them yet. */
export class SliceTracker {
  readonly #services = new Map<string, Map<string, number>>();

  /** Somebody else made or changed it. */
  isForeign(slice: Readonly<EndpointSlice>): boolean {
    const generation = this.#of(slice)?.get(slice.metadata?.uid ?? '');
    return generation === undefined || (slice.metadata?.generation ?? 0) > generation;
  }

  has(slice: Readonly<EndpointSlice>): boolean {
    return this.#of(slice)?.has(slice.metadata?.uid ?? '') === true;
  }

  /** The slices at hand are older than what was written. */
  isStale(service: string, slices: readonly Readonly<EndpointSlice>[]): boolean {
    const generations = this.#services.get(service);
    if (generations === undefined) return false;
    const present = new Set<string>();
    for (const { metadata } of slices) {
      const uid = metadata?.uid ?? '';
      present.add(uid);
      const generation = generations.get(uid);
      if (generation === undefined) continue;
      if (generation === deletionExpected || generation > (metadata?.generation ?? 0)) return true;
    }
    for (const [uid, generation] of generations) if (generation !== deletionExpected && !present.has(uid)) return true;
    return false;
  }

  wrote(slice: Readonly<EndpointSlice>): void {
    this.#set(slice, slice.metadata?.generation ?? 0);
  }

  expectDeletion(slice: Readonly<EndpointSlice>): void {
    this.#set(slice, deletionExpected);
  }

  /** Whether the deletion was one's own. */
  deleted(slice: Readonly<EndpointSlice>): boolean {
    const generations = this.#of(slice);
    const uid = slice.metadata?.uid ?? '';
    const generation = generations?.get(uid);
    generations?.delete(uid);
    return generation === undefined || generation === deletionExpected;
  }

  forget(service: string): void {
    this.#services.delete(service);
  }

  #of(slice: Readonly<EndpointSlice>): Map<string, number> | undefined {
    return this.#services.get(serviceOfSlice(slice) ?? '');
  }

  #set(slice: Readonly<EndpointSlice>, generation: number): void {
    const service = serviceOfSlice(slice) ?? '';
    const generations = this.#services.get(service);
    if (generations === undefined) this.#services.set(service, new Map([[slice.metadata?.uid ?? '', generation]]));
    else generations.set(slice.metadata?.uid ?? '', generation);
  }
}
