import t from 'tap';
import type { ApiClient, DeleteOptions, PatchTarget } from '../../../api/client.ts';
import type { GroupVersionResource, KubeObject, ObjectMeta, OwnerReference } from '../../../api/object.ts';
import { conflict, notFoundError, StatusError } from '../../../api/status.ts';
import { type AggregatedGroups, Discovery, readGroups } from '../../client/discovery.ts';
import { NotYet } from '../../framework/controller.ts';
import { AbsentOwners } from './absent-owners.ts';
import { type Collecting, collect, orphan } from './collect.ts';
import { OwnershipGraph } from './graph.ts';
import { identityText } from './node.ts';
import { OwnedObjects } from './objects.ts';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'watch'];
const served: AggregatedGroups = {
  items: [
    {
      versions: [
        {
          version: 'v1',
          resources: [
            { resource: 'things', responseKind: { kind: 'Thing' }, scope: 'Namespaced', verbs },
            { resource: 'globals', responseKind: { kind: 'Global' }, scope: 'Cluster', verbs },
          ],
        },
      ],
    },
    {
      metadata: { name: 'custom.example.com' },
      versions: [
        {
          version: 'v1',
          resources: [{ resource: 'widgets', responseKind: { kind: 'Widget' }, scope: 'Namespaced', verbs }],
        },
      ],
    },
  ],
};

const kinds: Readonly<Record<string, { apiVersion: string; kind: string }>> = {
  things: { apiVersion: 'v1', kind: 'Thing' },
  globals: { apiVersion: 'v1', kind: 'Global' },
  widgets: { apiVersion: 'custom.example.com/v1', kind: 'Widget' },
};

/** A cluster that knows finalizers, with the collector at work on it. */
async function createWorld() {
  const objects = new Map<string, KubeObject & { metadata: ObjectMeta }>();
  const toConsider = new Set<string>();
  const toOrphan = new Set<string>();
  const complaints: string[] = [];
  const log: string[] = [];
  const absent = new AbsentOwners();
  const graph = new OwnershipGraph(
    {
      consider: (uid) => void toConsider.add(uid),
      considerLater: (uid) => void toConsider.add(uid),
      orphan: (uid) => void toOrphan.add(uid),
      complain: (dependent, owner) => void complaints.push(`${dependent.name}: ${identityText(owner)}`),
    },
    absent,
  );
  let revision = 0;
  const keyOf = ({ resource }: Pick<GroupVersionResource, 'resource'>, namespace: string, name: string): string =>
    `${resource}/${namespace}/${name}`;
  const find = (resource: GroupVersionResource, namespace: string, name: string) => {
    const object = objects.get(keyOf(resource, namespace, name));
    if (object === undefined) throw notFoundError(resource, name);
    return object;
  };
  const put = (resource: string, metadata: ObjectMeta): void => {
    const key = keyOf({ resource }, metadata.namespace ?? '', metadata.name ?? '');
    const old = objects.get(key);
    const isGone = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
    if (isGone) {
      objects.delete(key);
      log.push(`gone ${metadata.name}`);
      graph.forget(metadata.uid ?? '');
      return;
    }
    const object = { metadata: { ...metadata, resourceVersion: String(++revision) } };
    objects.set(key, object);
    graph.observe(kinds[resource] ?? { apiVersion: '', kind: '' }, object, old);
  };
  const remove = (resource: string, namespace: string, name: string, policy: DeleteOptions['propagationPolicy']) => {
    const { metadata } = find({ group: '', version: '', resource }, namespace, name);
    const others = (metadata.finalizers ?? []).filter((one) => one !== 'orphan' && one !== 'foregroundDeletion');
    const own = policy === 'Foreground' ? ['foregroundDeletion'] : policy === 'Orphan' ? ['orphan'] : [];
    put(resource, { ...metadata, finalizers: [...others, ...own], deletionTimestamp: '2026-01-01T00:00:00Z' });
  };
  const client = {
    request: async (_method: string, path: string) => (path === '/api' ? served : { items: [] }),
    get: async (resource: GroupVersionResource, namespace: string, name: string) => find(resource, namespace, name),
    delete: async (resource: GroupVersionResource, namespace: string, name: string, options: DeleteOptions) => {
      const { metadata } = find(resource, namespace, name);
      const { uid, resourceVersion } = options.preconditions ?? {};
      if (uid !== metadata.uid || (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion))
        throw conflict(resource, name, 'precondition');
      remove(resource.resource, namespace, name, options.propagationPolicy);
    },
    patch: async ({ resource, namespace, name, type }: PatchTarget, { metadata: patch }: { metadata: ObjectMeta }) => {
      const { metadata } = find(resource, namespace, name);
      const isStrategic = type === 'application/strategic-merge-patch+json';
      if (isStrategic && resource.group !== '') throw new StatusError('UnsupportedMediaType', 'no');
      const { finalizers = metadata.finalizers, ownerReferences = [] } = patch;
      const owners = metadata.ownerReferences ?? [];
      const patched = isStrategic
        ? owners.flatMap((owner) => {
            const change = ownerReferences.find(({ uid }) => uid === owner.uid);
            return change !== undefined && '$patch' in change ? [] : [{ ...owner, ...change }];
          })
        : (patch.ownerReferences ?? owners);
      put(resource.resource, {
        ...metadata,
        ...(finalizers === undefined ? {} : { finalizers }),
        ownerReferences: patched,
      });
    },
  } as unknown as ApiClient;
  const discovery = new Discovery(client);
  await discovery.read();
  const collecting: Collecting = {
    graph,
    absent,
    objects: new OwnedObjects(client, discovery),
    consider: (uid) => void toConsider.add(uid),
  };
  return {
    complaints,
    log,
    graph,
    put,
    remove,
    names: () => [...objects.values()].map(({ metadata }) => metadata.name).sort(),
    ownersOf: (name: string, resource = 'things') =>
      objects.get(keyOf({ resource }, 'a', name))?.metadata.ownerReferences?.map((owner) => owner.uid),
    /** Until nothing is left to do; answers with what waits for a later time. */
    settle: async (): Promise<string[]> => {
      const later: string[] = [];
      const look = async (uid: string): Promise<void> => {
        try {
          await collect(collecting, uid);
        } catch (error) {
          if (error instanceof NotYet) later.push(uid);
          else if (error instanceof StatusError && error.reason === 'Conflict') toConsider.add(uid);
          else throw error;
        }
      };
      for (let turns = 0; toConsider.size + toOrphan.size > 0; turns++) {
        if (turns > 1000) throw new Error('it does not settle');
        const [uid] = toConsider;
        const [lost = ''] = toOrphan;
        if (uid !== undefined) {
          toConsider.delete(uid);
          await look(uid);
        } else {
          toOrphan.delete(lost);
          await orphan(collecting, lost);
        }
      }
      return later;
    },
  };
}

function owned(name: string, owners: readonly Partial<OwnerReference>[] = [], namespace = 'a'): ObjectMeta {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: 'v1',
    kind: 'Thing',
    name: owner.uid ?? '',
    uid: '',
    ...owner,
  }));
  return { name, uid: name, ...(namespace === '' ? {} : { namespace }), ownerReferences };
}

await t.test('what an owner leaves behind goes, and what that owned', async (t) => {
  const world = await createWorld();
  world.put('things', owned('top'));
  world.put('things', owned('middle', [{ uid: 'top' }]));
  world.put('widgets', owned('bottom', [{ uid: 'middle' }]));
  world.put('things', owned('stranger'));
  t.same(await world.settle(), []);
  t.equal(world.names().length, 4);
  world.remove('things', 'a', 'top', 'Background');
  await world.settle();
  t.same(world.names(), ['stranger']);
  t.equal(world.graph.size, 1);
});

await t.test('in the foreground the owner goes last, and waits only for who blocks it', async (t) => {
  const world = await createWorld();
  world.put('things', owned('top'));
  world.put('things', owned('middle', [{ uid: 'top', blockOwnerDeletion: true }]));
  world.put('things', owned('leaf', [{ uid: 'middle', blockOwnerDeletion: true }]));
  world.put('things', { ...owned('held', [{ uid: 'top' }]), finalizers: ['example.com/hold'] });
  await world.settle();
  world.remove('things', 'a', 'top', 'Foreground');
  await world.settle();
  t.same(world.log, ['gone leaf', 'gone middle', 'gone top']);
  t.same(world.names(), ['held'], 'a dependent that does not block may stay');
});

await t.test('orphans lose the owner and stay', async (t) => {
  const world = await createWorld();
  world.put('things', owned('top'));
  world.put('things', owned('child', [{ uid: 'top' }]));
  world.put('widgets', owned('custom', [{ uid: 'top' }, { uid: 'child' }]));
  await world.settle();
  world.remove('things', 'a', 'top', 'Orphan');
  await world.settle();
  t.same(world.names(), ['child', 'custom']);
  t.same(world.ownersOf('child'), []);
  t.same(world.ownersOf('custom', 'widgets'), ['child'], 'what knows no strategic merge gets the whole list');
});

await t.test('one owner that stays keeps a dependent, which forgets those that went', async (t) => {
  const world = await createWorld();
  for (const name of ['gone', 'leaving', 'staying']) world.put('things', owned(name));
  const owners = [{ uid: 'gone' }, { uid: 'leaving', blockOwnerDeletion: true }, { uid: 'staying' }];
  world.put('things', owned('child', owners));
  await world.settle();
  world.remove('things', 'a', 'gone', 'Background');
  world.remove('things', 'a', 'leaving', 'Foreground');
  await world.settle();
  t.same(world.names(), ['child', 'staying']);
  t.same(world.ownersOf('child'), ['staying']);
});

await t.test('a circle that waits for itself is broken', async (t) => {
  const world = await createWorld();
  for (const [name, owner] of [
    ['a', 'c'],
    ['b', 'a'],
    ['c', 'b'],
  ] as const)
    world.put('things', owned(name, [{ uid: owner, blockOwnerDeletion: true }]));
  await world.settle();
  t.same(world.names(), ['a', 'b', 'c']);
  world.remove('things', 'a', 'a', 'Foreground');
  await world.settle();
  t.same(world.names(), []);
});

await t.test('owners that never were, or are others by now, do not count', async (t) => {
  const world = await createWorld();
  world.put('things', owned('child', [{ uid: 'never' }]));
  await world.settle();
  t.same(world.names(), []);
  world.put('things', { ...owned('owner'), uid: 'second' });
  world.put('things', owned('other', [{ uid: 'first', name: 'owner' }]));
  await world.settle();
  t.same(world.names(), ['owner']);
});

await t.test('an owner in another namespace is none, and an event says so', async (t) => {
  const world = await createWorld();
  world.put('things', owned('owner', [], 'b'));
  world.put('things', owned('child', [{ uid: 'owner' }]));
  await world.settle();
  t.same(world.names(), ['owner']);
  t.same(world.complaints, ['child: [v1/Thing, namespace: a, name: owner, uid: owner]']);
  world.put('things', owned('early', [{ uid: 'late' }]));
  world.put('things', owned('late', [], 'b'));
  await world.settle();
  t.same(world.names(), ['late', 'owner']);
  t.equal(world.complaints.length, 2, 'also when the owner is seen after the dependent');
});

await t.test('dependents that disagree on who the owner is are judged one by one', async (t) => {
  const world = await createWorld();
  world.put('things', owned('owner'));
  world.put('things', owned('good', [{ uid: 'owner' }]));
  world.put('things', owned('bad', [{ uid: 'owner', kind: 'Global' }]));
  await world.settle();
  t.same(world.names(), ['good', 'owner']);
  const virtual = await createWorld();
  virtual.put('things', owned('one', [{ uid: 'nobody', name: 'x' }]));
  virtual.put('things', owned('two', [{ uid: 'nobody', name: 'y' }], 'b'));
  await virtual.settle();
  t.same(virtual.names(), []);
});

await t.test('nothing goes while its owner may yet become known', async (t) => {
  const world = await createWorld();
  world.put('things', owned('child', [{ uid: 'x', apiVersion: 'later.example.com/v1', kind: 'Late' }]));
  t.same(await world.settle(), ['x'], 'looked at again later');
  world.put('globals', owned('cluster-wide', [{ uid: 'y' }], ''));
  await world.settle();
  t.same(world.names(), ['child', 'cluster-wide'], 'a namespaced owner of a cluster-wide object cannot be found');
});

await t.test('discovery knows preferred versions, and who does not answer', async (t) => {
  const { resources, failures } = readGroups([
    {
      items: [
        {
          metadata: { name: 'g' },
          versions: [
            { version: 'v2', resources: [{ resource: 'a', scope: 'Namespaced' }] },
            {
              version: 'v1',
              resources: [
                { resource: 'a', scope: 'Namespaced' },
                { resource: 'b', scope: 'Cluster' },
              ],
            },
            { version: 'v0', freshness: 'Stale' },
          ],
        },
      ],
    },
  ]);
  t.same(
    resources.map(({ resource, version, isPreferred }) => `${version}/${resource} ${isPreferred}`),
    ['v2/a true', 'v1/a false', 'v1/b true'],
  );
  t.same([...failures], [['g/v0', 'stale GroupVersion discovery: g/v0']]);
});
