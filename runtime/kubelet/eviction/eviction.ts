import type { Clock } from '../../../api/clock.ts';
import type { Rejection } from '../admission.ts';
import type { Pod, VolumeStore } from '../pod-runtime.ts';
import type { PodFailure } from '../pod-status.ts';
import { criticalPriority } from '../preemption.ts';
import type { Schedule } from '../schedule.ts';
import type { HostedPod } from '../server/kubelet-host.ts';
import { mirrorAnnotation } from '../static-pods.ts';
import { usageOfNode, usageOfPod } from '../statistics/usage.ts';
import { hasStorageLimit, storageExcess } from './local-storage.ts';
import { isShortOfMemory, isUnwelcome, memoryWords, rankedByMemory } from './memory-pressure.ts';
import { storageUsage } from './storage-usage.ts';

/** Between two looks at what pods use. */
const lookMs = 10_000;
/** A node that was short of memory is said to be so for as long as this after. */
const pressureMs = 5 * 60_000;
const graceSeconds = 1;
const reason = 'Evicted';

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
  readonly startedAt: number;
  /** Of the node. */
  readonly memoryBytes: number;
  pods(): Iterable<EvictablePod>;
  /** The node is short of memory, or no more. */
  onPressure(isShort: boolean): void;
  /** About the node. */
  event(type: 'Warning', reason: string, message: string): void;
  onError(error: unknown): void;
}

/**
 * Sends away pods that use more than they may, and pods of a node that is short of memory. Looks at nothing while no pod has a limit
 * and no program says that it uses more than before.
 */
export class Eviction {
  readonly #deps: EvictionDeps;
  readonly #limited = new Set<EvictablePod>();
  #next: { cancel(): void } | undefined;
  #isNoticed = false;
  /** When the node was seen to be short of memory; undefined: it is not said to be. */
  #shortAt: number | undefined;

  constructor(deps: EvictionDeps) {
    this.#deps = deps;
  }

  /** A pod has begun. */
  add(pod: EvictablePod): void {
    if (!hasStorageLimit(pod.pod)) return;
    this.#limited.add(pod);
    this.#plan();
  }

  /** A program uses other memory than before. */
  notice(): void {
    this.#isNoticed = true;
    this.#plan();
  }

  /** Why a pod may not begin now. */
  refusal(pod: Readonly<Pod>): Rejection | undefined {
    if (this.#shortAt === undefined || isSpared(pod) || !isUnwelcome(pod)) return undefined;
    return { reason, message: 'The node had condition: [MemoryPressure]. ' };
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
    const isMemoryOfInterest = this.#isNoticed || this.#shortAt !== undefined;
    this.#isNoticed = false;
    const hasEvicted = this.#lookAtStorage();
    if (isMemoryOfInterest) this.#lookAtMemory(hasEvicted);
    if (this.#limited.size > 0 || this.#shortAt !== undefined) this.#plan();
  }

  #lookAtStorage(): boolean {
    let hasEvicted = false;
    for (const pod of this.#limited) {
      if (pod.isOver) this.#limited.delete(pod);
      if (pod.isOver || isSpared(pod.pod)) continue;
      const message = storageExcess(pod, storageUsage(pod, this.#deps.store));
      if (message === undefined) continue;
      hasEvicted = true;
      this.#limited.delete(pod);
      this.#evict(pod, { reason, message });
    }
    return hasEvicted;
  }

  /** One pod at a time, and none when others have just made room. */
  #lookAtMemory(hasEvicted: boolean): void {
    const { clock, memoryBytes, pods, onPressure, event } = this.#deps;
    const used = [...pods()].flatMap((hosted) => {
      const usage = usageOfPod(hosted);
      return usage === undefined ? [] : [{ ...usage, hosted }];
    });
    const node = { capacityBytes: memoryBytes, usedBytes: usageOfNode(this.#deps, used).memoryBytes };
    const wasShort = this.#shortAt;
    if (!isShortOfMemory(node)) {
      if (wasShort === undefined || clock.now() - wasShort < pressureMs) return;
      this.#shortAt = undefined;
      onPressure(false);
      return;
    }
    this.#shortAt = clock.now();
    if (wasShort === undefined) onPressure(true);
    if (hasEvicted) return;
    event('Warning', 'EvictionThresholdMet', 'Attempting to reclaim memory');
    const victim = rankedByMemory(used).find(({ hosted }) => !isSpared(hosted.pod));
    if (victim === undefined) return;
    const message = memoryWords(victim, node);
    this.#evict(victim.hosted, { reason, message, disruption: message });
  }

  #evict(pod: EvictablePod, failure: PodFailure): void {
    void pod.fail(failure, 'Warning', graceSeconds).catch(this.#deps.onError);
  }
}

/** Critical pods stay; of those that leave anyway nothing more is asked. */
function isSpared({ metadata, spec }: Readonly<Pod>): boolean {
  return (
    metadata?.deletionTimestamp !== undefined ||
    (spec?.priority ?? 0) >= criticalPriority ||
    metadata?.annotations?.[mirrorAnnotation] !== undefined
  );
}
