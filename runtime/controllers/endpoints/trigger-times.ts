import type { Pod, Service } from './kinds.ts';

interface Seen {
  service: string;
  pods: ReadonlyMap<string, string>;
}

/** RFC 3339 in UTC with whole seconds compares as text. */
function earlier(a: string, b: string): string {
  return a === '' || b < a ? b : a;
}

/** The time of the oldest change since a Service was last looked at, for those who measure how long it takes to reach the endpoints. */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** '' when nothing that has a time has changed. */
  next(key: string, service: Readonly<Service>, pods: readonly Readonly<Pod>[]): string {
    const before = this.#seen.get(key);
    const times = new Map<string, string>();
    let oldest = '';
    for (const { metadata, status } of pods) {
      const time = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
      if (time === undefined) continue;
      const { name = '' } = metadata ?? {};
      times.set(name, time);
      if (time > (before?.pods.get(name) ?? '')) oldest = earlier(oldest, time);
    }
    const created = service.metadata?.creationTimestamp ?? '';
    if (created > (before?.service ?? '')) oldest = earlier(oldest, created);
    this.#seen.set(key, { service: created, pods: times });
    return before === undefined ? created : oldest;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
