import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { parseYaml } from '../api/yaml.ts';
import { startManager } from '../runtime/framework/manager.ts';
import { defaultOptions } from '../runtime/framework/options.ts';
import type { SchedulerConfiguration } from '../runtime/scheduler/configuration.ts';
import { schedulerDefinition } from '../runtime/scheduler/definition.ts';
import { ConfigurationError, readConfiguration } from '../runtime/scheduler/read-configuration.ts';
import { openComponentMetrics } from './component-metrics.ts';
import { runElected } from './elected.ts';
import { UsageError } from './options.ts';
import { openRemote } from './remote.ts';
import { systemClock, systemRandom } from './system.ts';

export const flags = {
  kubeconfig: { type: 'string' },
  config: { type: 'string' },
  'leader-elect': { type: 'string' },
  'secure-port': { type: 'string' },
  'bind-address': { type: 'string' },
} as const;

function configurationOf(file: string | undefined): SchedulerConfiguration {
  if (file === undefined) return {};
  try {
    return readConfiguration(parseYaml(readFileSync(file, 'utf8')).value);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(`--config: ${error.message}`);
    throw error;
  }
}

/** How extenders are asked. */
async function postJson(url: string, body: unknown, timeoutMs: number): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) throw new Error(`failed ${url} with extender at URL ${url}, code ${response.status}`);
  return response.json();
}

/** `kubefacade scheduler --kubeconfig F`: the scheduler against any API server. Runs until a signal ends it. */
export async function scheduler(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.kubeconfig === undefined) throw new UsageError('--kubeconfig is missing');
  const configuration = configurationOf(values.config);
  const log = pino({ base: null }, pino.destination(2));
  const remote = await openRemote(values.kubeconfig, 'kube-scheduler');
  const metrics = await openComponentMetrics(values, remote.client, 'kube-scheduler');
  await runElected({
    remote,
    component: 'kube-scheduler',
    isElected: values['leader-elect'] !== 'false',
    onError: (err) => log.error({ err }, 'leader election failed'),
    start: () => {
      process.stdout.write('running the scheduler\n');
      return startManager([schedulerDefinition(configuration, postJson)], {
        clientFor: () => remote.client,
        clock: systemClock,
        random: systemRandom,
        options: { ...defaultOptions, rootCA: remote.rootCA },
        metrics,
        onError: (err, part) => log.error({ err, part }, 'scheduling failed'),
      });
    },
  });
}
