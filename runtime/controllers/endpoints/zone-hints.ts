import { isEndpointReady, removeHints, type SliceSet, touch } from './hints.ts';
import type { AddressType, Endpoint, EndpointSlice, Service } from './kinds.ts';
import { type Allocation, allocate, exchange, isOverloaded, type ZoneRatios } from './zone-allocation.ts';

export interface HintEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'TopologyAwareHintsEnabled' | 'TopologyAwareHintsDisabled';
  readonly message: string;
}

/** The annotation `service.kubernetes.io/topology-mode: Auto`, or its older name, which counts more. */
export function asksForZoneHints({ metadata }: Readonly<Service>): boolean {
  const annotations = metadata?.annotations ?? {};
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode'];
  return mode === 'Auto' || mode === 'auto';
}

type Count = Map<string, number>;

function count(counts: Count, zone: string, by = 1): void {
  counts.set(zone, (counts.get(zone) ?? 0) + by);
}

function readyIn(slices: readonly Readonly<EndpointSlice>[]): number {
  return slices.reduce((sum, { endpoints }) => sum + (endpoints ?? []).filter(isEndpointReady).length, 0);
}

/** Undefined when the hints of a slice cannot stay. */
function presentHints(
  slice: Readonly<EndpointSlice>,
  allocated: Count,
  allocations: ReadonlyMap<string, Allocation>,
): Count | undefined {
  const zones: Count = new Map();
  for (const endpoint of slice.endpoints ?? []) {
    if (!isEndpointReady(endpoint)) continue;
    const names = (endpoint.hints?.forZones ?? []).map(({ name }) => name ?? '');
    if (names.length === 0 || names.some((zone) => !allocations.has(zone))) return undefined;
    for (const zone of names) count(zones, zone);
  }
  for (const [zone, hints] of zones)
    if (hints + (allocated.get(zone) ?? 0) > (allocations.get(zone)?.maximum ?? 0)) return undefined;
  return zones;
}

/** Which Services have hints by zone, as long as the zones' CPUs are spread evenly enough for them. */
export class ZoneHints {
  #ratios: ZoneRatios | undefined;
  readonly #services = new Map<string, Map<AddressType, Count>>();
  readonly #populated = new Set<string>();

  /** Services whose hints no longer fit. */
  setRatios(ratios: ZoneRatios | undefined): string[] {
    this.#ratios = ratios;
    return [...this.#services]
      .filter(([, families]) => [...families.values()].some((zones) => isOverloaded(zones, ratios)))
      .map(([service]) => service);
  }

  get isUsed(): boolean {
    return this.#services.size > 0;
  }

  isPopulated(service: string): boolean {
    return this.#populated.has(service);
  }

  forget(service: string, type: AddressType): void {
    const families = this.#services.get(service);
    families?.delete(type);
    if (families?.size === 0) this.#services.delete(service);
    this.#populated.delete(service);
  }

  add(service: string, type: AddressType, slices: SliceSet): HintEvent | undefined {
    const total = readyIn(slices.create) + readyIn(slices.update) + readyIn(slices.unchanged);
    const allocations = allocate(this.#ratios, total);
    const give = (why: string): HintEvent => {
      this.forget(service, type);
      removeHints(slices);
      return { type: 'Warning', reason: 'TopologyAwareHintsDisabled', message: `${why}, addressType: ${type}` };
    };
    if (typeof allocations === 'string') return give(allocations);
    const allocated: Count = new Map();
    touch(slices, (slice) => {
      const present = presentHints(slice, allocated, allocations);
      for (const [zone, hints] of present ?? []) count(allocated, zone, hints);
      return present === undefined;
    });
    const changed = [...slices.create, ...slices.update];
    const ready = changed.flatMap(({ endpoints }) => endpoints.filter(isEndpointReady));
    if (ready.some(({ zone }) => (zone ?? '') === ''))
      return give('One or more endpoints do not have a zone specified');
    for (const { zone } of ready) count(allocated, zone ?? '');
    const { giving, receiving } = exchange(allocations, allocated);
    const hinted = (endpoint: Readonly<Endpoint>): Endpoint => {
      if (!isEndpointReady(endpoint)) return endpoint;
      const own = endpoint.zone ?? '';
      const [other] = (giving.get(own) ?? 0) > 0 ? receiving.keys() : [];
      if (other !== undefined) {
        for (const [counts, zone] of [
          [giving, own],
          [receiving, other],
        ] as const) {
          count(counts, zone, -1);
          if (counts.get(zone) === 0) counts.delete(zone);
        }
        count(allocated, own, -1);
        count(allocated, other);
      }
      return { ...endpoint, hints: { forZones: [{ name: other ?? own }] } };
    };
    for (const slice of changed) slice.endpoints = slice.endpoints.map(hinted);
    if (allocated.size === 0) return give('No hints allocated for zones');
    const families = this.#services.get(service) ?? new Map<AddressType, Count>();
    this.#services.set(service, families.set(type, allocated));
    if (this.#populated.has(service)) return undefined;
    this.#populated.add(service);
    return {
      type: 'Normal',
      reason: 'TopologyAwareHintsEnabled',
      message: `Topology Aware Hints has been enabled, addressType: ${type}`,
    };
  }
}
