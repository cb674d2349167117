import t from 'tap';
import type { ApiClient } from '../../../api/client.ts';
import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import { alreadyExists, notFoundError, StatusError } from '../../../api/status.ts';
import { publishRootCACertificate } from './root-ca-certificates.ts';
import { ensureServiceAccounts } from './service-accounts.ts';

interface TestCluster {
  readonly client: ApiClient;
  readonly objects: Map<string, KubeObject>;
  readonly writes: string[];
  refuseCreates?: StatusError;
}

function createCluster(initial: Readonly<Record<string, KubeObject>>): TestCluster {
  const objects = new Map(Object.entries(initial));
  const keyOf = ({ resource }: GroupVersionResource, namespace: string, name: string): string =>
    [resource, namespace, name].filter((part) => part !== '').join('/');
  const absent = async (): Promise<never> => {
    throw new Error('not used by the publishers');
  };
  const cluster: TestCluster = {
    objects,
    writes: [],
    client: {
      async get<T extends KubeObject>(resource: GroupVersionResource, namespace: string, name: string) {
        const object = objects.get(keyOf(resource, namespace, name));
        if (object === undefined) throw notFoundError(resource, name);
        return object as T;
      },
      async create<T extends KubeObject>(resource: GroupVersionResource, namespace: string, object: T) {
        const key = keyOf(resource, namespace, object.metadata?.name ?? '');
        if (cluster.refuseCreates !== undefined) throw cluster.refuseCreates;
        if (objects.has(key)) throw alreadyExists(resource, object.metadata?.name ?? '');
        objects.set(key, object);
        cluster.writes.push(`create ${key}`);
        return object;
      },
      async update<T extends KubeObject>(resource: GroupVersionResource, namespace: string, object: T) {
        const key = keyOf(resource, namespace, object.metadata?.name ?? '');
        objects.set(key, object);
        cluster.writes.push(`update ${key}`);
        return object;
      },
      list: absent,
      async *watch() {},
      patch: absent,
      delete: absent,
      request: absent,
    },
  };
  return cluster;
}

function namespace(name: string, phase: string): KubeObject {
  return { metadata: { name }, status: { phase } } as KubeObject;
}

await t.test('an active namespace gets its default ServiceAccount once', async (t) => {
  const cluster = createCluster({ 'namespaces/a': namespace('a', 'Active') });
  await ensureServiceAccounts(cluster.client, 'a');
  await ensureServiceAccounts(cluster.client, 'a');
  t.strictSame(cluster.writes, ['create serviceaccounts/a/default']);
});

await t.test('namespaces that are terminating or gone get nothing', async (t) => {
  const cluster = createCluster({ 'namespaces/a': namespace('a', 'Terminating') });
  for (const name of ['a', 'gone']) {
    await ensureServiceAccounts(cluster.client, name);
    await publishRootCACertificate(cluster.client, name, 'pem');
  }
  t.strictSame(cluster.writes, []);
});

await t.test('a namespace that begins to terminate meanwhile is no failure, anything else is', async (t) => {
  const cluster = createCluster({ 'namespaces/a': namespace('a', 'Active') });
  const details = { causes: [{ reason: 'NamespaceTerminating', message: 'm', field: 'metadata.namespace' }] };
  cluster.refuseCreates = new StatusError('Forbidden', 'm', { details });
  await ensureServiceAccounts(cluster.client, 'a');
  await publishRootCACertificate(cluster.client, 'a', 'pem');
  const refused = new StatusError('Forbidden', 'm');
  cluster.refuseCreates = refused;
  await t.rejects(ensureServiceAccounts(cluster.client, 'a'), refused);
  await t.rejects(publishRootCACertificate(cluster.client, 'a', 'pem'), refused);
});

await t.test('the CA bundle is published, and put right when it differs', async (t) => {
  const cluster = createCluster({ 'namespaces/a': namespace('a', 'Active') });
  const key = 'configmaps/a/kube-root-ca.crt';
  await publishRootCACertificate(cluster.client, 'a', 'pem');
  await publishRootCACertificate(cluster.client, 'a', 'pem');
  t.strictSame(cluster.writes, [`create ${key}`]);
  t.match(cluster.objects.get(key), {
    data: { 'ca.crt': 'pem' },
    metadata: { annotations: { 'kubernetes.io/description': String } },
  });
  const labels = { mine: 'yes' };
  cluster.objects.set(key, {
    metadata: { name: 'kube-root-ca.crt', labels },
    data: { 'ca.crt': 'x', y: 'z' },
  } as KubeObject);
  await publishRootCACertificate(cluster.client, 'a', 'pem');
  t.strictSame(cluster.writes.at(-1), `update ${key}`);
  t.match(cluster.objects.get(key), { data: { 'ca.crt': 'pem' }, metadata: { labels } });
  t.notMatch(cluster.objects.get(key), { data: { y: 'z' } });
});
