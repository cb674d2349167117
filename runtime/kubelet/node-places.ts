/** Where a node of this process stands, and where its pods do. */
export interface NodePlace {
  readonly index: number;
  readonly address: string;
  readonly podCIDR: string;
}

/** As many pod networks as there are. */
const places = (12 + 244 - 128) * 256;

/** From 10.244.0.0/14 and on, then from 10.128.0.0: 5,000 nodes and more have one each. */
function podCIDROf(index: number): string {
  const own = 256 * 12;
  const second = index < own ? 244 + Math.floor(index / 256) : 128 + Math.floor((index - own) / 256);
  return `10.${second}.${index % 256}.0/24`;
}

/** Nodes stand in a network of their own; pods' networks come from the cluster's range. */
export function placeOf(index: number): NodePlace {
  const address = `172.18.${Math.floor((index + 2) / 256)}.${(index + 2) % 256}`;
  return { index, address, podCIDR: podCIDROf(index) };
}

function indexOf(address: string): number | undefined {
  const [, third, last] = /^172\.18\.(\d+)\.(\d+)$/.exec(address) ?? [];
  const index = Number(third) * 256 + Number(last) - 2;
  return index >= 0 && index < places ? index : undefined;
}

/** Places for nodes that come and go. Those given back are used again last. */
export class NodePlaces {
  readonly #taken = new Set<number>();
  readonly #first: number;
  #next: number;

  /** The first `count` are somebody's for good. */
  constructor(count: number) {
    this.#first = count;
    this.#next = count;
  }

  /** Who had an address before has it again when it can. Undefined: there are none left. */
  take(before: string | undefined, isFree: (place: NodePlace) => boolean): NodePlace | undefined {
    const known = before === undefined ? undefined : indexOf(before);
    const again = known === undefined || known < this.#first || this.#taken.has(known) ? undefined : placeOf(known);
    if (again !== undefined && isFree(again)) return this.#give(again);
    for (let tries = this.#first; tries < places; tries++) {
      const index = this.#next;
      this.#next = this.#next + 1 >= places ? this.#first : this.#next + 1;
      if (this.#taken.has(index)) continue;
      const place = placeOf(index);
      if (isFree(place)) return this.#give(place);
    }
    return undefined;
  }

  release({ index }: NodePlace): void {
    this.#taken.delete(index);
  }

  #give(place: NodePlace): NodePlace {
    this.#taken.add(place.index);
    return place;
  }
}
