import { parseQuantity } from '../../../api/quantity.ts';
import type { Node } from './kinds.ts';

/** No endpoint should get more than this much above its share. */
const overload = 0.2;
const zoneLabel = 'topology.kubernetes.io/zone';
const excludedLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** The share of each zone in the CPUs of all ready nodes. */
export type ZoneRatios = ReadonlyMap<string, number>;

export interface Allocation {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

export function isNodeReady({ status }: Readonly<Node>): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

export function zoneOf({ metadata }: Readonly<Node>): string {
  return metadata?.labels?.[zoneLabel] ?? '';
}

/** Undefined when a node does not say its zone or CPUs, or when there is one zone only. */
export function zoneRatios(nodes: Iterable<Readonly<Node>>): ZoneRatios | undefined {
  const cpus = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    if (excludedLabels.some((label) => node.metadata?.labels?.[label] !== undefined) || !isNodeReady(node)) continue;
    const zone = zoneOf(node);
    const cpu = Number(parseQuantity(node.status?.allocatable?.['cpu'] ?? '0').milliValue());
    if (zone === '' || cpu === 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
    total += cpu;
  }
  if (total === 0 || cpus.size < 2) return undefined;
  return new Map([...cpus].map(([zone, cpu]) => [zone, cpu / total]));
}

/** How many endpoints each zone needs, or why there cannot be hints, in upstream's words. */
export function allocate(ratios: ZoneRatios | undefined, endpoints: number): Map<string, Allocation> | string {
  if (ratios === undefined)
    return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  const counts = `(${endpoints} endpoints, ${ratios.size} zones)`;
  if (ratios.size > endpoints) return `Insufficient number of endpoints ${counts}`;
  const parts = [...ratios].map(([zone, ratio]) => {
    const share = ratio * endpoints;
    const minimum = Math.ceil(share / (1 + overload));
    return { zone, minimum, desired: Math.max(share, minimum) };
  });
  const needed = parts.reduce((sum, { minimum }) => sum + minimum, 0);
  if (needed > endpoints)
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`;
  return new Map(
    parts.map(({ zone, minimum, desired }) => [zone, { minimum, desired, maximum: minimum + endpoints - needed }]),
  );
}

/** Some zone has fewer endpoints than it needs. */
export function isOverloaded(endpoints: ReadonlyMap<string, number>, ratios: ZoneRatios | undefined): boolean {
  if (endpoints.size === 0) return false;
  if (ratios === undefined) return true;
  const total = [...endpoints.values()].reduce((sum, count) => sum + count, 0);
  return [...ratios].some(
    ([zone, ratio]) => (endpoints.get(zone) ?? 0) < Math.max(1, Math.ceil((total * ratio) / (1 + overload))),
  );
}

function most(zones: ReadonlyMap<string, number>): [zone: string, count: number] | undefined {
  let found: [string, number] | undefined;
  for (const [zone, count] of zones) if (count > (found?.[1] ?? 0)) found = [zone, count];
  return found;
}

/** How many endpoints a zone should serve for others, and others for it. */
export function exchange(
  allocations: ReadonlyMap<string, Allocation>,
  allocated: ReadonlyMap<string, number>,
): { giving: Map<string, number>; receiving: Map<string, number> } {
  const surplus = new Map<string, number>();
  const lack = new Map<string, number>();
  for (const [zone, { desired }] of allocations) {
    const more = (allocated.get(zone) ?? 0) - desired;
    if (more > 0) surplus.set(zone, more);
    else if (more < 0) lack.set(zone, -more);
  }
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const from = most(surplus);
    const to = most(lack);
    if (from === undefined || to === undefined) break;
    if ((from[1] < 1 && to[1] < 1) || from[1] < 0.5 || to[1] < 0.5) break;
    giving.set(from[0], (giving.get(from[0]) ?? 0) + 1);
    surplus.set(from[0], from[1] - 1);
    receiving.set(to[0], (receiving.get(to[0]) ?? 0) + 1);
    lack.set(to[0], to[1] - 1);
  }
  return { giving, receiving };
}
