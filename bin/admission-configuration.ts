import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fieldErrorMessage } from '../api/field-error.ts';
import { parseYaml } from '../api/yaml.ts';
import {
  type EventRateLimitConfiguration,
  validateEventRateLimit,
} from '../server/admission/plugins/event-rate-limit.ts';
import { UsageError } from './options.ts';

export interface AdmissionConfiguration {
  readonly eventRateLimit?: EventRateLimitConfiguration;
}

interface ConfigurationFile {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly plugins?: readonly { readonly name?: string; readonly path?: string; readonly configuration?: unknown }[];
}

const flag = '--admission-control-config-file';

async function readYaml(file: string): Promise<unknown> {
  try {
    return parseYaml(await readFile(file, 'utf8')).value;
  } catch (error) {
    throw new UsageError(`${flag}: ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function eventRateLimitOf(value: unknown): EventRateLimitConfiguration {
  const configuration = (value ?? {}) as EventRateLimitConfiguration;
  const [problem] = validateEventRateLimit(configuration);
  if (problem !== undefined) throw new UsageError(`${flag}: EventRateLimit: ${fieldErrorMessage(problem)}`);
  return configuration;
}

/** What plug-ins are configured with; those that take no configuration here are refused, since ignoring theirs would let more through. */
export async function readAdmissionConfiguration(file: string | undefined): Promise<AdmissionConfiguration> {
  if (file === undefined) return {};
  const { apiVersion, kind, plugins = [] } = ((await readYaml(file)) ?? {}) as ConfigurationFile;
  if (apiVersion !== 'apiserver.config.k8s.io/v1' || kind !== 'AdmissionConfiguration')
    throw new UsageError(
      `${flag}: want an AdmissionConfiguration of apiserver.config.k8s.io/v1, not ${apiVersion} ${kind}`,
    );
  let eventRateLimit: EventRateLimitConfiguration | undefined;
  for (const { name = '', path = '', configuration } of plugins) {
    if (name !== 'EventRateLimit') throw new UsageError(`${flag}: ${name} takes no configuration here`);
    const value = path === '' ? configuration : await readYaml(resolve(dirname(file), path));
    eventRateLimit = eventRateLimitOf(value);
  }
  return eventRateLimit === undefined ? {} : { eventRateLimit };
}
