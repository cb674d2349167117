import type { Clock } from '../../../api/clock.ts';
import { type Taint, type Toleration, tolerates } from '../../scheduler/taints.ts';

/** Milliseconds that a pod may stay on a node with these NoExecute taints: 0 when one is not tolerated, undefined for as long as it likes. */
export function staysMs(taints: readonly Taint[], tolerations: readonly Toleration[]): number | undefined {
  let least: number | undefined;
  for (const taint of taints) {
    const used = tolerations.find((toleration) => tolerates(toleration, taint));
    if (used === undefined) return 0;
    const { tolerationSeconds } = used;
    if (tolerationSeconds === undefined) continue;
    const ms = Math.max(0, tolerationSeconds) * 1000;
    least = Math.min(least ?? ms, ms);
  }
  return least;
}

export function noExecuteTaints(taints: readonly Taint[] | undefined): Taint[] {
  return (taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

interface Planned {
  readonly since: number;
  readonly timer: { cancel(): void } | undefined;
}

export interface EvictionsDeps {
  readonly clock: Clock;
  evict(pod: string): void;
  cancelled(pod: string): void;
}

/** Which pods are to go, and when. */
export class Evictions {
  readonly #deps: EvictionsDeps;
  readonly #planned = new Map<string, Planned>();

  constructor(deps: EvictionsDeps) {
    this.#deps = deps;
  }

  /** The pod's time on its node: `staysMs`. A stay that was shorter before counts from when it began. */
  plan(pod: string, ms: number | undefined): void {
    const { clock, evict } = this.#deps;
    if (ms === undefined) {
      this.cancel(pod);
      return;
    }
    if (ms === 0) {
      this.cancel(pod);
      this.#planned.set(pod, { since: clock.now(), timer: undefined });
      evict(pod);
      return;
    }
    const earlier = this.#planned.get(pod);
    if (earlier !== undefined && (earlier.timer === undefined || earlier.since < clock.now())) return;
    const since = earlier?.since ?? clock.now();
    if (earlier !== undefined) this.cancel(pod);
    const timer = clock.after(ms, () => {
      this.#planned.set(pod, { since, timer: undefined });
      evict(pod);
    });
    this.#planned.set(pod, { since, timer });
  }

  /** Says so if the pod was waiting for its eviction. */
  cancel(pod: string): void {
    const planned = this.#planned.get(pod);
    this.#planned.delete(pod);
    if (planned?.timer === undefined) return;
    planned.timer.cancel();
    this.#deps.cancelled(pod);
  }

  /** It has gone, or nobody knows it. */
  done(pod: string): void {
    this.#planned.delete(pod);
  }

  close(): void {
    for (const { timer } of this.#planned.values()) timer?.cancel();
    this.#planned.clear();
  }
}
