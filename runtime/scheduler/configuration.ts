/** What `pluginConfig` and `plugins` of a profile may say; absent fields have upstream's defaults. */
export interface PluginSet {
  readonly enabled?: readonly { readonly name: string; readonly weight?: number }[];
  /** `*` takes all defaults out. */
  readonly disabled?: readonly { readonly name: string }[];
}

export const extensionPoints = [
  'multiPoint',
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;
export type ExtensionPoint = (typeof extensionPoints)[number];

export interface ProfileConfiguration {
  readonly schedulerName?: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: Readonly<Partial<Record<ExtensionPoint, PluginSet>>>;
  readonly pluginConfig?: readonly { readonly name: string; readonly args?: unknown }[];
}

export interface ExtenderConfiguration {
  readonly urlPrefix: string;
  readonly filterVerb?: string;
  readonly prioritizeVerb?: string;
  readonly preemptVerb?: string;
  readonly bindVerb?: string;
  readonly weight?: number;
  readonly httpTimeout?: string;
  readonly nodeCacheCapable?: boolean;
  readonly ignorable?: boolean;
  readonly managedResources?: readonly { readonly name: string; readonly ignoredByScheduler?: boolean }[];
}

/** kubescheduler.config.k8s.io/v1 KubeSchedulerConfiguration, the part that concerns placing pods. */
export interface SchedulerConfiguration {
  readonly percentageOfNodesToScore?: number;
  readonly podInitialBackoffSeconds?: number;
  readonly podMaxBackoffSeconds?: number;
  readonly profiles?: readonly ProfileConfiguration[];
  readonly extenders?: readonly ExtenderConfiguration[];
}

export const defaultSchedulerName = 'default-scheduler';

interface Defaulted {
  readonly name: string;
  readonly weight: number;
}

/** In the order in which they are asked. */
export const defaultPlugins: readonly Defaulted[] = [
  { name: 'SchedulingGates', weight: 0 },
  { name: 'PrioritySort', weight: 0 },
  { name: 'NodeUnschedulable', weight: 0 },
  { name: 'NodeName', weight: 0 },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts', weight: 0 },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'VolumeRestrictions', weight: 0 },
  { name: 'NodeVolumeLimits', weight: 0 },
  { name: 'VolumeBinding', weight: 0 },
  { name: 'VolumeZone', weight: 0 },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DynamicResources', weight: 0 },
  { name: 'DefaultPreemption', weight: 0 },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder', weight: 0 },
  { name: 'NodeDeclaredFeatures', weight: 0 },
];

/** The plugins that act at one extension point: the defaults and those of multiPoint, then what the point itself says. */
export function pluginsAt(
  point: Exclude<ExtensionPoint, 'multiPoint'>,
  { plugins = {} }: ProfileConfiguration,
): readonly Defaulted[] {
  const { multiPoint = {} } = plugins;
  const isOff = ({ disabled = [] }: PluginSet, name: string): boolean =>
    disabled.some((one) => one.name === name || one.name === '*');
  const own = plugins[point] ?? {};
  const chosen = new Map<string, Defaulted>();
  for (const one of defaultPlugins) if (!isOff(multiPoint, one.name)) chosen.set(one.name, one);
  for (const { name, weight } of multiPoint.enabled ?? [])
    chosen.set(name, { name, weight: weight ?? chosen.get(name)?.weight ?? 0 });
  for (const name of [...chosen.keys()]) if (isOff(own, name)) chosen.delete(name);
  const specific = new Map<string, Defaulted>();
  for (const { name, weight } of own.enabled ?? []) {
    const known = chosen.get(name) ?? defaultPlugins.find((one) => one.name === name);
    const entry = { name, weight: weight ?? known?.weight ?? 0 };
    // What is there already keeps its place and gets the new weight.
    if (chosen.has(name)) chosen.set(name, entry);
    else specific.set(name, entry);
  }
  return [...chosen.values(), ...specific.values()];
}
