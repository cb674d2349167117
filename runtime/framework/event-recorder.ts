import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { type Api, apiVersionOf, type GroupVersionKind, type KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { EventCorrelator } from './event-correlator.ts';
import { isNotFound } from './status-cause.ts';

type Event = Api<'io.k8s.api.core.v1.Event'>;
export type ObjectReference = Api<'io.k8s.api.core.v1.ObjectReference'>;

export interface EventRecorder {
  /** Never waits and never fails: an event that cannot be written is dropped. */
  record(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** How an event names its object; `gvk` since objects of informers may not carry theirs. */
export function referenceTo(object: Readonly<KubeObject>, gvk: GroupVersionKind, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
  return {
    kind: gvk.kind,
    apiVersion: apiVersionOf(gvk),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

export interface EventSinkDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
}

const events = { group: '', version: 'v1', resource: 'events' } as const;
/** More events than this waiting to be written are dropped. */
const maxPending = 1000;
const maxTries = 12;
const retryMs = 10_000;

/** Writes events in the background, one after the other; the same one again raises its count. */
export class EventSink {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #correlator: EventCorrelator;
  #pending: Event[] = [];
  #isWriting = false;
  #isClosed = false;
  dropped = 0;

  constructor({ client, clock }: EventSinkDeps) {
    this.#client = client;
    this.#clock = clock;
    this.#correlator = new EventCorrelator(clock);
  }

  recorder(component: string, host?: string): EventRecorder {
    const source = { component, ...(host === undefined ? {} : { host }) };
    return {
      record: (involvedObject, type, reason, message) => {
        const now = this.#clock.now();
        const namespace = involvedObject.namespace ?? 'default';
        const event: Event = {
          metadata: { name: eventName(involvedObject.name ?? '', now, this.#serial()), namespace },
          involvedObject,
          reason,
          message,
          source,
          firstTimestamp: toTime(now),
          lastTimestamp: toTime(now),
          count: 1,
          type,
          reportingComponent: component,
          reportingInstance: host ?? '',
        };
        if (this.#pending.length >= maxPending || this.#isClosed) this.dropped++;
        else {
          this.#pending.push(event);
          void this.#write();
        }
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#pending = [];
  }

  #count = 0;
  #serial(): number {
    this.#count = (this.#count + 1) % 1_000_000;
    return this.#count;
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) {
      const correlated = this.#correlator.correlate(event);
      if (correlated === undefined) this.dropped++;
      else await this.#send(correlated.event, correlated.isRepeated);
    }
    this.#isWriting = false;
  }

  async #send(event: Event, isRepeated: boolean): Promise<void> {
    let repeated = isRepeated;
    const { namespace = '', name = '' } = event.metadata ?? {};
    for (let tries = 0; tries < maxTries && !this.#isClosed; tries++) {
      try {
        if (repeated) {
          const { count, lastTimestamp, message } = event;
          const target = { resource: events, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
          await this.#client.patch(target, { count, lastTimestamp, message });
        } else await this.#client.create(events, namespace, event);
        return;
      } catch (error) {
        if (repeated && isNotFound(error)) {
          repeated = false;
          continue;
        }
        // An answer is final, whatever it says; silence may pass.
        if (error instanceof StatusError && error.code < 500) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#clock.after(retryMs, resolve);
        await promise;
      }
    }
  }
}

function eventName(name: string, now: number, serial: number): string {
  return `${name}.${(BigInt(now) * 1_000_000n + BigInt(serial)).toString(16)}`;
}
