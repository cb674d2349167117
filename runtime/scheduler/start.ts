import type { ApiClient } from '../../api/client.ts';
import type { Clock, Random } from '../../api/clock.ts';
import type { GroupVersionResource } from '../../api/object.ts';
import type { Informer } from '../client/informer.ts';
import type { Informers } from '../client/informers.ts';
import type { EventRecorder } from '../framework/event-recorder.ts';
import type { Metrics } from '../framework/metrics.ts';
import { SchedulerCache } from './cache.ts';
import { watchCluster } from './cluster-events.ts';
import type { SchedulerConfiguration } from './configuration.ts';
import { createExtender, ignoredResources, type Post } from './extenders.ts';
import type { Hint } from './framework.ts';
import { createSchedulerMetrics } from './metrics.ts';
import { Nominator } from './nominator.ts';
import { deviceClasses, resourceClaims, resourceSlices } from './plugins/dynamic-resources.ts';
import { pluginResources } from './plugins/registry.ts';
import { createVolumeLookups } from './plugins/volume-lookups.ts';
import type { Pod, PodInfo } from './pod-info.ts';
import { Preemption } from './preemption.ts';
import { createProfile, type Profile } from './profile.ts';
import { SchedulingQueue } from './queue.ts';
import { noNodes, Scheduler } from './scheduler.ts';
import type { PodDisruptionBudget } from './victims.ts';

export interface SchedulerContext {
  readonly client: ApiClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: SchedulerConfiguration;
  readonly metrics: Metrics;
  /** For extenders; without it there are none. */
  readonly post?: Post;
  recorder(component: string): EventRecorder;
  onError(error: unknown): void;
}

export interface RunningScheduler {
  readonly queue: SchedulingQueue;
  readonly cache: SchedulerCache;
  readonly ended: Promise<void>;
}

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const budgets: GroupVersionResource = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' };
const noHints: readonly Hint[] = [];
const nodeHints: readonly Hint[] = [{ resource: 'nodes', actions: ['add'] }];

const deviceResources: readonly GroupVersionResource[] = [resourceClaims, deviceClasses, resourceSlices];

/** A server may not serve claims to devices. */
function isAwaited({ resource }: Informer): boolean {
  return !deviceResources.includes(resource);
}

/** Gives every pod without a node one, for the profiles of `options`, until `signal` aborts. */
export function startScheduler(context: SchedulerContext, signal: AbortSignal): RunningScheduler {
  const { client, informers, clock, options, onError } = context;
  const cache = new SchedulerCache();
  const nominator = new Nominator();
  const lookups = createVolumeLookups(informers);
  const profiles = new Map<string, Profile>();
  for (const configuration of options.profiles ?? [{}]) {
    const profile = createProfile(configuration, options.percentageOfNodesToScore, {
      client,
      clock,
      informers,
      cache,
      lookups,
      ignoredResources: ignoredResources(options.extenders ?? []),
      tell: (event) => queue.onEvent(event),
    });
    profiles.set(profile.schedulerName, profile);
  }
  const { post } = context;
  const extenders = post === undefined ? [] : (options.extenders ?? []).map((one) => createExtender(one, post));
  const profileOf = ({ pod }: PodInfo): Profile | undefined => profiles.get(pod.spec?.schedulerName ?? '');
  let preemption: Preemption | undefined;
  let isSynced = false;
  const start = (): void => {
    if (isSynced) void scheduler.run();
  };
  const queue = new SchedulingQueue({
    clock,
    initialBackoffMs: (options.podInitialBackoffSeconds ?? 1) * 1000,
    maxBackoffMs: (options.podMaxBackoffSeconds ?? 10) * 1000,
    gateOf: (pod) => {
      if (preemption?.isUnderWay(pod.uid) === true) return 'DefaultPreemption';
      return profileOf(pod)?.gates.find(({ gate }) => gate?.(pod) !== undefined)?.name;
    },
    hintsOf: (pod, plugin) => (plugin === noNodes ? nodeHints : (profileOf(pod)?.byName.get(plugin)?.hints ?? noHints)),
    // Many pods may become ready in one go.
    onReady: () => queueMicrotask(start),
  });
  const metrics = createSchedulerMetrics(context.metrics, queue);
  preemption = new Preemption({
    ...context,
    metrics,
    cache,
    nominator,
    budgets: () => informers.of<PodDisruptionBudget>(budgets).list(),
    activate: (uid) => queue.activate(uid),
  });
  const podInformer = informers.of<Pod>(pods);
  const scheduler = new Scheduler(
    {
      ...context,
      cache,
      queue,
      nominator,
      profiles,
      preemption,
      extenders,
      metrics,
      podOf: (namespace, name) => podInformer.get(`${namespace}/${name}`),
    },
    signal,
  );
  const watched = watchCluster(
    { informers, cache, queue, nominator, isOurs: ({ spec }) => profiles.has(spec?.schedulerName ?? '') },
    [budgets, ...pluginResources, ...deviceResources],
  );
  signal.addEventListener('abort', () => queue.close(), { once: true });
  const run = async (): Promise<void> => {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([Promise.all(watched.filter(isAwaited).map((informer) => informer.whenSynced())), aborted]);
    isSynced = true;
    if (!signal.aborted) await scheduler.run();
    await aborted;
  };
  return { queue, cache, ended: run().catch(onError) };
}
