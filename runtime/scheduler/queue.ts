import type { Clock } from '../../api/clock.ts';
import type { ClusterEvent, Hint } from './framework.ts';
import { Heap } from './heap.ts';
import { type Pod, type PodInfo, podInfoOf } from './pod-info.ts';

/** A pod that wants a node. */
export interface QueuedPod {
  info: PodInfo;
  /** Of the last attempt, or when it came. */
  since: number;
  readonly firstSeen: number;
  /** When it was popped last. */
  poppedAt: number;
  attempts: number;
  unschedulableCount: number;
  errorCount: number;
  /** Plugins that turned it away last time. */
  rejectors: ReadonlySet<string>;
  /** The plugin that does not even let it be tried. */
  gate: string | undefined;
  backoffUntil: number;
}

export interface QueueDeps {
  readonly clock: Clock;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** The name of the plugin that holds the pod back. */
  gateOf(pod: PodInfo): string | undefined;
  /** What may help a pod which `plugin` turned away. */
  hintsOf(pod: PodInfo, plugin: string): readonly Hint[];
  /** There is something to pop. */
  onReady(): void;
}

/** After this long a pod is tried again even if nothing happened that could help it. */
const maxUnschedulableMs = 5 * 60_000;
const flushMs = 30_000;
const nobody: ReadonlySet<string> = new Set();

/**
 * Pods that wait for a node: those to be tried now, by priority and age; those that failed and back off; and those that wait for an event
 * that can help them. While none is to be tried now, one that backs off after no node fitted is taken early.
 */
export class SchedulingQueue {
  readonly #deps: QueueDeps;
  readonly #all = new Map<string, QueuedPod>();
  readonly #active = new Heap<QueuedPod>(
    (a, b) => a.info.priority > b.info.priority || (a.info.priority === b.info.priority && a.since < b.since),
  );
  readonly #backoff = new Heap<QueuedPod>((a, b) => a.backoffUntil < b.backoffUntil);
  /** Backing off after an error, not after a failure to fit: these wait their time. */
  readonly #errorBackoff = new Heap<QueuedPod>((a, b) => a.backoffUntil < b.backoffUntil);
  readonly #unschedulable = new Set<QueuedPod>();
  /** Counts events: an attempt that saw it change does not know the newest state. */
  #moves = 0;
  #backoffTimer: { readonly at: number; cancel(): void } | undefined;
  #flushTimer: { cancel(): void } | undefined;
  #isClosed = false;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  get moves(): number {
    return this.#moves;
  }

  /** Pods by what they wait for; what is gated is not tried at all. */
  get counts() {
    const backoff = this.#backoff.size + this.#errorBackoff.size;
    let gated = 0;
    for (const { gate } of this.#unschedulable) if (gate !== undefined) gated++;
    return { active: this.#active.size, backoff, unschedulable: this.#unschedulable.size - gated, gated };
  }

  add(pod: Pod): void {
    const info = podInfoOf(pod);
    const present = this.#all.get(info.uid);
    if (present !== undefined) {
      this.#take(present);
      present.info = info;
      this.#activate(present);
      return;
    }
    const now = this.#deps.clock.now();
    const queued: QueuedPod = {
      info,
      since: now,
      firstSeen: now,
      poppedAt: now,
      attempts: 0,
      unschedulableCount: 0,
      errorCount: 0,
      rejectors: nobody,
      gate: undefined,
      backoffUntil: 0,
    };
    this.#all.set(info.uid, queued);
    this.#activate(queued);
  }

  /** A pod that still has no node has changed. Not known: nothing happens, it is being tried. */
  update(pod: Pod, events: readonly ClusterEvent[]): boolean {
    const queued = this.#all.get(pod.metadata?.uid ?? '');
    if (queued === undefined) return false;
    const before = queued.info.priority;
    const isActive = this.#active.has(queued);
    if (isActive) this.#active.delete(queued);
    queued.info = podInfoOf(pod);
    if (isActive) {
      if (before !== queued.info.priority) this.#deps.onReady();
      this.#active.push(queued);
    } else if (this.#unschedulable.has(queued) && events.some((event) => this.#helps(queued, event)))
      this.#requeue(queued);
    return true;
  }

  delete(uid: string): void {
    const queued = this.#all.get(uid);
    if (queued === undefined) return;
    this.#take(queued);
    this.#all.delete(uid);
  }

  /** The next pod to be tried; it is the caller's until it comes back by `failed`. */
  pop(): QueuedPod | undefined {
    const next = this.#active.pop() ?? this.#backoff.pop();
    if (next === undefined) return undefined;
    this.#all.delete(next.info.uid);
    next.attempts++;
    next.poppedAt = this.#deps.clock.now();
    return next;
  }

  /** Gives back what could not be placed. `movesBefore`: as it was when it was popped. */
  failed(queued: QueuedPod, rejectors: ReadonlySet<string>, movesBefore: number): void {
    if (this.#isClosed || this.#all.has(queued.info.uid)) return;
    queued.rejectors = rejectors;
    queued.since = this.#deps.clock.now();
    queued.gate = undefined;
    if (rejectors.size === 0) queued.errorCount++;
    else {
      queued.unschedulableCount++;
      queued.errorCount = 0;
    }
    const count = queued.errorCount > 0 ? queued.errorCount : queued.unschedulableCount;
    const { initialBackoffMs, maxBackoffMs } = this.#deps;
    queued.backoffUntil = queued.since + Math.min(initialBackoffMs * 2 ** Math.min(count - 1, 30), maxBackoffMs);
    this.#all.set(queued.info.uid, queued);
    if (rejectors.size === 0 || this.#moves !== movesBefore) this.#requeue(queued);
    else this.#park(queued);
  }

  /** Something happened: pods that it may help are tried again. */
  onEvent(event: ClusterEvent): void {
    this.#moves++;
    if (this.#unschedulable.size === 0) return;
    for (const queued of [...this.#unschedulable]) if (this.#helps(queued, event)) this.#requeue(queued);
  }

  /** Tried at once, whatever held it. */
  activate(uid: string): void {
    const queued = this.#all.get(uid);
    if (queued === undefined || this.#active.has(queued)) return;
    this.#take(queued);
    this.#activate(queued);
  }

  close(): void {
    this.#isClosed = true;
    this.#backoffTimer?.cancel();
    this.#flushTimer?.cancel();
  }

  #helps(queued: QueuedPod, event: ClusterEvent): boolean {
    for (const plugin of queued.gate === undefined ? queued.rejectors : [queued.gate])
      for (const hint of this.#deps.hintsOf(queued.info, plugin)) {
        if (hint.resource !== event.resource || !hint.actions.some((action) => event.actions.includes(action)))
          continue;
        if (hint.helps === undefined || hint.helps(queued.info, event)) return true;
      }
    return false;
  }

  #take(queued: QueuedPod): void {
    if (this.#unschedulable.delete(queued) || this.#active.delete(queued)) return;
    if (!this.#backoff.delete(queued)) this.#errorBackoff.delete(queued);
  }

  #requeue(queued: QueuedPod): void {
    this.#unschedulable.delete(queued);
    const { clock } = this.#deps;
    if (queued.backoffUntil <= clock.now()) this.#activate(queued);
    else if (this.#isGated(queued)) this.#park(queued);
    else if (queued.errorCount > 0) {
      this.#errorBackoff.push(queued);
      this.#armBackoff();
    } else {
      this.#backoff.push(queued);
      this.#armBackoff();
      this.#deps.onReady();
    }
  }

  #isGated(queued: QueuedPod): boolean {
    queued.gate = this.#deps.gateOf(queued.info);
    return queued.gate !== undefined;
  }

  #activate(queued: QueuedPod): void {
    if (this.#isGated(queued)) {
      this.#park(queued);
      return;
    }
    this.#active.push(queued);
    this.#deps.onReady();
  }

  #park(queued: QueuedPod): void {
    this.#unschedulable.add(queued);
    if (this.#flushTimer !== undefined || this.#isClosed) return;
    this.#flushTimer = this.#deps.clock.after(flushMs, () => this.#flush());
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const latest = this.#deps.clock.now() - maxUnschedulableMs;
    for (const queued of [...this.#unschedulable])
      if (queued.since < latest && queued.gate === undefined) this.#requeue(queued);
    if (this.#unschedulable.size > 0 && !this.#isClosed)
      this.#flushTimer = this.#deps.clock.after(flushMs, () => this.#flush());
  }

  #armBackoff(): void {
    const first = Math.min(
      this.#backoff.peek()?.backoffUntil ?? Number.POSITIVE_INFINITY,
      this.#errorBackoff.peek()?.backoffUntil ?? Number.POSITIVE_INFINITY,
    );
    if (this.#isClosed || first === Number.POSITIVE_INFINITY) return;
    if (this.#backoffTimer !== undefined && this.#backoffTimer.at <= first) return;
    this.#backoffTimer?.cancel();
    const { clock } = this.#deps;
    const timer = clock.after(Math.max(0, first - clock.now()), () => {
      this.#backoffTimer = undefined;
      for (const heap of [this.#backoff, this.#errorBackoff])
        for (let next = heap.peek(); next !== undefined && next.backoffUntil <= clock.now(); next = heap.peek()) {
          heap.pop();
          this.#activate(next);
        }
      this.#armBackoff();
    });
    this.#backoffTimer = { at: first, cancel: () => timer.cancel() };
  }
}
