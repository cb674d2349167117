import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningServer, startServer } from '../clients/server.ts';
import { type Connection, connect } from '../tables-runner/connection.ts';
import type { Need } from './case.ts';
import { reachableAddress } from './extension-server.ts';

/** A cluster under test, and what it can do. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly connection: () => Connection;
  readonly offers: ReadonlySet<Need>;
  readonly groupVersions: ReadonlySet<string>;
  readonly restart?: () => Promise<void>;
}

const token = 'conformance';

export interface OwnServerOptions {
  readonly storage: 'memory' | 'leveldb';
  readonly flags: readonly string[];
}

/** Our own server in a process of its own; on LevelDB it can be killed and started again on its data. */
export async function startTarget({ storage, flags }: OwnServerOptions): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-conformance-'));
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, `${token},admin,admin,"system:masters"\n`);
  // In memory next to nobody else changes objects, as where the answers were recorded; on disk everything is at work.
  const working = storage === 'leveldb' ? ['--controllers=*', '--default-storage-class='] : [];
  const allFlags = ['--token-auth-file', tokens, ...working, ...flags];
  const start = (port: number): Promise<RunningServer> =>
    startServer({ storage, dataDir: join(folder, 'data'), port, flags: allFlags });
  const open = ({ url }: RunningServer): Connection => connect({ server: url, token, insecure: true });

  let server: RunningServer;
  try {
    server = await start(0);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  let connection = open(server);
  const restart = async (): Promise<void> => {
    const { port } = new URL(server.url);
    await server.stop('SIGKILL');
    connection[Symbol.dispose]();
    server = await start(Number(port));
    connection = open(server);
  };
  const target = await attach(storage, () => connection, storage === 'leveldb' ? restart : undefined);
  const dispose = async (): Promise<void> => {
    connection[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...target, [Symbol.asyncDispose]: dispose };
}

/** Looks at a running cluster: which groups it serves, whether controllers and kubelets work there. */
export async function attach(
  name: string,
  connection: () => Connection,
  restart?: () => Promise<void>,
): Promise<Target> {
  const offers = new Set<Need>();
  offers.add((await namespacesEmptyThemselves(connection())) ? 'controllers' : 'quiet');
  if (offers.has('controllers') && (await placesPods(connection()))) offers.add('scheduler');
  const kubelets = await kubeletsOf(connection());
  if (kubelets.length > 0) offers.add('kubelet');
  // kwok only says that pods run.
  if (kubelets.some((version) => !version.startsWith('kwok'))) offers.add('programs');
  if (offers.has('programs') && (await hasProxies(connection()))) {
    offers.add('proxy');
    if (await holdsPolicies(connection())) offers.add('policies');
    if (await hasNames(connection())) offers.add('dns');
    if (await servesIngresses(connection())) offers.add('ingress');
  }
  if (offers.has('programs') && (await resizesPods(connection()))) offers.add('resize');
  if (restart !== undefined) offers.add('restart');
  // It can call webhooks of this process.
  if (/^https?:\/\/(127\.|localhost\b|\[::1\])/.test(connection().server)) offers.add('loopback');
  if ((await knowsItsFrontProxy(connection())) && reachableAddress() !== undefined) offers.add('front-proxy');
  return {
    name,
    connection,
    offers,
    groupVersions: await servedGroupVersions(connection()),
    ...(restart === undefined ? {} : { restart }),
    [Symbol.asyncDispose]: async () => connection()[Symbol.dispose](),
  };
}

async function getJson<T>(connection: Connection, path: string): Promise<T> {
  const { status, text } = await connection.send({ method: 'GET', path, headers: {} });
  if (status !== 200) throw new Error(`${connection.server}: GET ${path} answered ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

/** A kubelet that keeps no control groups for pods cannot resize them: that of 1.36 does not survive the wish. */
async function resizesPods(connection: Connection): Promise<boolean> {
  const { items } = await getJson<{ items: { metadata: { name: string } }[] }>(connection, '/api/v1/nodes');
  for (const { metadata } of items) {
    const path = `/api/v1/nodes/${metadata.name}/proxy/configz`;
    const { status, text } = await connection.send({ method: 'GET', path, headers: {} });
    if (status !== 200) return false;
    const { kubeletconfig } = JSON.parse(text) as { kubeletconfig?: { cgroupsPerQOS?: boolean } };
    if (kubeletconfig?.cgroupsPerQOS === false) return false;
  }
  return items.length > 0;
}

/** Whether somebody looks for a node for a pod, and says that there is none. */
async function placesPods(connection: Connection): Promise<boolean> {
  const name = `conformance-probe-${process.pid}`;
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { nodeSelector: { [name]: 'nowhere' }, containers: [{ name: 'c', image: 'none' }] };
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
  const headers = { 'Content-Type': 'application/json' };
  let made = false;
  for (let tries = 0; tries < 30; tries++) {
    // The ServiceAccount of a new cluster may have to be waited for.
    made ||= (await connection.send({ method: 'POST', path: pods, headers, body })).status === 201;
    const { text } = await connection.send({ method: 'GET', path: `${pods}/${name}`, headers: {} });
    if (!made || !text.includes('PodScheduled')) {
      await sleep(100);
      continue;
    }
    await connection.send({ method: 'DELETE', path: `${pods}/${name}?gracePeriodSeconds=0`, headers: {} });
    return true;
  }
  await connection.send({ method: 'DELETE', path: `${pods}/${name}?gracePeriodSeconds=0`, headers: {} });
  return false;
}

async function servedGroupVersions(connection: Connection): Promise<Set<string>> {
  const { groups } = await getJson<{ groups: { versions: { groupVersion: string }[] }[] }>(connection, '/apis');
  return new Set(['v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion))]);
}

/** Versions of the kubelets of ready nodes. */
async function kubeletsOf(connection: Connection): Promise<readonly string[]> {
  interface Node {
    readonly status?: {
      readonly conditions?: readonly { type: string; status: string }[];
      readonly nodeInfo?: { readonly kubeletVersion: string };
    };
  }
  const { items } = await getJson<{ items: Node[] }>(connection, '/api/v1/nodes');
  const ready = items.filter(({ status }) =>
    status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  );
  return ready.map(({ status }) => status?.nodeInfo?.kubeletVersion ?? '');
}

interface NamedNodes {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly nodeInfo?: { readonly osImage: string } };
  }[];
}

/** A proxy tells of its health at its node. */
async function hasProxies(connection: Connection): Promise<boolean> {
  const { items } = await getJson<NamedNodes>(connection, '/api/v1/nodes');
  const path = `/api/v1/nodes/${items[0]?.metadata.name}:10256/proxy/healthz`;
  const { status } = await connection.send({ method: 'GET', path, headers: {} });
  return status === 200;
}

/** The Service that pods ask for names, by the name that it has everywhere. */
async function hasNames(connection: Connection): Promise<boolean> {
  const path = '/api/v1/namespaces/kube-system/services/kube-dns';
  return (await connection.send({ method: 'GET', path, headers: {} })).status === 200;
}

async function servesIngresses(connection: Connection): Promise<boolean> {
  const path = '/apis/networking.k8s.io/v1/ingressclasses';
  interface Classes {
    readonly items: readonly { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }[];
  }
  const { items } = await getJson<Classes>(connection, path);
  return items.some(({ metadata }) => metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true');
}

/** Nothing in the API says so: our own nodes do, and networks that are known for it. */
async function holdsPolicies(connection: Connection): Promise<boolean> {
  const { items } = await getJson<NamedNodes>(connection, '/api/v1/nodes');
  if (items.some(({ status }) => status?.nodeInfo?.osImage === 'kubefacade')) return true;
  const selector = encodeURIComponent('k8s-app in (calico-node,cilium,kube-router,antrea)');
  const pods = await getJson<{ items: unknown[] }>(connection, `/api/v1/pods?labelSelector=${selector}`);
  return pods.items.length > 0;
}

/** Aggregated servers can tell that a request comes from this cluster. */
async function knowsItsFrontProxy(connection: Connection): Promise<boolean> {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { data } = await getJson<{ data?: Readonly<Record<string, string>> }>(connection, path);
  return data?.['requestheader-client-ca-file'] !== undefined;
}

async function namespacesEmptyThemselves(connection: Connection): Promise<boolean> {
  // Where a controller has filled the aggregated roles, the others work too.
  const view = await getJson<{ rules?: readonly unknown[] | null }>(
    connection,
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/view',
  );
  if ((view.rules?.length ?? 0) > 0) return true;
  const name = `conformance-probe-${process.pid}`;
  const path = `/api/v1/namespaces/${name}`;
  const headers = { 'Content-Type': 'application/json' };
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await connection.send({ method: 'POST', path: '/api/v1/namespaces', headers, body: JSON.stringify(object) });
  await connection.send({ method: 'DELETE', path, headers: {} });
  for (let tries = 0; tries < 15; tries++) {
    if ((await connection.send({ method: 'GET', path, headers: {} })).status === 404) return true;
    await sleep(100);
  }
  const body = JSON.stringify({ ...object, spec: { finalizers: [] } });
  await connection.send({ method: 'PUT', path: `${path}/finalize`, headers, body });
  return false;
}
