import type { Clock } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';

type Event = Api<'io.k8s.api.core.v1.Event'>;

const maxRemembered = 4096;
/** So many different messages of one reason within ten minutes become one event. Upstream: EventAggregator. */
const maxSimilar = 10;
const similarMs = 10 * 60_000;
/** So many events of one source about one object at once, then one in five minutes. Upstream: EventSourceObjectSpamFilter. */
const burst = 25;
const refillMs = 5 * 60_000;

interface Similar {
  messages: Set<string>;
  last: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** What to write for an event: it, one that stands for several, the earlier one with a higher count, or nothing. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Map<string, Event>();
  readonly #similar = new Map<string, Similar>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(event: Event): { readonly event: Event; readonly isRepeated: boolean } | undefined {
    const now = this.#clock.now();
    const group = JSON.stringify([
      event.source,
      { ...event.involvedObject, resourceVersion: undefined },
      event.type,
      event.reason,
    ]);
    let similar = this.#similar.get(group);
    if (similar === undefined || now - similar.last > similarMs) similar = { messages: new Set(), last: now };
    similar.last = now;
    similar.messages.add(event.message ?? '');
    remember(this.#similar, group, similar);
    const isMany = similar.messages.size >= maxSimilar;
    if (isMany) similar.messages = new Set([...similar.messages].slice(-maxSimilar));
    const message = isMany ? `(combined from similar events): ${event.message}` : event.message;
    const key = isMany ? group : `${group}${event.message}`;
    if (!this.#take(JSON.stringify([event.source, event.involvedObject?.uid, event.involvedObject?.name]), now))
      return undefined;
    const earlier = this.#written.get(key);
    const next: Event = { ...event, ...(message === undefined ? {} : { message }) };
    if (earlier !== undefined) {
      next.metadata = earlier.metadata ?? {};
      next.firstTimestamp = earlier.firstTimestamp ?? '';
      next.count = (earlier.count ?? 1) + 1;
    }
    remember(this.#written, key, next);
    return { event: next, isRepeated: earlier !== undefined };
  }

  #take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    const isTaken = tokens >= 1;
    remember(this.#buckets, key, { tokens: isTaken ? tokens - 1 : tokens, at: now });
    return isTaken;
  }
}

/** The least recently used ones are forgotten first. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxRemembered) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
