import type { ApiClient } from '../../api/client.ts';
import type { Clock, Random } from '../../api/clock.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import { isNotFound } from '../framework/status-cause.ts';
import type { SchedulerCache } from './cache.ts';
import { type Diagnosis, emptyDiagnosis, failureMessage } from './diagnosis.ts';
import { cloneSteps } from './find-nodes.ts';
import { type PodStep, unresolvable } from './framework.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { NodeInfo } from './node-info.ts';
import type { Nominator } from './nominator.ts';
import type { Pod, PodInfo } from './pod-info.ts';
import { deletePod, patchPodStatus } from './pod-writes.ts';
import type { Profile } from './profile.ts';
import { bestCandidate, type Candidate, findVictims, type PodDisruptionBudget } from './victims.ts';

export interface PreemptionDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly cache: SchedulerCache;
  readonly nominator: Nominator;
  readonly metrics: Pick<SchedulerMetrics, 'preempted'>;
  budgets(): readonly PodDisruptionBudget[];
  recorder(component: string): EventRecorder;
  /** The pod may be tried again: making room failed. */
  activate(uid: string): void;
  onError(error: unknown): void;
}

export interface PreemptionAttempt {
  readonly pod: PodInfo;
  readonly profile: Profile;
  readonly steps: readonly PodStep[];
  readonly diagnosis: Diagnosis;
}

export interface PreemptionOutcome {
  /** Where room is being made; '': nowhere, an older promise is void; undefined: an older promise stands. */
  readonly nominatedNodeName: string | undefined;
  readonly message: string;
}

const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;

function isLeaving({ pod }: PodInfo): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return (
    pod.metadata?.deletionTimestamp !== undefined &&
    condition?.status === 'True' &&
    condition.reason === 'PreemptionByScheduler'
  );
}

/** Makes room for pods of higher priority by taking others away. */
export class Preemption {
  readonly #deps: PreemptionDeps;
  /** Pods for which victims are being taken away right now. */
  readonly #underWay = new Set<string>();

  constructor(deps: PreemptionDeps) {
    this.#deps = deps;
  }

  isUnderWay(uid: string): boolean {
    return this.#underWay.has(uid);
  }

  preempt(attempt: PreemptionAttempt): PreemptionOutcome {
    const { pod, diagnosis } = attempt;
    const { cache } = this.#deps;
    if (pod.pod.spec?.preemptionPolicy === 'Never')
      return { nominatedNodeName: undefined, message: 'not eligible due to preemptionPolicy=Never.' };
    const promised = pod.pod.status?.nominatedNodeName ?? '';
    const promisedNode = promised === '' ? undefined : cache.node(promised);
    const isHopeful = (): boolean => (diagnosis.rejections.get(promised) ?? diagnosis.absent)?.isUnresolvable === false;
    if (promisedNode !== undefined && isHopeful())
      for (const other of promisedNode.pods.values())
        if (other.priority < pod.priority && isLeaving(other))
          return {
            nominatedNodeName: undefined,
            message: 'not eligible due to a terminating pod on the nominated node.',
          };
    const { candidates, message } = this.#candidates(attempt);
    const best = bestCandidate(candidates);
    if (best === undefined) return { nominatedNodeName: '', message };
    this.#deps.metrics.preempted(best.victims.length);
    void this.#takeAway(best, attempt);
    return { nominatedNodeName: best.node.name, message: '' };
  }

  #candidates({ pod, profile, steps, diagnosis }: PreemptionAttempt) {
    const { cache, nominator, random } = this.#deps;
    const { nodes } = cache;
    const { rejections, absent } = diagnosis;
    const potential =
      absent?.isUnresolvable === false
        ? nodes.filter(({ name }) => rejections.get(name)?.isUnresolvable !== true)
        : rejections.resolvable().flatMap((name) => cache.node(name) ?? []);
    const { minCandidateNodesPercentage, minCandidateNodesAbsolute } = profile.preemptionArgs;
    const share = Math.trunc((potential.length * minCandidateNodesPercentage) / 100);
    const wanted = Math.min(potential.length, Math.max(share, minCandidateNodesAbsolute));
    const offset = Math.floor(random.next() * potential.length);
    const budgets = potential.length === 0 ? [] : this.#deps.budgets();
    const failures = emptyDiagnosis(nodes.length);
    failures.absent = unresolvable('DefaultPreemption', 'Preemption is not helpful for scheduling');
    const harmless: Candidate[] = [];
    const harmful: Candidate[] = [];
    for (let i = 0; i < potential.length; i++) {
      if (harmless.length > 0 && harmless.length + harmful.length >= wanted) break;
      const node = potential[(offset + i) % potential.length];
      if (node === undefined) continue;
      const found = findVictims({ pod, node, steps: cloneSteps(steps), nominator, budgets });
      if ('victims' in found) (found.violations === 0 ? harmless : harmful).push(found);
      else failures.rejections.add(node.name, found);
    }
    const candidates = [...harmless, ...harmful].filter(({ victims }) => victims.length > 0);
    return { candidates, message: failureMessage(failures) };
  }

  async #takeAway({ node, victims }: Candidate, { pod, profile }: PreemptionAttempt): Promise<void> {
    const { client, clock, nominator, activate, onError } = this.#deps;
    const toDelete = victims.filter((victim) => victim.pod.metadata?.deletionTimestamp === undefined);
    if (toDelete.length === 0) return;
    this.#underWay.add(pod.uid);
    try {
      for (const other of nominator.on(node.name)) {
        if (other.priority >= pod.priority || other.uid === pod.uid) continue;
        nominator.delete(other.uid);
        await patchPodStatus(client, clock, other.pod, { nominatedNodeName: '' });
      }
      const last = toDelete.at(-1);
      await Promise.all(toDelete.slice(0, -1).map((victim) => this.#evict(victim, node, pod, profile)));
      // When the last one goes, the pod has to be free to be tried.
      this.#underWay.delete(pod.uid);
      if (last !== undefined) await this.#evict(last, node, pod, profile);
    } catch (error) {
      onError(error);
      this.#underWay.delete(pod.uid);
      activate(pod.uid);
    }
  }

  async #evict(victim: PodInfo, node: NodeInfo, preemptor: PodInfo, { schedulerName }: Profile): Promise<void> {
    const { client, clock, recorder } = this.#deps;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${preemptor.pod.spec?.schedulerName ?? schedulerName}: preempting to accommodate a higher priority pod`,
    };
    try {
      await patchPodStatus(client, clock, victim.pod, { condition });
      await deletePod(client, victim.pod);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    const text = `Preempted by pod ${preemptor.uid} on node ${node.name}`;
    recorder(schedulerName).record(referenceTo(victim.pod as Pod, podKind), 'Normal', 'Preempted', text);
  }
}
