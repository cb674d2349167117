import type { Node } from './kinds.ts';

/** Nodes tainted for eviction in a second: of a zone that is well, and of a large one that is half broken. */
const evictionRate = 0.1;
const secondaryEvictionRate = 0.01;
const largeZone = 50;
const unhealthyShare = 0.55;

export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

export function zoneKey({ metadata }: Readonly<Node>): string {
  const region = metadata?.labels?.['topology.kubernetes.io/region'] ?? '';
  const zone = metadata?.labels?.['topology.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`;
}

/** By the status of its nodes' Ready conditions. */
export function zoneState(ready: readonly (string | undefined)[]): ZoneState {
  const down = ready.filter((status) => status !== 'True').length;
  if (down > 0 && down === ready.length) return 'FullDisruption';
  return down > 2 && down / ready.length >= unhealthyShare ? 'PartialDisruption' : 'Normal';
}

/** A zone in which nothing works is not overloaded by evictions: the trouble is elsewhere. */
export function rateOf(state: ZoneState, size: number): number {
  if (state !== 'PartialDisruption') return evictionRate;
  return size > largeZone ? secondaryEvictionRate : 0;
}

/** Nodes of a zone that wait for their NoExecute taint, let through at the zone's rate. */
export class ZoneQueue {
  readonly #waiting = new Set<string>();
  #rate = evictionRate;
  #tokens = 1;
  #at = 0;

  add(node: string): void {
    this.#waiting.add(node);
  }

  remove(node: string): void {
    this.#waiting.delete(node);
  }

  setRate(rate: number, now: number): void {
    this.#refill(now);
    this.#rate = rate;
  }

  /** The next one whose time has come. */
  take(now: number): string | undefined {
    const [node] = this.#waiting;
    this.#refill(now);
    if (node === undefined || this.#rate === 0 || this.#tokens < 1) return undefined;
    this.#tokens -= 1;
    this.#waiting.delete(node);
    return node;
  }

  /** In how many milliseconds `take` has one again; undefined for never. */
  waitMs(now: number): number | undefined {
    if (this.#waiting.size === 0 || this.#rate === 0) return undefined;
    this.#refill(now);
    return Math.max(0, Math.ceil(((1 - this.#tokens) / this.#rate) * 1000));
  }

  #refill(now: number): void {
    this.#tokens = Math.min(1, this.#tokens + Math.max(0, ((now - this.#at) / 1000) * this.#rate));
    this.#at = now;
  }
}

interface Zone {
  state: ZoneState;
  readonly queue: ZoneQueue;
}

/** What a look at all zones asks for. */
export type Disruption = 'none' | 'begins' | 'ends';

export class Zones {
  readonly #zones = new Map<string, Zone>();

  queueOf(key: string): ZoneQueue {
    let zone = this.#zones.get(key);
    if (zone === undefined) {
      zone = { state: 'Initial', queue: new ZoneQueue() };
      this.#zones.set(key, zone);
    }
    return zone.queue;
  }

  queues(): ZoneQueue[] {
    return [...this.#zones.values()].map(({ queue }) => queue);
  }

  /** Takes the states of nodes by zone. When no node at all is ready evictions stop: it is the control plane that cannot see. */
  update(ready: ReadonlyMap<string, readonly (string | undefined)[]>, now: number): Disruption {
    const states = new Map([...ready].map(([key, statuses]) => [key, zoneState(statuses)]));
    for (const key of states.keys()) this.queueOf(key);
    for (const key of this.#zones.keys()) if (!states.has(key)) this.#zones.delete(key);
    const areAllDown = [...states.values()].every((state) => state === 'FullDisruption');
    const wereAllDown = [...this.#zones.values()].every(({ state }) => state === 'FullDisruption');
    if (areAllDown && wereAllDown) return 'none';
    for (const [key, zone] of this.#zones) {
      const state = states.get(key) ?? 'Normal';
      if (areAllDown) zone.queue.setRate(0, now);
      else if (wereAllDown || zone.state !== state) zone.queue.setRate(rateOf(state, ready.get(key)?.length ?? 0), now);
      zone.state = state;
    }
    if (areAllDown) return 'begins';
    return wereAllDown ? 'ends' : 'none';
  }
}
