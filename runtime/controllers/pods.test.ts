import t from 'tap';
import type { ApiClient } from '../../api/client.ts';
import type { Api, KubeObject, OwnerReference } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { claim } from './ownership.ts';
import { podControl, podFromTemplate, podResource, slowStart } from './pod-control.ts';
import { deletionCost, podsToDelete } from './pod-deletion-order.ts';
import { isPodAvailable, nextAvailabilityMs, type Pod } from './pod-state.ts';
import { templateHash } from './template-hash.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

interface Wanted {
  readonly node?: string;
  readonly phase?: string;
  readonly readySince?: number;
  readonly restarts?: number;
  readonly age?: number;
  readonly cost?: string;
  readonly labels?: Record<string, string>;
  readonly owner?: OwnerReference;
  readonly leaving?: boolean;
}

function pod(name: string, wanted: Wanted = {}): Pod {
  const { node, phase = 'Running', readySince, restarts, age = 600, cost, labels, owner, leaving } = wanted;
  return {
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      creationTimestamp: ago(age),
      ...(labels === undefined ? {} : { labels }),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
      ...(leaving === true ? { deletionTimestamp: ago(1) } : {}),
    },
    spec: { containers: [], ...(node === undefined ? {} : { nodeName: node }) },
    status: {
      phase: phase as 'Running',
      ...(readySince === undefined
        ? {}
        : { conditions: [{ type: 'Ready', status: 'True' as const, lastTransitionTime: ago(readySince) }] }),
      ...(restarts === undefined
        ? {}
        : { containerStatuses: [{ name: 'c', restartCount: restarts, ready: true, image: '', imageID: '' }] }),
    },
  };
}

function order(pods: readonly Pod[], related: readonly Pod[] = []): string {
  const chosen = podsToDelete({
    pods: [...pods, pod('~', { node: 'x', readySince: 1e9, age: 1e9 })],
    related,
    count: pods.length,
    now,
  });
  return chosen.map(({ metadata }) => metadata?.name).join(' ');
}

t.test('pods that are missed least are deleted first', async (t) => {
  const pair = (first: Wanted, second: Wanted): string => order([pod('b', second), pod('a', first)]);
  t.equal(pair({}, { node: 'n' }), 'a b', 'without a node');
  t.equal(pair({ node: 'n', phase: 'Pending' }, { node: 'n', phase: 'Unknown' }), 'a b', 'pending before unknown');
  t.equal(pair({ node: 'n', phase: 'Unknown' }, { node: 'n' }), 'a b', 'unknown before running');
  t.equal(pair({ node: 'n' }, { node: 'n', readySince: 5 }), 'a b', 'not ready');
  t.equal(pair({ node: 'n', readySince: 900, cost: '-1' }, { node: 'n', readySince: 5 }), 'a b', 'cheaper');
  t.equal(pair({ node: 'n', readySince: 5 }, { node: 'n', readySince: 500 }), 'a b', 'ready for less time');
  t.equal(pair({ node: 'n', readySince: 300 }, { node: 'n', readySince: 301 }), 'a b', 'about as long: by uid');
  t.equal(pair({ node: 'n', restarts: 2 }, { node: 'n', restarts: 1 }), 'a b', 'restarted more often');
  t.equal(pair({ node: 'n', age: 10 }, { node: 'n', age: 100 }), 'a b', 'younger');
  const ready = (name: string, node: string): Pod => pod(name, { node, readySince: 100 });
  const doubled = [ready('c', 'two'), ready('a', 'one'), ready('b', 'two')];
  t.equal(order(doubled, doubled), 'c b a', 'with another of them on its node');
  t.equal(podsToDelete({ pods: doubled, count: 5, now }).length, 3, 'never more than there are');
});

t.test('a deletion cost is a plain number of 32 bits, or 0', async (t) => {
  const costs = ['5', '-7', '0', '+1', '08', '', 'x', '2147483648', '-2147483648'];
  t.strictSame(
    costs.map((cost) => deletionCost(pod('p', { cost }))),
    [5, -7, 0, 0, 0, 0, 0, 0, -2147483648],
  );
});

t.test('a pod is available when it has been ready for long enough', async (t) => {
  const ready = pod('p', { readySince: 10 });
  t.strictSame(
    [0, 10, 11].map((seconds) => isPodAvailable(ready, seconds, now)),
    [true, true, false],
  );
  t.notOk(isPodAvailable(pod('p'), 0, now));
  t.equal(nextAvailabilityMs([pod('a', { readySince: 1 }), pod('b', { readySince: 4 }), pod('c')], 5, now), 1000);
  t.equal(nextAvailabilityMs([ready], 5, now), undefined);
});

t.test('batches double until one of them fails', async (t) => {
  const running: number[] = [];
  let open = 0;
  const create = (failing: number) => async (index: number) => {
    open++;
    await Promise.resolve();
    running.push(open);
    await new Promise((resolve) => setImmediate(resolve));
    open--;
    if (index >= failing) throw new Error(`no ${index}`);
  };
  t.strictSame(await slowStart(10, create(99)), { successes: 10 });
  t.strictSame(running, [1, 2, 2, 4, 4, 4, 4, 3, 3, 3], '1, 2, 4 and what is left');
  t.match(await slowStart(10, create(4)), { successes: 4, error: /no 4/ });
  t.strictSame(await slowStart(0, create(0)), { successes: 0 });
});

const gvk = { group: 'apps', version: 'v1', kind: 'ReplicaSet' } as const;
const resource = { group: 'apps', version: 'v1', resource: 'replicasets' } as const;
const owner: KubeObject = { metadata: { name: 'web', namespace: 'ns', uid: 'u' } };

interface Call {
  readonly verb: string;
  readonly name: string | undefined;
  readonly body?: unknown;
}

/** Answers everything with `answer`, which may throw. */
function recorder(calls: Call[], answer: (call: Call) => KubeObject = () => ({})): ApiClient {
  const say = (verb: string) => async (_: unknown, __: unknown, object: unknown) => {
    const call = typeof object === 'string' ? { verb, name: object } : { verb, name: undefined, body: object };
    calls.push(call);
    return answer(call);
  };
  return {
    get: say('get'),
    create: say('create'),
    delete: say('delete'),
    patch: async ({ name }: { name: string }, body: unknown) => {
      calls.push({ verb: 'patch', name, body });
      return answer({ verb: 'patch', name, body });
    },
  } as unknown as ApiClient;
}

function reference(uid: string): OwnerReference {
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid, controller: true };
}

t.test(
  'orphans that match are adopted, own pods that do not are released, and what others control is left alone',
  async (t) => {
    const calls: Call[] = [];
    const labels = { app: 'web' };
    const pods = [
      pod('own', { labels, owner: reference('u') }),
      pod('strayed', { owner: reference('u') }),
      pod('orphan', { labels }),
      pod('leaving', { labels, leaving: true }),
      pod('other', { labels, owner: reference('v') }),
      pod('stranger'),
    ];
    const request = {
      client: recorder(calls, ({ verb }) => (verb === 'get' ? owner : {})),
      owner,
      ownerKind: gvk,
      ownerResource: resource,
      resource: podResource,
      matches: ({ metadata }: Pod) => metadata?.labels?.['app'] === 'web',
    };
    const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata?.name);
    t.strictSame(names(await claim(request, pods)), ['own', 'orphan']);
    t.match(calls, [
      {
        verb: 'patch',
        name: 'strayed',
        body: { metadata: { uid: 'strayed', ownerReferences: [{ $patch: 'delete', uid: 'u' }] } },
      },
      { verb: 'get', name: 'web' },
      {
        verb: 'patch',
        name: 'orphan',
        body: {
          metadata: { uid: 'orphan', ownerReferences: [{ uid: 'u', controller: true, blockOwnerDeletion: true }] },
        },
      },
    ]);
    calls.length = 0;
    const leaving = { ...owner, metadata: { ...owner.metadata, deletionTimestamp: ago(1) } };
    t.strictSame(
      names(await claim({ ...request, owner: leaving }, pods)),
      ['own'],
      'an owner that goes claims nothing',
    );
    t.strictSame(calls, []);
    const gone = { ...request, client: recorder(calls, () => leaving) };
    await t.rejects(claim(gone, pods), { message: 'ns/web has just been deleted' });
  },
);

t.test('pods come from a template, with a generated name and the owner as controller', async (t) => {
  const template = { metadata: { labels: { app: 'web' }, finalizers: ['f/x'] }, spec: { containers: [] } };
  t.match(podFromTemplate(template, owner, gvk), {
    metadata: { generateName: 'web-', labels: { app: 'web' }, finalizers: ['f/x'], ownerReferences: [{ uid: 'u' }] },
  });
  const told: string[] = [];
  const record = (_: unknown, type: string, reason: string, message: string) =>
    void told.push(`${type} ${reason} ${message}`);
  const failing = (error: Error) =>
    podControl(
      {
        client: recorder([], () => {
          throw error;
        }),
        recorder: { record },
        gvk,
      },
      owner,
    );
  const made = podControl(
    { client: recorder([], () => ({ metadata: { name: 'web-1' } })), recorder: { record }, gvk },
    owner,
  );
  const wanted = podFromTemplate(template, owner, gvk);
  await made.create(wanted);
  await made.delete(pod('web-1'));
  const causes: Api<'io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause'>[] = [{ reason: 'NamespaceTerminating' }];
  await t.rejects(failing(new StatusError('Forbidden', 'quota')).create(wanted));
  await t.rejects(failing(new StatusError('Forbidden', 'going', { details: { causes } })).create(wanted));
  await t.rejects(failing(new StatusError('NotFound', 'gone')).delete(pod('web-1')));
  await t.rejects(
    failing(new StatusError('InternalError', 'broken')).delete(pod('web-1')),
    /unable to delete pods: broken/,
  );
  t.strictSame(told, [
    'Normal SuccessfulCreate Created pod: web-1',
    'Normal SuccessfulDelete Deleted pod: web-1',
    'Warning FailedCreate Error creating: quota',
    'Warning FailedDelete Error deleting: broken',
  ]);
});

t.test(
  'a hash depends on what a template says and on the count of collisions, not on the order of fields',
  async (t) => {
    const hash = templateHash({ a: 1, b: { c: [1, 2], d: 'x' } });
    t.equal(templateHash({ b: { d: 'x', c: [1, 2] }, a: 1, e: undefined }), hash);
    t.not(templateHash({ a: 1, b: { c: [2, 1], d: 'x' } }), hash);
    t.not(templateHash({ a: 1, b: { c: [1, 2], d: 'x' } }, 1), hash);
    t.match(hash, /^[bcdf4-9]{1,10}$/);
  },
);
