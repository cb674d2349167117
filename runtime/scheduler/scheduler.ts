import type { ApiClient } from '../../api/client.ts';
import type { Clock, Random } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import type { EventRecorder } from '../framework/event-recorder.ts';
import { referenceTo } from '../framework/event-recorder.ts';
import { isConflict } from '../framework/status-cause.ts';
import { messageOf } from '../framework/thrown.ts';
import type { SchedulerCache } from './cache.ts';
import { bestNode, scoreNodes } from './choose-node.ts';
import { type Diagnosis, emptyDiagnosis, failureMessage } from './diagnosis.ts';
import { addExtenderScores, type Extender, filterByExtenders } from './extenders.ts';
import { type Found, NodeFinder } from './find-nodes.ts';
import type { PodStep, Rejection } from './framework.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { NodeInfo } from './node-info.ts';
import type { Nominator } from './nominator.ts';
import { type Pod, type PodInfo, podInfoOf } from './pod-info.ts';
import { bindPod, patchPodStatus } from './pod-writes.ts';
import type { Preemption } from './preemption.ts';
import type { Profile } from './profile.ts';
import type { QueuedPod, SchedulingQueue } from './queue.ts';

export interface SchedulerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly preemption: Preemption;
  readonly extenders: readonly Extender[];
  readonly metrics: SchedulerMetrics;
  recorder(component: string): EventRecorder;
  /** The newest state that is known. */
  podOf(namespace: string, name: string): Pod | undefined;
  onError(error: unknown): void;
}

const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;
/** The loop gives way to others after this long. */
const sliceMs = 5;
/** Requests under way; more would only wait in the server. */
const maxBindings = 128;
const maxEventMessage = 1024;
/** Turns a pod away when there is no node at all. */
export const noNodes = 'NoNodes';

const notReached = 'not found';

/** What upstream's plugin for claims to devices says where no node fits; it comes before preemption, and may end the search. */
function deallocation({ deallocates, filters }: Profile, { pod }: PodInfo, { preFilterPlugin }: Diagnosis): string {
  if (!deallocates) return '';
  const rankOf = (plugin: string): number => filters.findIndex(({ name }) => name === plugin);
  if (preFilterPlugin !== '' && rankOf(preFilterPlugin) < rankOf('DynamicResources')) return notReached;
  const hasClaims = preFilterPlugin === '' && (pod.spec?.resourceClaims ?? []).length > 0;
  return hasClaims ? 'still not schedulable' : 'no new claims to deallocate';
}

/** Takes pods from the queue, one after the other, finds each a node, and binds them side by side. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #finder: NodeFinder;
  readonly #signal: AbortSignal;
  #isRunning = false;
  #bindings = 0;
  #resume: (() => void) | undefined;

  constructor(deps: SchedulerDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#finder = new NodeFinder(deps);
    this.#signal = signal;
  }

  /** To be called whenever there may be something to do. */
  async run(): Promise<void> {
    if (this.#isRunning || this.#signal.aborted) return;
    this.#isRunning = true;
    const { queue, clock, onError } = this.#deps;
    let sliceEnd = clock.now() + sliceMs;
    try {
      while (!this.#signal.aborted) {
        const movesBefore = queue.moves;
        const queued = queue.pop();
        if (queued === undefined) return;
        await this.#attempt(queued, movesBefore);
        if (this.#bindings >= maxBindings) await this.#oneBindingLess();
        else if (clock.now() >= sliceEnd) await this.#breathe();
        else continue;
        sliceEnd = clock.now() + sliceMs;
      }
    } catch (error) {
      onError(error);
    } finally {
      this.#isRunning = false;
    }
  }

  #oneBindingLess(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #breathe(): Promise<void> {
    return new Promise((resolve) => void this.#deps.clock.after(0, resolve));
  }

  /** A plugin that fails must not lose the pod. */
  async #attempt(queued: QueuedPod, movesBefore: number): Promise<void> {
    try {
      await this.#scheduleOne(queued, movesBefore);
    } catch (error) {
      this.#deps.onError(error);
      const profile = this.#deps.profiles.get(queued.info.pod.spec?.schedulerName ?? '');
      const message = messageOf(error);
      if (profile !== undefined) this.#failed(queued, { profile, diagnosis: emptyDiagnosis(0), movesBefore, message });
    }
  }

  /** Takes no turn of the event loop unless an extender is asked. */
  #scheduleOne(queued: QueuedPod, movesBefore: number): Promise<void> | undefined {
    const { cache, profiles } = this.#deps;
    const { info } = queued;
    const profile = profiles.get(info.pod.spec?.schedulerName ?? '');
    if (profile === undefined || cache.isAssumed(info.uid)) return undefined;
    if (info.pod.metadata?.deletionTimestamp !== undefined) {
      const text = `skip schedule deleting pod: ${info.namespace}/${info.name}`;
      this.#record(profile, info.pod, 'Warning', 'FailedScheduling', text);
      return undefined;
    }
    if (cache.nodes.length === 0) {
      const diagnosis = emptyDiagnosis(0);
      diagnosis.rejectors.add(noNodes);
      this.#failed(queued, { profile, diagnosis, movesBefore, message: 'no nodes available to schedule pods' });
      return undefined;
    }
    const found = this.#finder.find(info, {
      plugins: profile.filters,
      percentageOfNodesToScore: profile.percentageOfNodesToScore,
      isFirstEnough: profile.scores.length === 0 && this.#deps.extenders.length === 0,
    });
    const extenders = this.#deps.extenders.filter((extender) => extender.isInterested(info));
    if (found.feasible.length === 0) this.#preempt(queued, profile, found, movesBefore);
    else if (extenders.length > 0) return this.#ask(extenders, queued, profile, { ...found, movesBefore });
    else this.#place(queued, profile, this.#best(info, profile, found.feasible), { ...found, movesBefore });
    return undefined;
  }

  #best(info: PodInfo, profile: Profile, feasible: readonly NodeInfo[]): NodeInfo | undefined {
    if (feasible.length === 1) return feasible[0];
    return bestNode(feasible, scoreNodes(profile.scores, info, feasible), this.#deps.random);
  }

  async #ask(
    extenders: readonly Extender[],
    queued: QueuedPod,
    profile: Profile,
    found: Found & { readonly movesBefore: number },
  ): Promise<void> {
    const { info } = queued;
    try {
      const feasible = await filterByExtenders(extenders, info, found.feasible, found.diagnosis);
      if (feasible.length === 0) {
        this.#preempt(queued, profile, found, found.movesBefore);
        return;
      }
      const own = scoreNodes(profile.scores, info, feasible);
      const totals = await addExtenderScores(extenders, info, feasible, own);
      this.#place(queued, profile, bestNode(feasible, totals, this.#deps.random), found);
    } catch (error) {
      const message = messageOf(error);
      this.#failed(queued, { profile, diagnosis: emptyDiagnosis(0), movesBefore: -1, message, nominatedNodeName: '' });
    }
  }

  #preempt(queued: QueuedPod, profile: Profile, { steps, diagnosis }: Found, movesBefore: number): void {
    const { preemption } = this.#deps;
    let nominatedNodeName: string | undefined;
    const claims = deallocation(profile, queued.info, diagnosis);
    diagnosis.postFilterMessage = claims;
    if (profile.preempts && claims !== notReached) {
      const outcome = preemption.preempt({ pod: queued.info, profile, steps, diagnosis });
      nominatedNodeName = outcome.nominatedNodeName;
      const texts = [claims, `preemption: ${outcome.message}`].filter((text) => text !== '');
      diagnosis.postFilterMessage = outcome.message === '' ? '' : texts.join(', ');
    }
    const message = failureMessage(diagnosis);
    const nominated = nominatedNodeName === undefined ? {} : { nominatedNodeName };
    this.#failed(queued, { profile, diagnosis, movesBefore, message, ...nominated });
  }

  #place(
    queued: QueuedPod,
    profile: Profile,
    node: NodeInfo | undefined,
    { steps, movesBefore }: Pick<Found, 'steps'> & { readonly movesBefore: number },
  ): void {
    const { cache, nominator } = this.#deps;
    const { info } = queued;
    if (node === undefined) return;
    cache.assume(info, node.name);
    nominator.delete(info.uid);
    const reserved: PodStep[] = [];
    for (const step of steps) {
      const rejection = step.reserve?.(node);
      reserved.push(step);
      if (rejection === undefined) continue;
      this.#giveUp(info, node, reserved);
      this.#turnedAway(queued, profile, node, { rejection, movesBefore });
      return;
    }
    this.#bindings++;
    void this.#bind(queued, profile, node, steps).finally(() => {
      this.#bindings--;
      this.#resume?.();
      this.#resume = undefined;
    });
  }

  #giveUp(info: PodInfo, node: NodeInfo, steps: readonly PodStep[]): void {
    for (const step of steps.toReversed()) step.unreserve?.(node);
    this.#deps.cache.forget(info.uid);
  }

  async #bind(queued: QueuedPod, profile: Profile, node: NodeInfo, steps: readonly PodStep[]): Promise<void> {
    const { client, clock, queue, metrics, onError } = this.#deps;
    const { info } = queued;
    try {
      const waits = steps.map((step) => step.preBind?.(node, this.#signal)).filter((wait) => wait !== undefined);
      if (waits.length > 0) {
        await patchPodStatus(client, clock, info.pod, { nominatedNodeName: node.name });
        for (const rejection of await Promise.all(waits)) {
          if (rejection === undefined) continue;
          this.#giveUp(info, node, steps);
          this.#tellFreed(info.pod);
          this.#turnedAway(queued, profile, node, { rejection, movesBefore: -1 });
          return;
        }
      }
      const binder = this.#deps.extenders.find(({ bind, isInterested }) => bind !== undefined && isInterested(info));
      await (binder?.bind?.(info, node.name) ?? bindPod(client, info.pod, node.name));
      const text = `Successfully assigned ${info.namespace}/${info.name} to ${node.name}`;
      this.#record(profile, info.pod, 'Normal', 'Scheduled', text);
      const now = clock.now();
      metrics.attempted('scheduled', profile.schedulerName, now - queued.poppedAt);
      metrics.placed(queued.attempts, now - queued.firstSeen);
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#giveUp(info, node, steps);
      this.#tellFreed(info.pod);
      if (!(error instanceof StatusError)) onError(error);
      // Somebody else has bound it: soon that is seen, and there is nothing to complain of.
      if (isConflict(error)) {
        queue.failed(queued, new Set(), queue.moves);
        return;
      }
      const diagnosis = emptyDiagnosis(0);
      const message = messageOf(error);
      this.#failed(queued, { profile, diagnosis, movesBefore: queue.moves, message, nominatedNodeName: '' });
    }
  }

  /** What was assumed has become free again: others may fit now. */
  #tellFreed(pod: Pod): void {
    const old = { ...pod, spec: { ...pod.spec, nodeName: 'assumed' } };
    this.#deps.queue.onEvent({ resource: 'pods', actions: ['delete'], object: undefined, old });
  }

  #turnedAway(
    queued: QueuedPod,
    profile: Profile,
    node: NodeInfo,
    { rejection, movesBefore }: { readonly rejection: Rejection; readonly movesBefore: number },
  ): void {
    const diagnosis = emptyDiagnosis(1);
    diagnosis.rejections.set(node.name, rejection);
    diagnosis.rejectors.add(rejection.plugin);
    const message = failureMessage(diagnosis);
    this.#failed(queued, { profile, diagnosis, movesBefore, message, nominatedNodeName: '' });
  }

  #failed(queued: QueuedPod, failure: Failure): void {
    const { client, clock, queue, nominator, metrics, podOf, onError } = this.#deps;
    const { profile, diagnosis, movesBefore, message, nominatedNodeName } = failure;
    const { uid, namespace, name } = queued.info;
    const newest = podOf(namespace, name);
    if (newest === undefined || newest.metadata?.uid !== uid) return;
    if ((newest.spec?.nodeName ?? '') !== '') return;
    if (newest !== queued.info.pod) queued.info = podInfoOf(newest);
    if (nominatedNodeName !== undefined) nominator.put(queued.info, nominatedNodeName);
    else if ((newest.status?.nominatedNodeName ?? '') !== '')
      nominator.put(queued.info, newest.status?.nominatedNodeName ?? '');
    queue.failed(queued, diagnosis.rejectors, movesBefore);
    const isError = diagnosis.rejectors.size === 0;
    const elapsed = clock.now() - queued.poppedAt;
    metrics.attempted(isError ? 'error' : 'unschedulable', profile.schedulerName, elapsed);
    const text = message.length <= maxEventMessage ? message : `${message.slice(0, maxEventMessage - 4)} ...`;
    this.#record(profile, newest, 'Warning', 'FailedScheduling', text);
    const reason = isError ? 'SchedulerError' : 'Unschedulable';
    const change = {
      condition: { type: 'PodScheduled', status: 'False', reason, message },
      ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
    };
    patchPodStatus(client, clock, newest, change).catch((error: unknown) => {
      if (!this.#signal.aborted && !(error instanceof StatusError && error.code < 500)) onError(error);
    });
  }

  #record({ schedulerName }: Profile, pod: Pod, type: 'Normal' | 'Warning', reason: string, text: string): void {
    this.#deps.recorder(schedulerName).record(referenceTo(pod, podKind), type, reason, text);
  }
}

interface Failure {
  readonly profile: Profile;
  readonly diagnosis: Diagnosis;
  readonly movesBefore: number;
  readonly message: string;
  readonly nominatedNodeName?: string;
}
