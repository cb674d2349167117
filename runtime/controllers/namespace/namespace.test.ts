import t from 'tap';
import type { ApiClient, ListOptions } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import type { Api, GroupVersionResource, KubeObject } from '../../../api/object.ts';
import { notFoundError, StatusError } from '../../../api/status.ts';
import { Discovery } from '../../client/discovery.ts';
import { conditionsAt, type Progress } from './conditions.ts';
import { deleteNamespace } from './namespace-controller.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

const start = Date.parse('2026-01-01T00:00:00Z');

function trueOnes(progress: Progress): string[] {
  return (conditionsAt(progress, [], start) ?? [])
    .filter(({ status }) => status === 'True')
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

await t.test('conditions say in upstream’s words how far the deletion is', async (t) => {
  const well = conditionsAt({ contentFailures: [] }, [], start) ?? [];
  t.same(
    well.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
    ],
  );
  t.equal(conditionsAt({ contentFailures: [] }, well, start + 5000), undefined, 'nothing new');
  const remaining = new Map([
    ['pods.', 2],
    ['deployments.apps', 1],
  ]);
  t.same(trueOnes({ contentFailures: ['b', 'a'], remaining, finalizers: new Map([['x/y', 3]]) }), [
    'NamespaceDeletionContentFailure ContentDeletionFailed: Failed to delete all resource types, 2 remaining: a, b',
    'NamespaceContentRemaining SomeResourcesRemain: Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances',
    'NamespaceFinalizersRemaining SomeFinalizersRemain: Some content in the namespace has finalizers remaining: x/y in 3 resource instances',
  ]);
  const changed = conditionsAt({ contentFailures: ['a'] }, well, start + 5000) ?? [];
  t.equal(changed[2]?.lastTransitionTime, '2026-01-01T00:00:05Z');
  t.equal(changed[3]?.lastTransitionTime, '2026-01-01T00:00:00Z');
});

const verbs = ['create', 'delete', 'deletecollection', 'list', 'watch'];
function resource(name: string) {
  return { resource: name, responseKind: { kind: name }, scope: 'Namespaced', verbs };
}

interface World {
  readonly objects: Map<string, KubeObject[]>;
  readonly log: string[];
  readonly client: ApiClient;
  namespace: Namespace | undefined;
}

function createWorld(objects: Readonly<Record<string, readonly KubeObject[]>>, stale = false): World {
  const world: World = {
    objects: new Map(Object.entries(objects).map(([name, list]) => [name, [...list]])),
    log: [],
    namespace: {
      metadata: { name: 'doomed', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    },
    client: {
      get: async () => {
        if (world.namespace === undefined) throw notFoundError({ group: '', resource: 'namespaces' }, 'doomed');
        return world.namespace;
      },
      update: async (_resource: GroupVersionResource, _namespace: string, object: Namespace, options: object) => {
        const { subresource } = options as { subresource: string };
        if (subresource === 'finalize') world.log.push('finalize');
        world.namespace =
          subresource === 'finalize' && object.spec?.finalizers?.length === 0 ? undefined : { ...object };
        return object;
      },
      list: async ({ resource: name }: GroupVersionResource, { limit = 1000 }: ListOptions) => {
        if (name === 'broken') throw new StatusError('ServiceUnavailable', 'the server is currently unable');
        return { metadata: { resourceVersion: '1' }, items: (world.objects.get(name) ?? []).slice(0, limit) };
      },
      request: async (method: string, path: string) => {
        if (path === '/api')
          return {
            items: [
              {
                versions: [
                  {
                    version: 'v1',
                    resources: ['configmaps', 'pods', 'broken']
                      .filter((name) => name !== 'broken' || world.objects.has('broken'))
                      .map(resource),
                  },
                ],
              },
            ],
          };
        if (path === '/apis')
          return {
            items: stale ? [{ metadata: { name: 'far' }, versions: [{ version: 'v1', freshness: 'Stale' }] }] : [],
          };
        const name = path.split('/').at(-1) ?? '';
        world.log.push(`${method} ${name}`);
        const left = (world.objects.get(name) ?? []).filter(({ metadata }) => metadata?.finalizers !== undefined);
        world.objects.set(name, left);
        return {};
      },
    } as unknown as ApiClient,
  };
  return world;
}

function deletion({ client }: World, now = start + 1000) {
  const clock: Clock = { now: () => now, after: () => ({ cancel: () => undefined }) };
  return { client, clock, discovery: new Discovery(client) };
}

await t.test('an empty namespace goes at once, a full one pods first', async (t) => {
  const empty = createWorld({});
  t.equal(await deleteNamespace(deletion(empty), 'doomed'), 0);
  t.same(empty.log, ['finalize']);
  t.equal(empty.namespace, undefined);
  const full = createWorld({ pods: [{ metadata: { name: 'p' } }], configmaps: [{ metadata: { name: 'c' } }] });
  t.equal(await deleteNamespace(deletion(full), 'doomed'), 0);
  t.same(full.log, ['DELETE pods', 'DELETE configmaps', 'finalize']);
});

await t.test('pods that stay hold everything else back', async (t) => {
  const spec = { terminationGracePeriodSeconds: 30 };
  const world = createWorld({
    pods: [{ metadata: { name: 'p', finalizers: ['a/b'] }, spec } as KubeObject],
    configmaps: [{ metadata: { name: 'c' } }],
  });
  t.equal(await deleteNamespace(deletion(world), 'doomed'), 30);
  t.same(world.log, ['DELETE pods']);
  t.equal(world.namespace?.status?.phase, 'Terminating');
  t.equal(world.namespace?.status?.conditions?.[3]?.status, 'False', 'as upstream: nothing is told of pods alone');
  t.equal(await deleteNamespace(deletion(world, start + 60_000), 'doomed'), 15, 'past their time the finalizers count');
});

await t.test('what does not answer stands in the way, but of nothing else', async (t) => {
  const world = createWorld({ broken: [], configmaps: [{ metadata: { name: 'c' } }] }, true);
  await t.rejects(deleteNamespace(deletion(world), 'doomed'), {
    message: /unable to retrieve the complete list of server APIs: far\/v1: stale GroupVersion discovery: far\/v1/,
  });
  t.same(world.objects.get('configmaps'), []);
  t.match(world.namespace?.status?.conditions, [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'True',
      message:
        'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: far/v1: stale GroupVersion discovery: far/v1',
    },
    {},
    {
      status: 'True',
      message: 'Failed to delete all resource types, 1 remaining: the server is currently unable',
    },
  ]);
});

await t.test('others’ finalizers stay, and a namespace that is not being deleted is left alone', async (t) => {
  const world = createWorld({});
  world.namespace = { ...world.namespace, spec: { finalizers: ['kubernetes', 'example.com/own'] } };
  await deleteNamespace(deletion(world), 'doomed');
  t.same(world.namespace?.spec?.finalizers, ['example.com/own']);
  world.namespace = { metadata: { name: 'doomed' } };
  t.equal(await deleteNamespace(deletion(world), 'doomed'), 0);
  t.same(world.log, ['finalize']);
});
