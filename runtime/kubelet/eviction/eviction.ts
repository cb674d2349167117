import type { Clock } from '../../../api/clock.ts';
import type { Pod, VolumeStore } from '../pod-runtime.ts';
import type { PodFailure } from '../pod-status.ts';
import { criticalPriority } from '../preemption.ts';
import type { Schedule } from '../schedule.ts';
import type { HostedPod } from '../server/kubelet-host.ts';
import { mirrorAnnotation } from '../static-pods.ts';
import { hasStorageLimit, storageExcess } from './local-storage.ts';
import { storageUsage } from './storage-usage.ts';

/** Between two looks at what pods use. */
const lookMs = 10_000;
const graceSeconds = 1;

/** A pod that can be sent away. */
export interface EvictablePod extends HostedPod {
  /** Nothing of it runs, or will. */
  readonly isOver: boolean;
  fail(failure: PodFailure, type: 'Normal' | 'Warning', graceSeconds?: number): Promise<void>;
}

export interface EvictionDeps {
  readonly clock: Clock;
  /** Shared by the kubelets of a process. */
  readonly schedule: Schedule;
  readonly store: Pick<VolumeStore, 'emptyDirBytes'>;
  onError(error: unknown): void;
}

/** Sends away pods that use more than they may. Looks at nothing while there is no such limit. */
export class Eviction {
  readonly #deps: EvictionDeps;
  readonly #limited = new Set<EvictablePod>();
  #next: { cancel(): void } | undefined;

  constructor(deps: EvictionDeps) {
    this.#deps = deps;
  }

  /** A pod has begun. */
  add(pod: EvictablePod): void {
    if (!hasStorageLimit(pod.pod)) return;
    this.#limited.add(pod);
    this.#plan();
  }

  close(): void {
    this.#limited.clear();
    this.#next?.cancel();
    this.#next = undefined;
  }

  #plan(): void {
    const { clock, schedule } = this.#deps;
    this.#next ??= schedule.at(clock.now() + lookMs, () => this.#look());
  }

  #look(): void {
    this.#next = undefined;
    for (const pod of this.#limited) {
      if (pod.isOver) this.#limited.delete(pod);
      else if (!isSpared(pod.pod)) this.#measure(pod);
    }
    if (this.#limited.size > 0) this.#plan();
  }

  #measure(pod: EvictablePod): void {
    const message = storageExcess(pod, storageUsage(pod, this.#deps.store));
    if (message === undefined) return;
    this.#limited.delete(pod);
    evict(pod, { message }, this.#deps);
  }
}

export function evict(
  pod: EvictablePod,
  words: Omit<PodFailure, 'reason'>,
  { onError }: Pick<EvictionDeps, 'onError'>,
): void {
  void pod.fail({ reason: 'Evicted', ...words }, 'Warning', graceSeconds).catch(onError);
}

/** Critical pods stay; so do those that leave anyway. */
export function isSpared({ metadata, spec }: Readonly<Pod>): boolean {
  return (
    metadata?.deletionTimestamp !== undefined ||
    (spec?.priority ?? 0) >= criticalPriority ||
    metadata?.annotations?.[mirrorAnnotation] !== undefined
  );
}
