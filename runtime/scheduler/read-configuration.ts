import {
  defaultPlugins,
  extensionPoints,
  type ProfileConfiguration,
  type SchedulerConfiguration,
} from './configuration.ts';

/** The configuration makes no sense; the message says where. */
export class ConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
  }
}

const group = 'kubescheduler.config.k8s.io/v1';

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkPercentage(value: number | undefined, path: string): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= 100)) return;
  throw new ConfigurationError(`${path}: Invalid value: ${value}: not in valid range [0-100]`);
}

function checkProfile(
  { plugins = {}, pluginConfig = [], percentageOfNodesToScore }: ProfileConfiguration,
  path: string,
): void {
  checkPercentage(percentageOfNodesToScore, `${path}.percentageOfNodesToScore`);
  const points: readonly string[] = extensionPoints;
  const known = new Set(defaultPlugins.map(({ name }) => name));
  for (const [point, { enabled = [] }] of Object.entries(plugins)) {
    if (!points.includes(point)) throw new ConfigurationError(`${path}.plugins: unknown field "${point}"`);
    for (const { name } of enabled)
      if (!known.has(name)) throw new ConfigurationError(`${path}.plugins.${point}: plugin "${name}" does not exist`);
  }
  const seen = new Set<string>();
  for (const { name } of pluginConfig) {
    if (seen.has(name)) throw new ConfigurationError(`${path}.pluginConfig: Duplicate value: "${name}"`);
    seen.add(name);
  }
}

/** Checks a KubeSchedulerConfiguration. Throws ConfigurationError. */
export function readConfiguration(value: unknown): SchedulerConfiguration {
  if (!isRecord(value)) throw new ConfigurationError('not an object');
  if (value['apiVersion'] !== group || value['kind'] !== 'KubeSchedulerConfiguration')
    throw new ConfigurationError(`want ${group}, kind KubeSchedulerConfiguration`);
  const configuration = value as SchedulerConfiguration;
  checkPercentage(configuration.percentageOfNodesToScore, 'percentageOfNodesToScore');
  const { podInitialBackoffSeconds: first = 1, podMaxBackoffSeconds: longest = 10 } = configuration;
  if (first <= 0) throw new ConfigurationError('podInitialBackoffSeconds: must be greater than 0');
  if (longest < first)
    throw new ConfigurationError('podMaxBackoffSeconds: must be greater than or equal to PodInitialBackoffSeconds');
  const names = new Set<string>();
  for (const [i, profile] of (configuration.profiles ?? []).entries()) {
    const name = profile.schedulerName ?? '';
    const isOnly = configuration.profiles?.length === 1;
    if (name === '' && !isOnly) throw new ConfigurationError(`profiles[${i}].schedulerName: Required value`);
    if (names.has(name)) throw new ConfigurationError(`profiles[${i}].schedulerName: Duplicate value: "${name}"`);
    names.add(name);
    checkProfile(profile, `profiles[${i}]`);
  }
  return configuration;
}
