import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as k8s from '@kubernetes/client-node';
import t from 'tap';
import { startServer } from '../../clients/server.ts';
import { until } from './until.ts';

function load(file: string): k8s.KubeConfig {
  const config = new k8s.KubeConfig();
  config.loadFromFile(file);
  return config;
}

function configMap(name: string, data: Record<string, string> = {}): k8s.V1ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { made: 'here' } }, data };
}

function codeOf(error: unknown): number | undefined {
  return error instanceof k8s.ApiException ? error.code : undefined;
}

type ListMethod = (request: object) => Promise<{ items?: unknown; metadata?: { resourceVersion?: string } }>;

/** The list methods of every generated class; one that is not served answers 404. */
function listMethods(config: k8s.KubeConfig): { name: string; list: () => ReturnType<ListMethod> }[] {
  const exported = Object.entries(k8s as unknown as Record<string, k8s.ApiConstructor<k8s.ApiType>>);
  const classes = exported.filter(([name, value]) => /V\d\w*Api$/.test(name) && typeof value === 'function');
  return classes.flatMap(([className, apiClass]) => {
    const client = config.makeApiClient(apiClass) as unknown as Record<string, ListMethod>;
    const methods = Object.getOwnPropertyNames(apiClass.prototype).filter((name) =>
      /^list[A-Z](?!.*WithHttpInfo$)/.test(name),
    );
    return methods.map((name) => ({
      name: `${className}.${name}`,
      list: async () => client[name]?.({ namespace: 'default' }) ?? {},
    }));
  });
}

t.test('the generated classes and the object API of client-node', async (t) => {
  await using server = await startServer();
  const config = load(server.kubeconfig);
  const core = config.makeApiClient(k8s.CoreV1Api);

  await t.test('every list method of every stable class answers with a list', async (t) => {
    const methods = listMethods(config);
    t.ok(methods.length > 100, `there are ${methods.length} list methods`);
    const unserved = new Set<string>();
    const served = new Set<string>();
    for (const { name, list } of methods) {
      const [className = ''] = name.split('.');
      try {
        const answer = await list();
        t.ok(Array.isArray(answer.items), `${name} gives items`);
        // Component statuses are not stored.
        const version = name === 'CoreV1Api.listComponentStatus' ? undefined : /^\d+$/;
        t.match(answer.metadata?.resourceVersion, version, `${name} gives a resource version`);
        served.add(className);
      } catch (error) {
        const isPreview = /V\d+(alpha|beta)\d+Api$/.test(className);
        t.ok(isPreview && codeOf(error) === 404, `${name} may be missing: ${error}`);
        unserved.add(className);
      }
    }
    t.same(
      [...served].filter((name) => unserved.has(name)),
      [],
      'a group version is served whole or not at all',
    );
  });

  await t.test('a list in pages has everything once', async (t) => {
    for (let i = 0; i < 7; i++)
      await core.createNamespacedConfigMap({ namespace: 'default', body: configMap(`page-${i}`) });
    const names: (string | undefined)[] = [];
    let next: string | undefined;
    do {
      const page = await core.listNamespacedConfigMap({
        namespace: 'default',
        limit: 3,
        labelSelector: 'made=here',
        ...(next === undefined ? {} : { _continue: next }),
      });
      names.push(...page.items.map(({ metadata }) => metadata?.name));
      next = page.metadata?._continue;
    } while (next !== undefined && next !== '');
    t.same(names, ['page-0', 'page-1', 'page-2', 'page-3', 'page-4', 'page-5', 'page-6']);
    await core.deleteCollectionNamespacedConfigMap({ namespace: 'default', labelSelector: 'made=here' });
    const left = await core.listNamespacedConfigMap({ namespace: 'default', labelSelector: 'made=here' });
    t.same(left.items, [], 'and deletes together');
  });

  await t.test(
    'the object API creates, reads, patches, replaces, lists and deletes what it does not know',
    async (t) => {
      const objects = k8s.KubernetesObjectApi.makeApiClient(config);
      const header = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'any', namespace: 'default' } };
      const made = await objects.create<k8s.V1ConfigMap>({
        ...configMap('any', { a: '1' }),
        metadata: header.metadata,
      });
      t.match(made.metadata?.uid, /^[0-9a-f-]{36}$/);
      await t.rejects(objects.create({ ...header }), { code: 409 });
      t.same((await objects.read<k8s.V1ConfigMap>(header)).data, { a: '1' });
      const strategic = await objects.patch<k8s.V1ConfigMap>({ ...header, data: { b: '2' } });
      t.same(strategic.data, { a: '1', b: '2' }, 'strategic merge patch');
      const merged = await objects.patch<k8s.V1ConfigMap>(
        { ...header, data: { c: '3' } },
        undefined,
        undefined,
        undefined,
        undefined,
        k8s.PatchStrategy.MergePatch,
      );
      t.same(merged.data, { a: '1', b: '2', c: '3' }, 'merge patch');
      const replaced = await objects.replace<k8s.V1ConfigMap>({
        ...merged,
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: { z: '9' },
      });
      t.same(replaced.data, { z: '9' });
      const outdated = { ...made, apiVersion: 'v1', kind: 'ConfigMap' };
      await t.rejects(objects.replace(outdated), { code: 409 }, 'an older version is refused');
      const listed = await objects.list<k8s.V1ConfigMap>(
        'v1',
        'ConfigMap',
        'default',
        undefined,
        undefined,
        undefined,
        'metadata.name=any',
      );
      t.same(
        listed.items.map(({ data }) => data),
        [{ z: '9' }],
      );
      await objects.delete(header);
      await t.rejects(objects.read(header), { code: 404 });
    },
  );

  await t.test('json patch, status, scale and dry runs of the typed classes', async (t) => {
    const apps = config.makeApiClient(k8s.AppsV1Api);
    const labels = { app: 'web' };
    const spec = {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    };
    const target = { name: 'web', namespace: 'default' };
    await apps.createNamespacedDeployment({
      namespace: 'default',
      body: { metadata: { name: 'web' }, spec },
      dryRun: 'All',
    });
    await t.rejects(apps.readNamespacedDeployment(target), { code: 404 }, 'a dry run leaves nothing behind');
    await apps.createNamespacedDeployment({ namespace: 'default', body: { metadata: { name: 'web' }, spec } });
    const patched = await apps.patchNamespacedDeployment({
      ...target,
      body: [{ op: 'replace', path: '/spec/replicas', value: 4 }],
    });
    t.equal(patched.spec?.replicas, 4);
    const scale = await apps.readNamespacedDeploymentScale(target);
    t.equal(scale.spec?.replicas, 4);
    await apps.replaceNamespacedDeploymentScale({ ...target, body: { ...scale, spec: { replicas: 2 } } });
    const current = await apps.readNamespacedDeployment(target);
    t.equal(current.spec?.replicas, 2);
    await apps.replaceNamespacedDeploymentStatus({ ...target, body: { ...current, status: { replicas: 2 } } });
    t.equal((await apps.readNamespacedDeploymentStatus(target)).status?.replicas, 2);
    t.type(current.metadata?.creationTimestamp, Date, 'times are times');
  });

  await t.test('an informer tells of additions, changes and deletions, and keeps a cache', async (t) => {
    const told: string[] = [];
    const list = () => core.listNamespacedSecret({ namespace: 'default', labelSelector: 'seen=yes' });
    const informer = k8s.makeInformer(config, '/api/v1/namespaces/default/secrets', list, 'seen=yes');
    for (const event of ['add', 'update', 'delete'] as const) {
      informer.on(event, (secret: k8s.V1Secret) => told.push(`${event} ${secret.metadata?.name}`));
    }
    const secret = (name: string): k8s.V1Secret => ({ metadata: { name, labels: { seen: 'yes' } } });
    await core.createNamespacedSecret({ namespace: 'default', body: secret('first') });
    await informer.start();
    try {
      await core.createNamespacedSecret({ namespace: 'default', body: secret('second') });
      await core.createNamespacedSecret({ namespace: 'default', body: { metadata: { name: 'unseen' } } });
      await until('second added', () => told.includes('add second'));
      await core.patchNamespacedSecret({
        name: 'first',
        namespace: 'default',
        body: [{ op: 'add', path: '/data', value: { a: 'YQ==' } }],
      });
      await until('first updated', () => told.includes('update first'));
      t.same(informer.get('first', 'default')?.data, { a: 'YQ==' });
      await core.patchNamespacedSecret({
        name: 'first',
        namespace: 'default',
        body: [{ op: 'remove', path: '/metadata/labels/seen' }],
      });
      await core.deleteNamespacedSecret({ name: 'second', namespace: 'default' });
      await until('both deleted', () => told.includes('delete first') && told.includes('delete second'));
      t.same(told, ['add first', 'add second', 'update first', 'delete first', 'delete second']);
      t.same(informer.list(), []);
    } finally {
      await informer.stop();
    }
  });

  await t.test('users with client certificates and with tokens are who they are', async (t) => {
    const whoAmI = async (as: k8s.KubeConfig) => {
      const review = await as.makeApiClient(k8s.AuthenticationV1Api).createSelfSubjectReview({ body: {} });
      return { name: review.status?.userInfo?.username, groups: review.status?.userInfo?.groups };
    };
    const admin = await whoAmI(config);
    t.ok(admin.groups?.includes('system:masters'), 'the client certificate of the kubeconfig');
    await core.createNamespacedServiceAccount({ namespace: 'default', body: { metadata: { name: 'robot' } } });
    const { status } = await core.createNamespacedServiceAccountToken({
      name: 'robot',
      namespace: 'default',
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    });
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig names no cluster');
    const robot = new k8s.KubeConfig();
    robot.loadFromClusterAndUser(cluster, { name: 'robot', token: status?.token ?? '' });
    t.same(await whoAmI(robot), {
      name: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    const nobody = new k8s.KubeConfig();
    nobody.loadFromClusterAndUser(cluster, { name: 'nobody', token: 'wrong' });
    await t.rejects(nobody.makeApiClient(k8s.CoreV1Api).listNamespace(), { code: 401 });
  });
});

t.test('a watch goes on where it was', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kubefacade-resume-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const path = '/api/v1/namespaces/default/configmaps';

  /** Collects the events after a resource version until the stream has been ended. */
  const watchFrom = async (config: k8s.KubeConfig, resourceVersion: string | undefined) => {
    const events: { type: string; name: string; version: string }[] = [];
    const parameters = { resourceVersion, labelSelector: 'made=here', allowWatchBookmarks: true };
    const gone: unknown[] = [];
    const take = (type: string, object: k8s.V1ConfigMap): void => {
      events.push({ type, name: object.metadata?.name ?? '', version: object.metadata?.resourceVersion ?? '' });
    };
    const ended = Promise.withResolvers<void>();
    const abort = await new k8s.Watch(config).watch(path, parameters, take, (error: unknown) => {
      gone.push(error);
      ended.resolve();
    });
    return { events, gone, ended: ended.promise, abort };
  };
  const named = (events: readonly { type: string; name: string }[]): string[] =>
    events.filter(({ type }) => type !== 'BOOKMARK').map(({ type, name }) => `${type} ${name}`);

  await using first = await startServer({ storage: 'leveldb', dataDir });
  const config = load(first.kubeconfig);
  const core = config.makeApiClient(k8s.CoreV1Api);
  const create = (client: k8s.CoreV1Api, name: string) =>
    client.createNamespacedConfigMap({ namespace: 'default', body: configMap(name) });

  const start = (await core.listNamespacedConfigMap({ namespace: 'default' })).metadata?.resourceVersion;
  const watch = await watchFrom(config, start);
  for (const name of ['a', 'b', 'c']) await create(core, name);
  await core.deleteNamespacedConfigMap({ name: 'b', namespace: 'default' });
  await until('four events', () => watch.events.length >= 4);
  t.same(named(watch.events), ['ADDED a', 'ADDED b', 'ADDED c', 'DELETED b']);

  const again = await watchFrom(config, watch.events[1]?.version);
  await until('the events after the second', () => again.events.length >= 2);
  t.same(named(again.events), ['ADDED c', 'DELETED b'], 'resumed on the same server');
  again.abort.abort();

  const last = watch.events[2]?.version;
  await create(core, 'd');
  await until('the last event', () => watch.events.length >= 5);
  await first.stop();
  await watch.ended;

  await using second = await startServer({ storage: 'leveldb', dataDir });
  const later = load(second.kubeconfig);
  const resumed = await watchFrom(later, last);
  await create(later.makeApiClient(k8s.CoreV1Api), 'e');
  await until('the events across the restart', () => resumed.events.length >= 3);
  t.same(named(resumed.events), ['DELETED b', 'ADDED d', 'ADDED e'], 'resumed after a restart without gaps');
  resumed.abort.abort();

  const expired = await watchFrom(later, '99999999');
  await Promise.race([expired.ended, sleep(5_000)]);
  t.same(
    named(expired.events).filter((event) => event.startsWith('ADDED')),
    [],
    'nothing from the future',
  );
  expired.abort.abort();
});
