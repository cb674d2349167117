import type { Address } from './network.ts';

/** Datagrams from `from` to `asked` go to `taken`, which sees them come from `seen`; answers go back the same way. */
export interface TrackedFlow<T> {
  readonly from: Address;
  readonly asked: Address;
  readonly seen: Address;
  readonly taken: Address;
  /** Who began it, and who answers. */
  readonly source: T;
  readonly target: T;
  lastUsed: number;
}

/** As the kernel's limit for streams of datagrams that are answered. */
const idleMs = 120_000;
const maxFlows = 16_384;

function keyOf(from: Address, to: Address): string {
  return `${from.ip} ${from.port} ${to.ip} ${to.port}`;
}

/** Connection tracking of datagrams. The least recently begun goes first when there are too many. */
export class FlowTable<T> {
  readonly #now: () => number;
  readonly #forward = new Map<string, TrackedFlow<T>>();
  readonly #answers = new Map<string, TrackedFlow<T>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#forward.size;
  }

  of(from: Address, to: Address): TrackedFlow<T> | undefined {
    return this.#fresh(this.#forward.get(keyOf(from, to)));
  }

  /** The flow that a datagram from `from` to `to` answers. */
  answeredBy(from: Address, to: Address): TrackedFlow<T> | undefined {
    return this.#fresh(this.#answers.get(keyOf(from, to)));
  }

  add(flow: Omit<TrackedFlow<T>, 'lastUsed'>): TrackedFlow<T> {
    const tracked = { ...flow, lastUsed: this.#now() };
    for (const oldest of this.#forward.values()) {
      if (this.#forward.size < maxFlows && !this.#isIdle(oldest)) break;
      this.#remove(oldest);
    }
    this.#forward.set(keyOf(flow.from, flow.asked), tracked);
    this.#answers.set(keyOf(flow.taken, flow.seen), tracked);
    return tracked;
  }

  forget(isStale: (flow: TrackedFlow<T>) => boolean): void {
    for (const flow of [...this.#forward.values()]) if (isStale(flow)) this.#remove(flow);
  }

  #fresh(flow: TrackedFlow<T> | undefined): TrackedFlow<T> | undefined {
    if (flow === undefined) return undefined;
    if (this.#isIdle(flow)) {
      this.#remove(flow);
      return undefined;
    }
    flow.lastUsed = this.#now();
    return flow;
  }

  #isIdle({ lastUsed }: TrackedFlow<T>): boolean {
    return this.#now() - lastUsed > idleMs;
  }

  #remove(flow: TrackedFlow<T>): void {
    const key = keyOf(flow.from, flow.asked);
    if (this.#forward.get(key) === flow) this.#forward.delete(key);
    const answer = keyOf(flow.taken, flow.seen);
    if (this.#answers.get(answer) === flow) this.#answers.delete(answer);
  }
}
