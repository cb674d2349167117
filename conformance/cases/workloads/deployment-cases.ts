import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitCondition } from '../conditions.ts';
import {
  awaitSizes,
  complete,
  deployed,
  type Json,
  podsOfImage,
  runImage,
  setImage,
  setsOf,
  templateOf,
} from './played-deployments.ts';
import { awaitEvent, awaitFields } from './played-pods.ts';
import { casesAbout } from './workload-case.ts';

const prefix = 'deployment.kubernetes.io/';
const rolling = (maxSurge: number | string, maxUnavailable: number | string): Json => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
});

async function first(c: CaseContext): Promise<void> {
  const deployment = await deployed(c);
  const [set] = await awaitSizes(c, { v1: 2 });
  const name = set?.name ?? '';
  const hash = /^web-([bcdf4-9]{1,10})$/.exec(name)?.[1] ?? '';
  c.ok(hash !== '', `${name} ends in a hash`);
  const hashed = { app: 'played', 'pod-template-hash': hash };
  const { body } = await c.get(deployment, { unstable: true });
  const { uid } = (body as { metadata: { uid: string } }).metadata;
  await c.get(`/apis/apps/v1/namespaces/${await c.namespace()}/replicasets/${name}`, {
    unstable: true,
    has: {
      'metadata.labels': hashed,
      'metadata.annotations': {
        [`${prefix}desired-replicas`]: '2',
        [`${prefix}max-replicas`]: '3',
        [`${prefix}revision`]: '1',
      },
      'metadata.ownerReferences': [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true, blockOwnerDeletion: true },
      ],
      'spec.selector.matchLabels': hashed,
      'spec.template.metadata.labels': hashed,
      'spec.minReadySeconds': undefined,
    },
  });
  await awaitCondition(c, deployment, [
    'Progressing',
    'True',
    'ReplicaSetUpdated',
    `ReplicaSet "${name}" is progressing.`,
  ]);
  await awaitCondition(c, deployment, [
    'Available',
    'False',
    'MinimumReplicasUnavailable',
    'Deployment does not have minimum availability.',
  ]);
  await awaitFields(c, deployment, {
    'metadata.annotations': { [`${prefix}revision`]: '1' },
    'status.observedGeneration': 1,
    'status.replicas': 2,
    'status.updatedReplicas': 2,
    'status.unavailableReplicas': 2,
    'status.readyReplicas': undefined,
    'status.terminatingReplicas': 0,
  });
  await runImage(c, 'v1', 2);
  await awaitFields(c, deployment, {
    'status.availableReplicas': 2,
    'status.readyReplicas': 2,
    'status.unavailableReplicas': undefined,
  });
  await awaitCondition(c, deployment, [
    'Available',
    'True',
    'MinimumReplicasAvailable',
    'Deployment has minimum availability.',
  ]);
  await awaitCondition(c, deployment, [
    'Progressing',
    'True',
    'NewReplicaSetAvailable',
    `ReplicaSet "${name}" has successfully progressed.`,
  ]);
  await awaitEvent(c, 'web', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to 2`);
}

async function stepByStep(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 4, ...rolling(1, 1) });
  await runImage(c, 'v1', 4);
  await awaitFields(c, deployment, { 'status.availableReplicas': 4 });
  await setImage(c, deployment, 'v2');
  const [old, current] = await awaitSizes(c, { v1: 3, v2: 2 });
  await awaitFields(c, deployment, {
    'status.replicas': 5,
    'status.updatedReplicas': 2,
    'status.availableReplicas': 3,
    'status.unavailableReplicas': 2,
  });
  await runImage(c, 'v2', 2);
  await awaitSizes(c, { v1: 1, v2: 4 });
  await runImage(c, 'v2', 4);
  await awaitSizes(c, { v1: 0, v2: 4 });
  await awaitFields(c, deployment, {
    'status.replicas': 4,
    'status.updatedReplicas': 4,
    'status.availableReplicas': 4,
  });
  await awaitFields(c, deployment, { [`metadata.annotations["${prefix}revision"]`]: '2' });
  await awaitEvent(c, 'web', 'ScalingReplicaSet', `Scaled down replica set ${old?.name} from 4 to 3`);
  await awaitEvent(c, 'web', 'ScalingReplicaSet', `Scaled up replica set ${current?.name} from 1 to 2`);
}

async function rollover(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 3, ...rolling(1, 0) });
  await runImage(c, 'v1', 3);
  await awaitFields(c, deployment, { 'status.availableReplicas': 3 });
  await setImage(c, deployment, 'v2');
  await awaitSizes(c, { v1: 3, v2: 1 });
  await setImage(c, deployment, 'v3');
  await awaitSizes(c, { v1: 3, v2: 0, v3: 1 });
  await complete(c, deployment, 'v3', 3);
  await awaitSizes(c, { v1: 0, v2: 0, v3: 3 });
  await setImage(c, deployment, 'v1');
  await complete(c, deployment, 'v1', 3);
  const [set] = await awaitSizes(c, { v1: 3, v2: 0, v3: 0 });
  await c.get(`/apis/apps/v1/namespaces/${await c.namespace()}/replicasets/${set?.name}`, {
    unstable: true,
    has: {
      [`metadata.annotations["${prefix}revision"]`]: '4',
      [`metadata.annotations["${prefix}revision-history"]`]: '1',
    },
  });
}

async function paused(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { paused: true });
  await awaitCondition(c, deployment, ['Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused']);
  c.equal(await setsOf(c), [], 'nothing is created');
  await c.patch(deployment, { spec: { paused: false } }, { unstable: true });
  await runImage(c, 'v1', 2);
  await awaitFields(c, deployment, { 'status.availableReplicas': 2 });
  await c.patch(deployment, { spec: { paused: true, template: templateOf(c, 'v2'), replicas: 3 } }, { unstable: true });
  await awaitSizes(c, { v1: 3 });
  await awaitCondition(c, deployment, ['Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused']);
  await c.patch(deployment, { spec: { paused: false } }, { unstable: true });
  await complete(c, deployment, 'v2', 3);
}

async function proportional(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 10, ...rolling(3, 2) });
  await runImage(c, 'v1', 10);
  await awaitFields(c, deployment, { 'status.availableReplicas': 10 });
  await setImage(c, deployment, 'v2');
  await awaitSizes(c, { v1: 8, v2: 5 });
  await c.patch(deployment, { spec: { replicas: 30 } }, { unstable: true });
  const sets = await awaitSizes(c, { v1: 20, v2: 13 });
  for (const { name } of sets) {
    await c.get(`/apis/apps/v1/namespaces/${await c.namespace()}/replicasets/${name}`, {
      unstable: true,
      has: {
        [`metadata.annotations["${prefix}desired-replicas"]`]: '30',
        [`metadata.annotations["${prefix}max-replicas"]`]: '33',
      },
    });
  }
}

/** Pods on a node end only when it says so. */
async function recreate(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { strategy: { type: 'Recreate' } });
  await c.eventually('two pods', async () => (await podsOfImage(c, 'v1')).length === 2);
  const pods = await podsOfImage(c, 'v1');
  const base = `/api/v1/namespaces/${await c.namespace()}/pods`;
  for (const name of pods) {
    const target = { apiVersion: 'v1', kind: 'Node', name: `nowhere-${c.rand}` };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
    await c.post(`${base}/${name}/binding`, binding, { unstable: true });
  }
  await runImage(c, 'v1', 2);
  await awaitFields(c, deployment, { 'status.availableReplicas': 2 });
  await setImage(c, deployment, 'v2');
  await awaitFields(c, deployment, { 'status.terminatingReplicas': 2, 'status.observedGeneration': 2 });
  c.equal(
    (await setsOf(c)).map(({ image, size }) => `${image} ${size}`),
    ['v1 0'],
    'nothing new beside the old pods',
  );
  for (const name of pods) await c.delete(`${base}/${name}`, { unstable: true, body: { gracePeriodSeconds: 0 } });
  await awaitFields(c, deployment, { 'status.updatedReplicas': 2, 'status.terminatingReplicas': 0 });
}

async function deadline(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { progressDeadlineSeconds: 1 });
  const [set] = await awaitSizes(c, { v1: 2 });
  await awaitCondition(c, deployment, [
    'Progressing',
    'False',
    'ProgressDeadlineExceeded',
    `ReplicaSet "${set?.name}" has timed out progressing.`,
  ]);
  await runImage(c, 'v1', 2);
  await awaitCondition(c, deployment, [
    'Progressing',
    'True',
    'NewReplicaSetAvailable',
    `ReplicaSet "${set?.name}" has successfully progressed.`,
  ]);
}

async function history(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 1, revisionHistoryLimit: 1 });
  for (const image of ['v1', 'v2', 'v3']) {
    await setImage(c, deployment, image);
    await complete(c, deployment, image, 1);
  }
  const sets = await awaitSizes(c, { v2: 0, v3: 1 });
  c.equal(
    sets.map(({ revision }) => revision),
    ['2', '3'],
    'the newest of the old stays',
  );
}

async function rolledBack(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 1 });
  const back = (revision: string): Promise<unknown> =>
    c.patch(
      deployment,
      { metadata: { annotations: { 'deprecated.deployment.rollback.to': revision } } },
      { unstable: true },
    );
  await complete(c, deployment, 'v1', 1);
  const annotations = { 'kubernetes.io/change-cause': 'second' };
  await c.patch(deployment, { metadata: { annotations }, spec: { template: templateOf(c, 'v2') } }, { unstable: true });
  await complete(c, deployment, 'v2', 1);
  await back('0');
  await awaitEvent(c, 'web', 'DeploymentRollback', 'Rolled back deployment "web" to revision 1');
  await complete(c, deployment, 'v1', 1);
  await awaitFields(c, deployment, {
    'spec.template.spec.containers[0].image': 'v1',
    'spec.template.metadata.labels': { app: 'played' },
    'metadata.annotations': { [`${prefix}revision`]: '3' },
  });
  await back('3');
  await awaitEvent(
    c,
    'web',
    'DeploymentRollbackTemplateUnchanged',
    'The rollback revision contains the same template as current deployment "web"',
  );
  await back('77');
  await awaitEvent(c, 'web', 'DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
  await awaitFields(c, deployment, { 'metadata.annotations': { [`${prefix}revision`]: '3' } });
}

async function adopts(c: CaseContext): Promise<void> {
  const sets = `/apis/apps/v1/namespaces/${await c.namespace()}/replicasets`;
  const set = (name: string, image: string): Json => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, labels: { app: 'played' } },
    spec: { replicas: 1, selector: { matchLabels: { app: 'played' } }, template: templateOf(c, image) },
  });
  await c.post(sets, set('orphan', 'v1'));
  await runImage(c, 'v1', 1);
  const deployment = await deployed(c, { replicas: 1 });
  await awaitFields(c, `${sets}/orphan`, {
    'metadata.ownerReferences[0].name': 'web',
    'metadata.ownerReferences[0].controller': true,
  });
  await complete(c, deployment, 'v1', 1);
  c.equal(
    (await setsOf(c)).map(({ name }) => name),
    ['orphan'],
    'it needs no other',
  );
  await awaitFields(c, deployment, { [`metadata.annotations["${prefix}revision"]`]: '1' });
  await c.patch(`${sets}/orphan`, { metadata: { labels: { app: null } } }, { unstable: true });
  await awaitFields(c, `${sets}/orphan`, { 'metadata.ownerReferences': undefined });
}

async function quota(c: CaseContext): Promise<void> {
  const ns = `/api/v1/namespaces/${await c.namespace()}`;
  await c.post(`${ns}/resourcequotas`, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'one' },
    spec: { hard: { pods: '1' } },
  });
  await awaitFields(c, `${ns}/resourcequotas/one`, { 'status.hard.pods': '1' });
  const deployment = await deployed(c);
  const message =
    /^pods "web-[^"]+" is forbidden: exceeded quota: one, requested: pods=1, used: pods=1, limited: pods=1$/;
  await awaitCondition(c, deployment, ['ReplicaFailure', 'True', 'FailedCreate', message]);
  const [set] = await setsOf(c);
  await awaitCondition(c, `/apis/apps/v1/namespaces/${await c.namespace()}/replicasets/${set?.name}`, [
    'ReplicaFailure',
    'True',
    'FailedCreate',
    message,
  ]);
  await c.patch(`${ns}/resourcequotas/one`, { spec: { hard: { pods: '5' } } }, { unstable: true });
  await complete(c, deployment, 'v1', 2);
  await c.eventually('the failure is over', async () => {
    const { body } = await c.get(deployment, { unstable: true });
    return !JSON.stringify(body).includes('ReplicaFailure');
  });
}

async function collision(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 0 });
  await c.eventually('a ReplicaSet', async () => (await setsOf(c)).length === 1);
  const [taken] = await setsOf(c);
  await c.delete(deployment, { unstable: true, body: { propagationPolicy: 'Orphan' } });
  await c.eventually(
    'it has gone',
    async () => (await c.get(deployment, { status: [200, 404], unstable: true })).status === 404,
  );
  const set = `/apis/apps/v1/namespaces/${await c.namespace()}/replicasets/${taken?.name}`;
  await c.patch(
    set,
    { spec: { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } } },
    { unstable: true },
  );
  await deployed(c, { replicas: 0 });
  await awaitFields(c, deployment, { 'status.collisionCount': 1 });
  await c.eventually('another name', async () =>
    (await setsOf(c)).some(({ name, image }) => image === 'v1' && name !== taken?.name),
  );
}

async function waitsForAvailability(c: CaseContext): Promise<void> {
  const deployment = await deployed(c, { replicas: 1, minReadySeconds: 2, progressDeadlineSeconds: 60 });
  await runImage(c, 'v1', 1);
  await awaitFields(c, deployment, { 'status.readyReplicas': 1, 'status.availableReplicas': undefined });
  await awaitFields(c, deployment, { 'status.availableReplicas': 1 });
  await c.patch(deployment, { spec: { minReadySeconds: 3 } }, { unstable: true });
  const [set] = await setsOf(c);
  await awaitFields(c, `/apis/apps/v1/namespaces/${await c.namespace()}/replicasets/${set?.name}`, {
    'spec.minReadySeconds': 3,
  });
}

const about = casesAbout('deployments', 'apps/v1');

export const deploymentCases: readonly Case[] = [
  about('a template gets a ReplicaSet, and conditions say how far it is', first),
  about(
    'a new template replaces pods as far as surge and unavailability allow',
    stepByStep,
    'RollingUpdateDeployment should delete old pods and create new ones',
  ),
  about(
    'a change amid a rollout rolls over, and an old template gets its ReplicaSet back',
    rollover,
    'deployment should support rollover',
  ),
  about('paused, it is scaled but not rolled out', paused),
  about('a new size amid a rollout is shared out', proportional, 'deployment should support proportional scaling'),
  about(
    'recreated, nothing new comes before the old has gone',
    recreate,
    'RecreateDeployment should delete old pods and create new ones',
  ),
  about('lack of progress is noted after the deadline, and forgotten with success', deadline),
  about('old ReplicaSets go beyond the limit of the history', history, 'deployment should delete old replica sets'),
  about('the annotation of old clients rolls back', rolledBack),
  about('a ReplicaSet of the same template is adopted, and released by its labels', adopts),
  about('what keeps pods from being created is passed on', quota),
  about('a taken name is avoided', collision),
  about('ready is not yet available', waitsForAvailability),
];
