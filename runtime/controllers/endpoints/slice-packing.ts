import { type EndpointSet, isSameState } from './endpoint-set.ts';
import type { DesiredSlice, Endpoint, EndpointSlice } from './kinds.ts';

/** What is to be done about the slices of a Service. Slices to be made have no name yet. */
export interface SliceChanges {
  create: DesiredSlice[];
  update: DesiredSlice[];
  delete: Readonly<EndpointSlice>[];
}

export interface Packing {
  readonly existing: readonly Readonly<EndpointSlice>[];
  /** Emptied. */
  readonly desired: EndpointSet;
  readonly maxPerSlice: number;
  /** Labels that the slice should have, and whether it has others now. */
  labelsOf(slice: Readonly<EndpointSlice>): { readonly labels: Record<string, string>; readonly areOther: boolean };
  newSlice(): DesiredSlice;
}

function withEndpoints(slice: Readonly<EndpointSlice>, endpoints: Endpoint[]): DesiredSlice {
  return { ...slice, metadata: { ...slice.metadata }, endpoints };
}

/**
 * Few writes rather than few slices: endpoints stay where they are, what is changed anyway is filled up first, the rest goes into one
 * slice that has room for all of it, and only then into new ones.
 */
export function pack({ existing, desired, maxPerSlice, labelsOf, newSlice }: Packing): SliceChanges {
  const changes: SliceChanges = { create: [], update: [], delete: [] };
  const unchanged = new Set<Readonly<EndpointSlice>>();
  for (const slice of existing) {
    const before = slice.endpoints ?? [];
    const kept: Endpoint[] = [];
    let isChanged = false;
    for (const endpoint of before) {
      const wanted = desired.take(endpoint);
      if (wanted === undefined) continue;
      kept.push(wanted);
      isChanged ||= !isSameState(wanted, endpoint);
    }
    isChanged ||= kept.length !== before.length;
    const { labels, areOther } = labelsOf(slice);
    if (isChanged && kept.length === 0) changes.delete.push(slice);
    else if (isChanged || areOther) {
      const changed = withEndpoints(slice, isChanged ? kept : [...before]);
      changed.metadata = { ...changed.metadata, labels };
      changes.update.push(changed);
    } else unchanged.add(slice);
  }
  changes.update.sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const slice of changes.update) slice.endpoints.push(...desired.takeSome(maxPerSlice - slice.endpoints.length));
  while (desired.size > 0) {
    const roomy = desired.size < maxPerSlice ? slotFor(unchanged, desired.size, maxPerSlice) : undefined;
    if (roomy === undefined) {
      const made = newSlice();
      made.endpoints.push(...desired.takeSome(maxPerSlice));
      changes.create.push(made);
      continue;
    }
    unchanged.delete(roomy);
    changes.update.push(withEndpoints(roomy, [...(roomy.endpoints ?? []), ...desired.takeSome(maxPerSlice)]));
  }
  return changes;
}

/** The slice that is the fullest when `count` more are in it. */
function slotFor(
  slices: Iterable<Readonly<EndpointSlice>>,
  count: number,
  max: number,
): Readonly<EndpointSlice> | undefined {
  let closest: Readonly<EndpointSlice> | undefined;
  let least = max;
  for (const slice of slices) {
    const left = max - count - (slice.endpoints?.length ?? 0);
    if (left < 0 || left >= least) continue;
    least = left;
    closest = slice;
  }
  return closest;
}

/** Instead of deleting one slice and making another of the same kind, the one is changed into the other. */
export function recycle(changes: SliceChanges, isOurs: (slice: Readonly<EndpointSlice>) => boolean): SliceChanges {
  const { create, update } = changes;
  const kept: Readonly<EndpointSlice>[] = [];
  const left = [...create];
  const recycled: DesiredSlice[] = [];
  for (const old of changes.delete) {
    const made = left.at(-1);
    if (made === undefined || made.addressType !== old.addressType || !isOurs(old)) {
      kept.push(old);
      continue;
    }
    left.pop();
    const { generateName: _, ...metadata } = made.metadata ?? {};
    recycled.push({ ...made, metadata: { ...metadata, name: old.metadata?.name ?? '' } });
  }
  return { create: left, update: [...update, ...recycled], delete: kept };
}
