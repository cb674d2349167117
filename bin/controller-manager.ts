import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { controllerDefinitions } from '../runtime/controllers/catalog.ts';
import { chosenControllers, startManager } from '../runtime/framework/manager.ts';
import { defaultOptions } from '../runtime/framework/options.ts';
import { openComponentMetrics } from './component-metrics.ts';
import { controllerFlags, controllerOptions } from './controller-flags.ts';
import { runElected } from './elected.ts';
import { flagReaders, UsageError } from './options.ts';
import { openRemote } from './remote.ts';
import { createSigning } from './signing.ts';
import { systemClock, systemRandom } from './system.ts';

export const flags = {
  kubeconfig: { type: 'string' },
  controllers: { type: 'string', multiple: true },
  'root-ca-file': { type: 'string' },
  'leader-elect': { type: 'string' },
  'secure-port': { type: 'string' },
  'bind-address': { type: 'string' },
  'allocate-node-cidrs': { type: 'string' },
  'cloud-provider': { type: 'string' },
  'cluster-cidr': { type: 'string' },
  'service-cluster-ip-range': { type: 'string' },
  'service-account-private-key-file': { type: 'string' },
  'cluster-signing-cert-file': { type: 'string' },
  'cluster-signing-key-file': { type: 'string' },
} as const;

function textOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** `kubefacade controller-manager --kubeconfig F`: the controllers against any API server. Runs until a signal ends it. */
export async function controllerManager(args: readonly string[]): Promise<void> {
  const more = Object.fromEntries(controllerFlags.map((name) => [name, { type: 'string' } as const]));
  const { values } = parseArgs({ args: [...args], options: { ...more, ...flags } });
  const texts: Readonly<Record<string, unknown>> = values;
  const textOfFlag = (flag: string): string | undefined => (typeof texts[flag] === 'string' ? texts[flag] : undefined);
  if (values.kubeconfig === undefined) throw new UsageError('--kubeconfig is missing');
  const cloudProvider = values['cloud-provider'] ?? '';
  if (cloudProvider !== '' && cloudProvider !== 'local') throw new UsageError('--cloud-provider is "" or "local"');
  const log = pino({ base: null }, pino.destination(2));
  const remote = await openRemote(values.kubeconfig, 'kube-controller-manager');
  const certificate = textOf(values['cluster-signing-cert-file']);
  const key = textOf(values['cluster-signing-key-file']);
  const serviceAccountPrivateKey = textOf(values['service-account-private-key-file']);
  const names = (values.controllers ?? ['*']).flatMap((list) => list.split(','));
  const metrics = await openComponentMetrics(values, remote.client, 'kube-controller-manager');
  await runElected({
    remote,
    component: 'kube-controller-manager',
    isElected: values['leader-elect'] !== 'false',
    onError: (err) => log.error({ err }, 'leader election failed'),
    start: () => {
      const manager = startManager(chosenControllers(controllerDefinitions, names), {
        clientFor: () => remote.client,
        clock: systemClock,
        random: systemRandom,
        options: {
          ...defaultOptions,
          ...controllerOptions(textOfFlag, flagReaders),
          rootCA: textOf(values['root-ca-file']) ?? remote.rootCA,
          allocateNodeCIDRs: values['allocate-node-cidrs'] === 'true',
          cloudProvider,
          ...(values['cluster-cidr'] === undefined ? {} : { clusterCIDR: values['cluster-cidr'] }),
          ...(values['service-cluster-ip-range'] === undefined
            ? {}
            : { serviceClusterIPRange: values['service-cluster-ip-range'] }),
          signing: createSigning({
            ...(certificate === undefined || key === undefined ? {} : { clusterSigning: { certificate, key } }),
            ...(serviceAccountPrivateKey === undefined ? {} : { serviceAccountPrivateKey }),
          }),
        },
        metrics,
        onError: (err, controller) => log.error({ err, controller }, 'reconcile failed'),
      });
      process.stdout.write(`running ${manager.controllers.length} controllers\n`);
      return manager;
    },
  });
}
