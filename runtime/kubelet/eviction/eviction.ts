import type { Clock } from '../../../api/clock.ts';
import { untoleratedTaint } from '../../scheduler/taints.ts';
import type { Rejection } from '../admission.ts';
import type { DiskUsage, Pod, VolumeStore } from '../pod-runtime.ts';
import type { PodFailure } from '../pod-status.ts';
import { criticalPriority } from '../preemption.ts';
import type { Schedule } from '../schedule.ts';
import type { HostedPod } from '../server/kubelet-host.ts';
import { mirrorAnnotation } from '../static-pods.ts';
import { diskOfNode } from '../statistics/disk.ts';
import { usageOfNode, usageOfPod } from '../statistics/usage.ts';
import { evictionWords } from './eviction-words.ts';
import { hasStorageLimit, storageExcess } from './local-storage.ts';
import { NodePressure } from './node-pressure.ts';
import { type NodeRoom, observe } from './observations.ts';
import { type PodShare, ranked, shareOf } from './pod-share.ts';
import { storageUsage } from './storage-usage.ts';
import {
  amountOf,
  type EvictionSettings,
  type Observations,
  type Pressure,
  type Signal,
  signals,
  type Threshold,
  thresholdsMet,
} from './thresholds.ts';

/** Between two looks at what pods use. */
const lookMs = 10_000;
/** After a pod that was sent away has ended. */
const afterwardsMs = 1000;
const graceSeconds = 1;
const reason = 'Evicted';
const memoryTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const;
const scheduling: ReadonlySet<string> = new Set(['NoSchedule']);

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
  readonly store: Pick<VolumeStore, 'emptyDirUsage'>;
  readonly startedAt: number;
  readonly settings: EvictionSettings;
  readonly room: NodeRoom;
  pods(): Iterable<EvictablePod>;
  /** What is on the disk beside what pods write: images, the node's own files. */
  ownDisk(): DiskUsage;
  /** Removes from the disk what nobody uses. */
  reclaim(): void;
  /** The node is short of these, or no more. */
  onPressure(conditions: readonly Pressure[]): void;
  /** About the node. */
  event(type: 'Warning', reason: string, message: string): void;
  onError(error: unknown): void;
}

/**
 * Sends away pods that use more than they may, and pods of a node that is short of something. Looks at nothing while no pod has a
 * limit, no program says that it uses other memory than before, and no more is written than there was room for at the last look.
 */
export class Eviction {
  readonly #deps: EvictionDeps;
  readonly #limited = new Set<EvictablePod>();
  /** While there is something to say of it. */
  #pressure: NodePressure | undefined;
  #next: { cancel(): void } | undefined;
  #isNoticed = false;
  /** Ends because of the node, which is not to end others meanwhile. */
  #leaving: EvictablePod | undefined;
  #conditions = '';
  /** What may be written until it is time to look. */
  #bytesLeft: number;
  #filesLeft: number;

  constructor(deps: EvictionDeps) {
    const { settings, room } = deps;
    this.#deps = deps;
    const empty = observe(room, { memoryBytes: 0, podMemoryBytes: 0, disk: deps.ownDisk(), processes: 0 });
    this.#bytesLeft = leftOf('ephemeral-storage', settings, empty);
    this.#filesLeft = leftOf('inodes', settings, empty);
  }

  /** A pod has begun. */
  add(pod: EvictablePod): void {
    const isLimited = hasStorageLimit(pod.pod);
    if (isLimited) this.#limited.add(pod);
    if (isLimited || this.#countsProcesses) this.#plan();
  }

  /** A program uses other memory than before. */
  notice(): void {
    this.#isNoticed = true;
    this.#plan();
  }

  /** So much more is on the disk, at most. */
  wrote({ bytes, files }: DiskUsage): void {
    this.#bytesLeft -= bytes;
    this.#filesLeft -= files;
    if (this.#bytesLeft < 0 || this.#filesLeft < 0) this.notice();
  }

  /** Why a pod may not begin now. */
  refusal(pod: Readonly<Pod>): Rejection | undefined {
    const { conditions = [] } = this.#pressure ?? {};
    if (conditions.length === 0 || isCritical(pod)) return undefined;
    const isOfMemory = conditions.length === 1 && conditions[0] === 'MemoryPressure';
    if (isOfMemory && !isUnwelcome(pod)) return undefined;
    return { reason, message: `The node had condition: [${conditions.join(' ')}]. ` };
  }

  close(): void {
    this.#limited.clear();
    this.#next?.cancel();
    this.#next = undefined;
  }

  /** Nobody tells when processes begin: where they matter, they are counted at every look. */
  get #countsProcesses(): boolean {
    return this.#deps.settings.thresholds.some(({ signal }) => signal === 'pid.available');
  }

  #plan(): void {
    const { clock, schedule } = this.#deps;
    this.#next ??= schedule.at(clock.now() + lookMs, () => this.#look());
  }

  #look(): void {
    this.#next = undefined;
    const { pods } = this.#deps;
    const isNodeOfInterest = this.#isNoticed || this.#pressure !== undefined || this.#countsProcesses;
    this.#isNoticed = false;
    const hasEvicted = this.#lookAtLimits();
    if (isNodeOfInterest) this.#lookAtNode(hasEvicted);
    const isWatched = this.#countsProcesses && [...pods()].some(({ isOver }) => !isOver);
    if (this.#limited.size > 0 || this.#pressure !== undefined || isWatched) this.#plan();
  }

  #lookAtLimits(): boolean {
    let hasEvicted = false;
    for (const pod of this.#limited) {
      if (pod.isOver) this.#limited.delete(pod);
      if (pod.isOver || isSpared(pod.pod)) continue;
      const message = storageExcess(pod, storageUsage(pod, this.#deps.store));
      if (message === undefined) continue;
      hasEvicted = true;
      this.#limited.delete(pod);
      void this.#evict(pod, { reason, message }, graceSeconds);
    }
    return hasEvicted;
  }

  /** One pod at a time, and none when others have just made room. */
  #lookAtNode(hasEvicted: boolean): void {
    const { clock, settings, reclaim, event } = this.#deps;
    let seen = this.#observe();
    this.#pressure ??= new NodePressure(settings);
    const acting = this.#pressure.see(seen.observations, clock.now());
    this.#tell(this.#pressure.conditions);
    if (this.#pressure.isOver) this.#pressure = undefined;
    const [threshold] = acting;
    if (threshold === undefined || hasEvicted || this.#leaving !== undefined) return;
    const { resource, condition } = signals[threshold.signal];
    event('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`);
    if (condition === 'DiskPressure') {
      reclaim();
      seen = this.#observe();
      if (thresholdsMet(settings.thresholds, seen.observations, true).length === 0) return;
    }
    const victim = ranked(seen.shares, resource).find(({ hosted }) => !isSpared(hosted.pod));
    if (victim !== undefined)
      this.#sendAway(victim, threshold, evictionWords(resource, victim, acting, seen.observations));
  }

  #observe(): { readonly observations: Observations; readonly shares: PodShare<EvictablePod>[] } {
    const { pods, store, room, settings, ownDisk } = this.#deps;
    const all = [...pods()];
    const shares = all.flatMap((hosted) => {
      const usage = usageOfPod(hosted);
      return usage === undefined ? [] : [shareOf(hosted, usage, store)];
    });
    const usages = shares.map(({ usage }) => usage);
    const observations = observe(room, {
      memoryBytes: usageOfNode(this.#deps, usages).memoryBytes,
      podMemoryBytes: usages.reduce((sum, { total }) => sum + total.memoryBytes, 0),
      disk: diskOfNode(all, store, ownDisk()),
      processes: usages.reduce((sum, { processes }) => sum + processes, 0),
    });
    this.#bytesLeft = leftOf('ephemeral-storage', settings, observations);
    this.#filesLeft = leftOf('inodes', settings, observations);
    return { observations, shares };
  }

  #tell(conditions: readonly Pressure[]): void {
    const text = conditions.join();
    if (text === this.#conditions) return;
    this.#conditions = text;
    this.#deps.onPressure(conditions);
  }

  #sendAway({ hosted }: PodShare<EvictablePod>, { graceMs }: Threshold, message: string): void {
    const { clock, schedule, settings } = this.#deps;
    const own = hosted.pod.spec?.terminationGracePeriodSeconds ?? settings.maxPodGraceSeconds;
    const seconds = graceMs === 0 ? graceSeconds : Math.min(settings.maxPodGraceSeconds, own);
    this.#leaving = hosted;
    void this.#evict(hosted, { reason, message, disruption: message }, seconds).then(() => {
      this.#leaving = undefined;
      if (this.#next === undefined) return;
      this.#next.cancel();
      this.#next = schedule.at(clock.now() + afterwardsMs, () => this.#look());
    });
  }

  async #evict(pod: EvictablePod, failure: PodFailure, seconds: number): Promise<void> {
    await pod.fail(failure, 'Warning', seconds).catch(this.#deps.onError);
  }
}

/** How much there is above the highest threshold. */
function leftOf(
  resource: 'ephemeral-storage' | 'inodes',
  { thresholds }: EvictionSettings,
  seen: Observations,
): number {
  const above = ({ signal, value }: { readonly signal: Signal; readonly value: Threshold['value'] }): number => {
    const observed = seen.get(signal);
    if (observed === undefined || signals[signal].resource !== resource) return Number.POSITIVE_INFINITY;
    return Math.max(0, observed.available - amountOf(value, observed.capacity));
  };
  return Math.min(...thresholds.map(above));
}

function isCritical({ metadata, spec }: Readonly<Pod>): boolean {
  return (spec?.priority ?? 0) >= criticalPriority || metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

/** Critical pods stay; of those that leave anyway nothing more is asked. */
function isSpared(pod: Readonly<Pod>): boolean {
  return pod.metadata?.deletionTimestamp !== undefined || isCritical(pod);
}

/** Whether a pod that asked for nothing may not begin on a node that is short of memory. */
function isUnwelcome({ spec, status }: Readonly<Pod>): boolean {
  return (
    status?.qosClass === 'BestEffort' && untoleratedTaint([memoryTaint], spec?.tolerations, scheduling) !== undefined
  );
}
