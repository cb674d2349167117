import type { DesiredSlice, Endpoint, EndpointSlice } from './kinds.ts';
import type { SliceChanges } from './slice-packing.ts';

/** Slices of one family before they are written. */
export interface SliceSet {
  readonly create: DesiredSlice[];
  readonly update: DesiredSlice[];
  /** What nobody changes; a slice whose hints change moves to `update`. */
  unchanged: Readonly<EndpointSlice>[];
}

export function sliceSet(changes: SliceChanges, existing: readonly Readonly<EndpointSlice>[]): SliceSet {
  const touched = new Set([...changes.update, ...changes.delete].map(({ metadata }) => metadata?.name));
  return {
    create: changes.create,
    update: changes.update,
    unchanged: existing.filter(({ metadata }) => !touched.has(metadata?.name)),
  };
}

export function isEndpointReady({ conditions }: Readonly<Endpoint>): boolean {
  return conditions?.ready === true;
}

export function withoutHints({ hints: _, ...endpoint }: Readonly<Endpoint>): Endpoint {
  return endpoint;
}

/** Moves what needs new hints from `unchanged` to `update`. */
export function touch(slices: SliceSet, needsUpdate: (slice: Readonly<EndpointSlice>) => boolean): void {
  const kept: Readonly<EndpointSlice>[] = [];
  for (const slice of slices.unchanged) {
    if (needsUpdate(slice)) slices.update.push({ ...slice, endpoints: [...(slice.endpoints ?? [])] });
    else kept.push(slice);
  }
  slices.unchanged = kept;
}

export function removeHints(slices: SliceSet): void {
  touch(slices, ({ endpoints }) => (endpoints ?? []).some(({ hints }) => hints !== undefined));
  for (const slice of [...slices.create, ...slices.update]) slice.endpoints = slice.endpoints.map(withoutHints);
}

const near: ReadonlySet<string> = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode']);

export function isKnownDistribution(distribution: string | undefined): distribution is string {
  return distribution !== undefined && near.has(distribution);
}

/** For `trafficDistribution`: a ready endpoint is for its own zone, with PreferSameNode for its node too. */
export function addNearHints(slices: SliceSet, distribution: string): void {
  const hintsOf = ({ zone, nodeName }: Readonly<Endpoint>): Endpoint['hints'] => {
    const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
    const forNodes =
      nodeName === undefined || distribution !== 'PreferSameNode' ? {} : { forNodes: [{ name: nodeName }] };
    const hints = { ...forZones, ...forNodes };
    return Object.keys(hints).length === 0 ? undefined : hints;
  };
  const areRight = (endpoint: Readonly<Endpoint>): boolean =>
    !isEndpointReady(endpoint) ||
    JSON.stringify(namesOf(endpoint.hints)) === JSON.stringify(namesOf(hintsOf(endpoint)));
  touch(slices, ({ endpoints }) => !(endpoints ?? []).every(areRight));
  for (const slice of [...slices.create, ...slices.update])
    slice.endpoints = slice.endpoints.map((endpoint) => {
      if (!isEndpointReady(endpoint)) return endpoint;
      const hints = hintsOf(endpoint);
      return hints === undefined ? withoutHints(endpoint) : { ...endpoint, hints };
    });
}

function namesOf(hints: Endpoint['hints']): (string | undefined)[][] {
  return [(hints?.forZones ?? []).map(({ name }) => name), (hints?.forNodes ?? []).map(({ name }) => name)];
}
