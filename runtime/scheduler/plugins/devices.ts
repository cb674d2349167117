import type { Api } from '../../../api/object.ts';
import { type NodeSelector, nodeSelectorTest } from '../node-affinity.ts';
import type { Node } from '../node-info.ts';

export type ResourceClaim = Readonly<Api<'io.k8s.api.resource.v1.ResourceClaim'>>;
export type ResourceSlice = Readonly<Api<'io.k8s.api.resource.v1.ResourceSlice'>>;
export type DeviceClass = Readonly<Api<'io.k8s.api.resource.v1.DeviceClass'>>;
export type Allocation = Readonly<Api<'io.k8s.api.resource.v1.AllocationResult'>>;
type Device = Readonly<Api<'io.k8s.api.resource.v1.Device'>>;
type Result = Readonly<Api<'io.k8s.api.resource.v1.DeviceRequestAllocationResult'>>;
type Selector = Readonly<Api<'io.k8s.api.resource.v1.DeviceSelector'>>;

/** A device as selectors see it. */
export interface Candidate {
  readonly id: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: Device;
  readonly place: Place;
}

/** Where a device can be used. */
interface Place {
  nodeName?: string;
  allNodes?: boolean;
  nodeSelector?: NodeSelector;
}

/** Whether the device answers to all of the selectors. Throws when one cannot be evaluated. */
export type Matches = (candidate: Candidate, selectors: readonly Selector[]) => boolean;

interface Wanted {
  /** `request`, or `request/subrequest`. */
  readonly name: string;
  readonly class: DeviceClass | undefined;
  readonly selectors: readonly Selector[];
  readonly count: number;
  readonly isAll: boolean;
  readonly isAdmin: boolean;
}

export function deviceId({
  driver = '',
  pool = '',
  device = '',
}: Partial<Pick<Result, 'driver' | 'pool' | 'device'>>): string {
  return `${driver}/${pool}/${device}`;
}

/** Devices that claims have already. */
export function devicesInUse(claims: Iterable<ResourceClaim>): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { status } of claims)
    for (const result of status?.allocation?.devices?.results ?? [])
      if (result.adminAccess !== true) used.add(deviceId(result));
  return used;
}

function isOnNode(spec: Readonly<Place>, node: Node): boolean {
  if (spec.allNodes === true) return true;
  if (spec.nodeSelector !== undefined) return nodeSelectorTest(spec.nodeSelector).matches(node);
  return spec.nodeName !== undefined && spec.nodeName === node.metadata?.name;
}

/** What the node can use: of each pool its newest slices. Devices that share counters of their pool are left out. */
export function devicesOf(slices: readonly ResourceSlice[], node: Node): readonly Candidate[] {
  const newest = new Map<string, number>();
  const poolOf = ({ spec }: ResourceSlice): string => `${spec?.driver}/${spec?.pool?.name}`;
  for (const slice of slices)
    newest.set(poolOf(slice), Math.max(newest.get(poolOf(slice)) ?? 0, slice.spec?.pool?.generation ?? 0));
  return slices.flatMap((slice) => {
    const { spec } = slice;
    if (spec === undefined || (spec.pool?.generation ?? 0) !== newest.get(poolOf(slice))) return [];
    const { driver = '', pool: { name: pool = '' } = {}, perDeviceNodeSelection = false, devices = [] } = spec;
    if (!perDeviceNodeSelection && !isOnNode(spec, node)) return [];
    return devices
      .filter(
        (device) => (!perDeviceNodeSelection || isOnNode(device, node)) && (device.consumesCounters ?? []).length === 0,
      )
      .filter(({ taints = [] }) => !taints.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'))
      .map((device) => ({
        id: deviceId({ driver, pool, device: device.name ?? '' }),
        driver,
        pool,
        device,
        place: perDeviceNodeSelection ? device : spec,
      }));
  });
}

type Given = NonNullable<NonNullable<NonNullable<ResourceClaim['spec']>['devices']>['requests']>[number];

/** The ways in which one request can be met, the best first. */
function waysOf(
  { name = '', exactly, firstAvailable = [] }: Given,
  classes: (name: string) => DeviceClass | undefined,
): Wanted[] {
  const wanted = (full: string, one: NonNullable<typeof exactly>): Wanted => ({
    name: full,
    class: classes(one.deviceClassName ?? ''),
    selectors: one.selectors ?? [],
    count: one.count ?? 1,
    isAll: one.allocationMode === 'All',
    isAdmin: one.adminAccess === true,
  });
  if (exactly !== undefined) return [wanted(name, exactly)];
  return firstAvailable.map((one) => wanted(`${name}/${one.name}`, one));
}

/** `domain/name` of an attribute; without a domain it is the driver's. */
function attributeOf({ device, driver }: Candidate, name: string): unknown {
  const { attributes = {} } = device;
  const own = name.startsWith(`${driver}/`) ? name.slice(driver.length + 1) : undefined;
  const value = attributes[name] ?? (own === undefined ? undefined : attributes[own]);
  return value === undefined ? undefined : JSON.stringify(value);
}

interface Taken {
  readonly request: string;
  readonly candidate: Candidate;
  readonly isAdmin: boolean;
}

/** All devices that a constraint names have the same value of its attribute, or each another. */
function areAllowed(claim: ResourceClaim, taken: readonly Taken[]): boolean {
  return (claim.spec?.devices?.constraints ?? []).every(({ requests = [], matchAttribute, distinctAttribute }) => {
    const concerned = taken.filter(
      ({ request }) =>
        requests.length === 0 || requests.includes(request) || requests.includes(request.split('/')[0] ?? ''),
    );
    const name = matchAttribute ?? distinctAttribute;
    if (name === undefined) return true;
    const values = concerned.map(({ candidate }) => attributeOf(candidate, name));
    if (values.includes(undefined)) return false;
    return matchAttribute !== undefined ? new Set(values).size <= 1 : new Set(values).size === values.length;
  });
}

export interface DeviceSearch {
  readonly claim: ResourceClaim;
  readonly devices: readonly Candidate[];
  readonly used: ReadonlySet<string>;
  readonly classes: (name: string) => DeviceClass | undefined;
  readonly matches: Matches;
}

/** Enough to find what there is, and an end where there is nothing. */
const maxSteps = 20_000;

/** Devices for all requests of a claim, tried in order, taking back what does not work out. */
export function findDevices({ claim, devices, used, classes, matches }: DeviceSearch): readonly Taken[] | undefined {
  const requests = (claim.spec?.devices?.requests ?? []).map((request) => waysOf(request, classes));
  let steps = 0;
  const extend = (index: number, taken: readonly Taken[]): readonly Taken[] | undefined => {
    const ways = requests[index];
    if (ways === undefined) return taken;
    for (const way of ways) {
      const found = meet(index, way, taken);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const meet = (index: number, way: Wanted, taken: readonly Taken[]): readonly Taken[] | undefined => {
    if (way.class === undefined) return undefined;
    const selectors = [...(way.class.spec?.selectors ?? []), ...way.selectors];
    const fitting = devices.filter((candidate) => matches(candidate, selectors));
    const isFree = ({ id }: Candidate, now: readonly Taken[]): boolean =>
      way.isAdmin || (!used.has(id) && !now.some(({ candidate, isAdmin }) => !isAdmin && candidate.id === id));
    const take = (candidate: Candidate): Taken => ({ request: way.name, candidate, isAdmin: way.isAdmin });
    if (way.isAll) {
      if (fitting.length === 0 || !fitting.every((candidate) => isFree(candidate, taken))) return undefined;
      const all = [...taken, ...fitting.map(take)];
      return areAllowed(claim, all) ? extend(index + 1, all) : undefined;
    }
    const pick = (left: number, from: number, now: readonly Taken[]): readonly Taken[] | undefined => {
      if (left === 0) return extend(index + 1, now);
      for (let i = from; i < fitting.length && steps++ < maxSteps; i++) {
        const candidate = fitting[i];
        if (candidate === undefined || !isFree(candidate, now)) continue;
        const more = [...now, take(candidate)];
        const found = areAllowed(claim, more) ? pick(left - 1, i + 1, more) : undefined;
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return pick(way.count, 0, taken);
  };
  return extend(0, []);
}

/** What is written into the claim's status. */
export function allocationOf(
  claim: ResourceClaim,
  taken: readonly Taken[],
  classes: DeviceSearch['classes'],
): Allocation {
  const results = taken.map(({ request, candidate, isAdmin }) => ({
    request,
    driver: candidate.driver,
    pool: candidate.pool,
    device: candidate.device.name ?? '',
    ...(isAdmin ? { adminAccess: true } : {}),
  }));
  const requests = claim.spec?.devices?.requests ?? [];
  const fromClasses = requests.flatMap((request) =>
    waysOf(request, classes)
      .filter(({ name }) => results.some((result) => result.request === name))
      .flatMap(({ name, class: one }) =>
        (one?.spec?.config ?? []).map((config) => ({ source: 'FromClass', requests: [name], ...config })),
      ),
  );
  const fromClaim = (claim.spec?.devices?.config ?? []).map((config) => ({ source: 'FromClaim', ...config }));
  const config = [...fromClasses, ...fromClaim];
  const nodeSelector = placeOf(taken.map(({ candidate }) => candidate.place));
  return {
    devices: { results, ...(config.length === 0 ? {} : { config }) },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  } as Allocation;
}

/** The nodes that can use all of them; undefined: any. */
function placeOf(places: readonly Readonly<Place>[]): NodeSelector | undefined {
  const named = places.find(({ nodeName = '' }) => nodeName !== '');
  if (named?.nodeName !== undefined)
    return {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [named.nodeName] }] }],
    };
  const terms = places.flatMap(({ nodeSelector }) => nodeSelector?.nodeSelectorTerms ?? []);
  if (terms.length === 0) return undefined;
  const unique = <T>(all: readonly T[]): T[] => [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
  const matchExpressions = unique(terms.flatMap((term) => term.matchExpressions ?? []));
  const matchFields = unique(terms.flatMap((term) => term.matchFields ?? []));
  return {
    nodeSelectorTerms: [
      {
        ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
        ...(matchFields.length === 0 ? {} : { matchFields }),
      },
    ],
  };
}
