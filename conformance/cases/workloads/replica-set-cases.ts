import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitCondition } from '../conditions.ts';
import { type Json, labels, templateOf } from './played-deployments.ts';
import { awaitEvent, awaitFields, podsOf, report } from './played-pods.ts';
import { casesAbout } from './workload-case.ts';

interface Kind {
  readonly kind: 'ReplicaSet' | 'ReplicationController';
  readonly apiVersion: string;
  readonly base: string;
  readonly plural: string;
  readonly selector: Json;
}

const replicaSet: Kind = {
  kind: 'ReplicaSet',
  apiVersion: 'apps/v1',
  base: '/apis/apps/v1',
  plural: 'replicasets',
  selector: { matchLabels: labels },
};

const replicationController: Kind = {
  kind: 'ReplicationController',
  apiVersion: 'v1',
  base: '/api/v1',
  plural: 'replicationcontrollers',
  selector: labels,
};

async function made(
  c: CaseContext,
  { kind, apiVersion, base, plural, selector }: Kind,
  replicas: number,
  spec: Json = {},
): Promise<string> {
  const path = `${base}/namespaces/${await c.namespace()}/${plural}`;
  const object = {
    apiVersion,
    kind,
    metadata: { name: 'many' },
    spec: { replicas, selector, template: templateOf(c, 'v1'), ...spec },
  };
  await c.post(path, object);
  return `${path}/many`;
}

async function awaitCount(c: CaseContext, count: number): Promise<string[]> {
  let names: string[] = [];
  await c.eventually(`${count} pods`, async () => {
    names = (await podsOf(c)).filter(({ isLeaving }) => !isLeaving).map(({ name }) => name);
    return names.length === count;
  });
  return names;
}

async function pod(c: CaseContext, name: string): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/pods/${name}`;
}

async function counts(c: CaseContext, kind: Kind): Promise<void> {
  const object = await made(c, kind, 2);
  const names = await awaitCount(c, 2);
  const uid = (await c.get(object, { unstable: true })).textAt('metadata.uid');
  await c.get(await pod(c, names[0] ?? ''), {
    unstable: true,
    has: {
      'metadata.name': /^many-[a-z0-9]{5}$/,
      'metadata.generateName': 'many-',
      'metadata.labels': labels,
      'metadata.ownerReferences': [
        { apiVersion: kind.apiVersion, kind: kind.kind, name: 'many', uid, controller: true, blockOwnerDeletion: true },
      ],
    },
  });
  for (const name of names) await report(c, name, 'Running');
  await awaitFields(c, object, {
    'status.replicas': 2,
    'status.fullyLabeledReplicas': 2,
    'status.readyReplicas': 2,
    'status.availableReplicas': 2,
    'status.observedGeneration': 1,
    'status.terminatingReplicas': kind.kind === 'ReplicaSet' ? 0 : undefined,
  });
  for (const name of names) await awaitEvent(c, 'many', 'SuccessfulCreate', `Created pod: ${name}`);
  await c.delete(await pod(c, names[0] ?? ''), { unstable: true });
  await c.eventually('another one', async () => {
    const now = (await podsOf(c)).map(({ name }) => name);
    return now.length === 2 && !now.includes(names[0] ?? '');
  });
  await report(c, names[1] ?? '', 'Failed');
  await awaitCount(c, 3);
  await awaitFields(c, object, { 'status.replicas': 2, 'status.readyReplicas': undefined });
}

async function ranks(c: CaseContext): Promise<void> {
  const object = await made(c, replicaSet, 4);
  const names = await awaitCount(c, 4);
  const [cheap = '', dear = '', young = '', waiting = ''] = names;
  await report(c, cheap, 'Running');
  await report(c, dear, 'Running');
  await report(c, young, 'Running');
  const cost = async (name: string, value: string): Promise<void> => {
    const annotations = { 'controller.kubernetes.io/pod-deletion-cost': value };
    await c.patch(await pod(c, name), { metadata: { annotations } }, { unstable: true });
  };
  await cost(cheap, '-5');
  await cost(dear, '5');
  await awaitFields(c, object, { 'status.readyReplicas': 3 });
  for (const [size, gone] of [
    [3, waiting],
    [2, cheap],
    [1, young],
  ] as const) {
    await c.patch(object, { spec: { replicas: size } }, { unstable: true });
    const left = await awaitCount(c, size);
    c.ok(!left.includes(gone), `${gone} goes: ${left}`);
    await awaitEvent(c, 'many', 'SuccessfulDelete', `Deleted pod: ${gone}`);
  }
}

async function adopts(c: CaseContext, kind: Kind): Promise<void> {
  const ns = `/api/v1/namespaces/${await c.namespace()}`;
  const spec = templateOf(c, 'v1')['spec'];
  await c.post(`${ns}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orphan', labels }, spec });
  const object = await made(c, kind, 1);
  await awaitFields(c, `${ns}/pods/orphan`, {
    'metadata.ownerReferences[0].kind': kind.kind,
    'metadata.ownerReferences[0].controller': true,
    'metadata.ownerReferences[0].blockOwnerDeletion': true,
  });
  await awaitFields(c, object, { 'status.replicas': 1 });
  c.equal(
    (await podsOf(c)).map(({ name }) => name),
    ['orphan'],
    'it is enough',
  );
  await c.patch(`${ns}/pods/orphan`, { metadata: { labels: { app: 'free' } } }, { unstable: true });
  await awaitFields(c, `${ns}/pods/orphan`, { 'metadata.ownerReferences': undefined });
  const [name] = await awaitCount(c, 1);
  c.ok(name !== 'orphan', 'another one in its place');
}

async function quota(c: CaseContext, kind: Kind): Promise<void> {
  const ns = `/api/v1/namespaces/${await c.namespace()}`;
  await c.post(`${ns}/resourcequotas`, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'two' },
    spec: { hard: { pods: '2' } },
  });
  await awaitFields(c, `${ns}/resourcequotas/two`, { 'status.hard.pods': '2' });
  const object = await made(c, kind, 3);
  const message =
    /^pods "many-[^"]+" is forbidden: exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2$/;
  await awaitCondition(c, object, ['ReplicaFailure', 'True', 'FailedCreate', message]);
  await awaitFields(c, object, { 'status.replicas': 2 });
  await c.patch(object, { spec: { replicas: 2 } }, { unstable: true });
  await awaitFields(c, object, { 'status.conditions': undefined, 'status.observedGeneration': 2 });
}

async function deletedCascading(c: CaseContext): Promise<void> {
  const object = await made(c, replicaSet, 2);
  await awaitCount(c, 2);
  await c.delete(object, { unstable: true, body: { propagationPolicy: 'Orphan' } });
  await c.eventually(
    'it has gone',
    async () => (await c.get(object, { status: [200, 404], unstable: true })).status === 404,
  );
  const names = await awaitCount(c, 2);
  await made(c, replicaSet, 2);
  for (const name of names) await awaitFields(c, await pod(c, name), { 'metadata.ownerReferences[0].name': 'many' });
  await c.delete(object, { unstable: true, body: { propagationPolicy: 'Foreground' } });
  await awaitCount(c, 0);
}

const aboutReplicaSets = casesAbout(replicaSet.plural, replicaSet.apiVersion);

export const replicaSetCases: readonly Case[] = [
  ...[replicaSet, replicationController].flatMap((kind) => {
    const about = casesAbout(kind.plural, kind.apiVersion);
    return [
      about('as many pods as asked for, and others for those that go or fail', (c) => counts(c, kind)),
      about(
        'matching pods are adopted, and released when they match no more',
        (c) => adopts(c, kind),
        `${kind.kind} should adopt matching pods on creation and release no longer matching pods`,
      ),
      about(
        'an exceeded quota is a condition',
        (c) => quota(c, kind),
        `${kind.kind} should surface a failure condition on a common issue like exceeded quota`,
      ),
    ];
  }),
  aboutReplicaSets('pods that are missed least go first', ranks),
  aboutReplicaSets('pods outlive it when orphaned, and another one takes them', deletedCascading),
];
