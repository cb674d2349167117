import type { WeightedPlugin } from './choose-node.ts';
import { defaultSchedulerName, type ProfileConfiguration, pluginsAt } from './configuration.ts';
import type { Plugin } from './framework.ts';
import { createPlugin, type PluginDeps } from './plugins/registry.ts';

/** What `spec.schedulerName` chooses. */
export interface Profile {
  readonly schedulerName: string;
  readonly percentageOfNodesToScore: number | undefined;
  readonly gates: readonly Plugin[];
  readonly filters: readonly Plugin[];
  readonly scores: readonly WeightedPlugin[];
  readonly byName: ReadonlyMap<string, Plugin>;
  readonly preempts: boolean;
  /** Whether claims to devices are looked at, too, when a pod finds no node. */
  readonly deallocates: boolean;
  readonly preemptionArgs: PreemptionArgs;
}

export interface PreemptionArgs {
  readonly minCandidateNodesPercentage: number;
  readonly minCandidateNodesAbsolute: number;
}

const defaultPreemptionArgs: PreemptionArgs = { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 };

export function createProfile(
  configuration: ProfileConfiguration,
  percentageOfNodesToScore: number | undefined,
  deps: PluginDeps,
): Profile {
  const args = new Map((configuration.pluginConfig ?? []).map((one) => [one.name, one.args]));
  const byName = new Map<string, Plugin>();
  const pluginOf = (name: string): Plugin | undefined => {
    const present = byName.get(name);
    if (present !== undefined) return present;
    const made = createPlugin(name, args.get(name), deps);
    if (made !== undefined) byName.set(name, made);
    return made;
  };
  const at = (point: Parameters<typeof pluginsAt>[0]): readonly WeightedPlugin[] =>
    pluginsAt(point, configuration).flatMap(({ name, weight }) => {
      const plugin = pluginOf(name);
      return plugin === undefined ? [] : [{ plugin, weight: weight === 0 ? 1 : weight }];
    });
  const postFilters = pluginsAt('postFilter', configuration).map(({ name }) => name);
  return {
    schedulerName: configuration.schedulerName ?? defaultSchedulerName,
    percentageOfNodesToScore: configuration.percentageOfNodesToScore ?? percentageOfNodesToScore,
    gates: at('preEnqueue')
      .map(({ plugin }) => plugin)
      .filter(({ gate }) => gate !== undefined),
    filters: at('filter')
      .map(({ plugin }) => plugin)
      .filter(({ filter }) => filter !== undefined),
    scores: at('score').filter(({ plugin }) => plugin.score !== undefined),
    byName,
    preempts: postFilters.includes('DefaultPreemption'),
    deallocates: postFilters.includes('DynamicResources'),
    preemptionArgs: { ...defaultPreemptionArgs, ...(args.get('DefaultPreemption') as Partial<PreemptionArgs>) },
  };
}
