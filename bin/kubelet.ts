import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { Catalog } from '../api/catalog.ts';
import type { ApiClient } from '../api/client.ts';
import type { Api } from '../api/object.ts';
import { startManager } from '../runtime/framework/manager.ts';
import { noMetrics } from '../runtime/framework/metrics.ts';
import { defaultOptions } from '../runtime/framework/options.ts';
import { unlessMissing } from '../runtime/framework/status-cause.ts';
import { simulatedNodes } from './controllers.ts';
import { createKubeletAccess } from './kubelet-access.ts';
import { createKubeletHandle } from './kubelet-requests.ts';
import { openKubeletServer } from './kubelet-server.ts';
import { nodeLifeFlags, nodeLifeOptions } from './node-life-options.ts';
import { parseDuration, UsageError } from './options.ts';
import { openRemote } from './remote.ts';
import { systemClock, systemRandom } from './system.ts';

export const flags = {
  kubeconfig: { type: 'string' },
  'node-name': { type: 'string' },
  'hostname-override': { type: 'string' },
  nodes: { type: 'string' },
  address: { type: 'string' },
  'node-ip': { type: 'string' },
  port: { type: 'string' },
  'anonymous-auth': { type: 'string' },
  'authorization-mode': { type: 'string' },
  'client-ca-file': { type: 'string' },
  'service-cluster-ip-range': { type: 'string' },
  'outside-network': { type: 'boolean' },
  'pod-manifest-folder': { type: 'string' },
  'node-labels': { type: 'string' },
  'register-with-taints': { type: 'string' },
  'image-table': { type: 'string' },
  programs: { type: 'string' },
  'strict-images': { type: 'boolean' },
  'max-container-restart-period': { type: 'string' },
  'shutdown-grace-period': { type: 'string' },
  'shutdown-grace-period-critical-pods': { type: 'string' },
  'shutdown-grace-period-by-pod-priority': { type: 'string' },
  'eviction-hard': { type: 'string' },
  'eviction-soft': { type: 'string' },
  'eviction-soft-grace-period': { type: 'string' },
  'eviction-minimum-reclaim': { type: 'string' },
  'eviction-max-pod-grace-period': { type: 'string' },
  'eviction-pressure-transition-period': { type: 'string' },
} as const;

const defaultPort = '10250';

function countOf(text: string, flag: string, max: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > max) throw new UsageError(`--${flag} is a number up to ${max}, not ${text}`);
  return count;
}

/** One has the name that is given, or the machine's; of several each has its number. */
function namesOf(count: number, given: string | undefined): readonly string[] {
  const name = given ?? hostname().toLowerCase();
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${given ?? 'node'}-${index}`);
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => [pair.replace(/=.*$/, ''), pair.includes('=') ? pair.replace(/^[^=]*=/, '') : '']),
  );
}

/** `key=value:Effect` or `key:Effect`. */
function taintsOf(
  text: string,
): { readonly key: string; readonly value?: string; readonly effect: string }[] | undefined {
  if (text === '') return undefined;
  return text.split(',').map((taint) => {
    const [, key = '', value, effect = ''] =
      /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(taint) ?? [];
    if (key === '') throw new UsageError(`--register-with-taints: not a taint: ${taint}`);
    return { key, effect, ...(value === undefined ? {} : { value }) };
  });
}

/** Who signs clients' certificates, as the API server tells all who serve beside it. */
async function publishedClientCa(client: ApiClient): Promise<string | undefined> {
  const configMaps = { group: '', version: 'v1', resource: 'configmaps' } as const;
  type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
  const found = await unlessMissing(
    client.get<ConfigMap>(configMaps, 'kube-system', 'extension-apiserver-authentication'),
  );
  return found?.data?.['client-ca-file'];
}

/** Where pods find the API server: the address that the Service `kubernetes` leads to. */
async function apiServerAddress(client: ApiClient): Promise<string> {
  const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
  type Slice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;
  const slice = await unlessMissing(client.get<Slice>(slices, 'default', 'kubernetes'));
  return slice?.endpoints?.[0]?.addresses?.[0] ?? '';
}

/** Where Services of the cluster have their addresses, if it tells. */
async function serviceRangeOf(client: ApiClient): Promise<string | undefined> {
  const cidrs = { group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' } as const;
  type ServiceCIDR = Api<'io.k8s.api.networking.v1.ServiceCIDR'>;
  const found = await unlessMissing(client.get<ServiceCIDR>(cidrs, '', 'kubernetes'));
  return found?.spec?.cidrs?.join(',');
}

async function release(): Promise<string> {
  const file = new URL('../api/generated/resources.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as Catalog).release;
}

/** `kubefacade kubelet --kubeconfig F`: nodes for any API server, each with a kubelet's port. Runs until a signal ends it. */
export async function kubelet(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.kubeconfig === undefined) throw new UsageError('--kubeconfig is missing');
  const mode = values['authorization-mode'] ?? 'Webhook';
  if (mode !== 'Webhook' && mode !== 'AlwaysAllow')
    throw new UsageError(`--authorization-mode is Webhook or AlwaysAllow, not ${mode}`);
  const count = countOf(values.nodes ?? '1', 'nodes', 5000);
  const port = countOf(values.port ?? defaultPort, 'port', 65_535);
  const address = values.address ?? '127.0.0.1';
  const log = pino({ base: null }, pino.destination(2));
  const remote = await openRemote(values.kubeconfig, 'kubelet');
  const { client } = remote;
  const names = namesOf(count, values['node-name'] ?? values['hostname-override']);
  const clientCaFile = values['client-ca-file'];
  const clientCa = clientCaFile === undefined ? await publishedClientCa(client) : readFileSync(clientCaFile, 'utf8');
  const servers = await Promise.all(
    names.map((node, index) => openKubeletServer({ node, address, port: port === 0 ? 0 : port + index, clientCa })),
  );
  const server = new URL(remote.server);
  const serviceRange = values['service-cluster-ip-range'] ?? (await serviceRangeOf(client));
  const options = serviceRange === undefined ? {} : { serviceClusterIPRange: serviceRange };
  const { definitions, nodes, shutDown } = await simulatedNodes({
    nodes: count,
    images: {
      tableFile: values['image-table'],
      programsFile: values.programs,
      isStrict: values['strict-images'] === true,
    },
    release: await release(),
    options,
    network: {
      apiServer: {
        address: await apiServerAddress(client),
        host: server.hostname,
        port: Number(server.port === '' ? 443 : server.port),
      },
      outside: values['outside-network'] === true,
      exposeNodePorts: false,
      proxyMode: 'iptables',
    },
    nodeLife: nodeLifeOptions(
      (flag) => values[flag] ?? nodeLifeFlags[flag],
      parseDuration,
      (why) => new UsageError(why),
    ),
    podManifestFolder: values['pod-manifest-folder'],
    kubelet: {
      names,
      labels: labelsOf(values['node-labels'] ?? ''),
      taints: taintsOf(values['register-with-taints'] ?? ''),
      endpointOf: (index) => ({ address: values['node-ip'] ?? address, port: servers[index]?.port ?? 0 }),
    },
  });
  const manager = startManager(definitions, {
    clientFor: () => client,
    clock: systemClock,
    random: systemRandom,
    options: { ...defaultOptions, rootCA: remote.rootCA, ...options },
    metrics: noMetrics,
    onError: (err, part) => log.error({ err, part }, 'failed'),
  });
  const isAnonymousAllowed = values['anonymous-auth'] === 'true';
  const mayPass = createKubeletAccess({ client, clock: systemClock, isAnonymousAllowed, mode });
  for (const [index, node] of names.entries()) {
    const connection = nodes.connectionTo(node);
    if (connection === undefined) continue;
    const handle = createKubeletHandle({ connection, clock: systemClock });
    servers[index]?.serve(async (request) => (await mayPass(request, node)) ?? handle(request));
  }
  const ports =
    count === 1 ? `port ${servers[0]?.port}` : port === 0 ? 'free ports' : `ports ${port} to ${port + count - 1}`;
  process.stdout.write(`running ${count === 1 ? `node ${names[0]}` : `${count} nodes`} at ${address}, ${ports}\n`);
  await remote.untilSignal();
  await shutDown();
  for (const one of servers) one.close();
  await manager.close();
  remote.close();
}
