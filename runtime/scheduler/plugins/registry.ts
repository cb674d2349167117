import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import type { GroupVersionResource } from '../../../api/object.ts';
import type { Informers } from '../../client/informers.ts';
import type { SchedulerCache } from '../cache.ts';
import type { ClusterEvent, Plugin } from '../framework.ts';
import {
  balancedAllocation,
  defaultResources,
  type ScoringStrategy,
  type WeightedResource,
} from './allocation-score.ts';
import { dynamicResources } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { type InterPodAffinityArgs, interPodAffinity } from './inter-pod-affinity.ts';
import { type NodeAffinityArgs, nodeAffinity } from './node-affinity.ts';
import { nodeName, nodePorts, nodeUnschedulable, schedulingGates, taintToleration } from './node-rules.ts';
import { type FitArgs, resourcesFit } from './resources-fit.ts';
import type { SpreadArgs } from './spread-constraints.ts';
import { topologySpread } from './topology-spread.ts';
import { type VolumeBindingArgs, volumeBinding } from './volume-binding.ts';
import { nodeVolumeLimits } from './volume-limits.ts';
import type { VolumeLookups } from './volume-lookups.ts';
import { volumeRestrictions, volumeZone } from './volume-rules.ts';

export interface PluginDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly informers: Informers;
  readonly cache: SchedulerCache;
  readonly lookups: VolumeLookups;
  /** Known to extenders alone. */
  readonly ignoredResources: readonly string[];
  /** Tells pods that wait of something that no watch shows. */
  tell(event: ClusterEvent): void;
}

interface GivenFitArgs extends Partial<Omit<FitArgs, 'scoringStrategy'>> {
  readonly scoringStrategy?: Partial<ScoringStrategy> & {
    readonly requestedToCapacityRatio?: { readonly shape?: ScoringStrategy['shape'] };
  };
}

function weighted(resources: readonly WeightedResource[] | undefined): readonly WeightedResource[] {
  if (resources === undefined || resources.length === 0) return defaultResources;
  return resources.map(({ name, weight }) => ({ name, weight: weight === undefined || weight === 0 ? 1 : weight }));
}

function fitArgs(
  { ignoredResources = [], ignoredResourceGroups, scoringStrategy = {} }: GivenFitArgs,
  more: readonly string[],
): FitArgs {
  return {
    ignoredResources: [...ignoredResources, ...more],
    ignoredResourceGroups: ignoredResourceGroups ?? [],
    scoringStrategy: {
      type: scoringStrategy.type ?? 'LeastAllocated',
      resources: weighted(scoringStrategy.resources),
      shape: scoringStrategy.requestedToCapacityRatio?.shape ?? [],
    },
  };
}

/** What plugins look things up in: these are known before the first pod is placed, and their changes may let pods in. */
export const pluginResources: readonly GroupVersionResource[] = [
  { group: '', version: 'v1', resource: 'namespaces' },
  { group: '', version: 'v1', resource: 'services' },
  { group: '', version: 'v1', resource: 'replicationcontrollers' },
  { group: 'apps', version: 'v1', resource: 'replicasets' },
  { group: 'apps', version: 'v1', resource: 'statefulsets' },
  { group: '', version: 'v1', resource: 'persistentvolumes' },
  { group: '', version: 'v1', resource: 'persistentvolumeclaims' },
  { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' },
  { group: 'storage.k8s.io', version: 'v1', resource: 'csinodes' },
  { group: 'storage.k8s.io', version: 'v1', resource: 'csidrivers' },
  { group: 'storage.k8s.io', version: 'v1', resource: 'csistoragecapacities' },
  { group: 'storage.k8s.io', version: 'v1', resource: 'volumeattachments' },
];

type Factory = (args: unknown, deps: PluginDeps) => Plugin;

const factories: Readonly<Record<string, Factory>> = {
  SchedulingGates: schedulingGates,
  NodeUnschedulable: nodeUnschedulable,
  NodeName: nodeName,
  TaintToleration: taintToleration,
  NodeAffinity: (args) => nodeAffinity((args ?? {}) as NodeAffinityArgs),
  NodePorts: nodePorts,
  NodeResourcesFit: (args, { ignoredResources }) =>
    resourcesFit(fitArgs((args ?? {}) as GivenFitArgs, ignoredResources)),
  NodeResourcesBalancedAllocation: (args) =>
    balancedAllocation({
      resources: weighted((args as { resources?: readonly WeightedResource[] } | undefined)?.resources),
    }),
  VolumeRestrictions: (_args, { lookups, cache }) => volumeRestrictions(lookups, cache),
  NodeVolumeLimits: (_args, { lookups }) => nodeVolumeLimits(lookups),
  VolumeBinding: (args, deps) => volumeBinding((args ?? {}) as VolumeBindingArgs, deps),
  VolumeZone: (_args, { lookups }) => volumeZone(lookups),
  PodTopologySpread: (args, { cache, informers }) => topologySpread((args ?? {}) as SpreadArgs, cache, informers),
  InterPodAffinity: (args, { cache, informers }) =>
    interPodAffinity((args ?? {}) as InterPodAffinityArgs, cache, informers),
  DynamicResources: (_args, deps) => dynamicResources(deps),
  ImageLocality: (_args, { cache }) => imageLocality(cache),
};

/** Undefined for what is no plugin of ours: sorting, preemption and binding belong to the scheduler itself. */
export function createPlugin(name: string, args: unknown, deps: PluginDeps): Plugin | undefined {
  return factories[name]?.(args, deps);
}
