import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitEvent, awaitFields, awaitPods, forbidPods, nowhere, podsOf, report, staysSo } from './played-pods.ts';
import { casesAbout } from './workload-case.ts';

type Json = Readonly<Record<string, unknown>>;

const labels = { app: 'played' };

function templateOf(c: CaseContext, image: string): Json {
  return { metadata: { labels }, spec: { ...nowhere(c), containers: [{ name: 'c', image }] } };
}

async function made(c: CaseContext, spec: Json = {}): Promise<string> {
  const sets = `/apis/apps/v1/namespaces/${await c.namespace()}/statefulsets`;
  await c.post(sets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web' },
    spec: {
      serviceName: 'svc',
      replicas: 2,
      selector: { matchLabels: labels },
      template: templateOf(c, 'v1'),
      ...spec,
    },
  });
  return `${sets}/web`;
}

async function runAll(c: CaseContext, ...pods: string[]): Promise<void> {
  for (const pod of pods) await report(c, pod, 'Running');
}

async function ordered(c: CaseContext): Promise<void> {
  const set = await made(c);
  const ns = await c.namespace();
  await awaitPods(c, ['web-0']);
  const { body } = await c.get(set, { unstable: true });
  const { uid } = (body as { metadata: { uid: string } }).metadata;
  await c.get(`/api/v1/namespaces/${ns}/pods/web-0`, {
    unstable: true,
    has: {
      'metadata.generateName': 'web-',
      'metadata.labels': (value: Json) =>
        value['app'] === 'played' &&
        value['statefulset.kubernetes.io/pod-name'] === 'web-0' &&
        value['apps.kubernetes.io/pod-index'] === '0' &&
        /^web-[a-z0-9]+$/.test(String(value['controller-revision-hash'])),
      'metadata.ownerReferences': [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid, controller: true, blockOwnerDeletion: true },
      ],
      'spec.hostname': 'web-0',
      'spec.subdomain': 'svc',
    },
  });
  await staysSo(c, ['web-0']);
  await report(c, 'web-0', 'Running');
  await awaitPods(c, ['web-0', 'web-1']);
  await awaitFields(c, set, { 'status.replicas': 2, 'status.readyReplicas': 1, 'status.availableReplicas': 1 });
  await report(c, 'web-1', 'Running');
  await awaitFields(c, set, {
    'status.observedGeneration': 1,
    'status.replicas': 2,
    'status.readyReplicas': 2,
    'status.availableReplicas': 2,
    'status.currentReplicas': 2,
    'status.updatedReplicas': 2,
    'status.collisionCount': 0,
  });
  await awaitEvent(c, 'web', 'SuccessfulCreate', 'Create Pod web-1 in StatefulSet web successful');
  await c.patch(set, { spec: { replicas: 0 } });
  await awaitPods(c, []);
  await awaitFields(c, set, { 'status.replicas': 0, 'status.availableReplicas': 0, 'status.readyReplicas': undefined });
  await awaitEvent(c, 'web', 'SuccessfulDelete', 'Delete Pod web-0 in StatefulSet web successful');
}

async function scaling(c: CaseContext): Promise<void> {
  const set = await made(c, { replicas: 3, podManagementPolicy: 'Parallel', ordinals: { start: 4 } });
  await awaitPods(c, ['web-4', 'web-5', 'web-6']);
  await runAll(c, 'web-4', 'web-5', 'web-6');
  await awaitFields(c, set, { 'status.readyReplicas': 3 });
  await c.patch(set, { spec: { ordinals: { start: 5 }, replicas: 1 } });
  await awaitPods(c, ['web-5']);
}

async function scalingDown(c: CaseContext): Promise<void> {
  const set = await made(c);
  await awaitPods(c, ['web-0']);
  await runAll(c, 'web-0');
  await awaitPods(c, ['web-0', 'web-1']);
  await runAll(c, 'web-1');
  await awaitFields(c, set, { 'status.readyReplicas': 2 });
  const ns = await c.namespace();
  const unready = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
  await c.patch(`/api/v1/namespaces/${ns}/pods/web-0/status`, unready, { unstable: true });
  await awaitFields(c, set, { 'status.readyReplicas': 1 });
  await c.patch(set, { spec: { replicas: 1 } });
  await staysSo(c, ['web-0', 'web-1']);
  await report(c, 'web-0', 'Running');
  await awaitPods(c, ['web-0']);
}

async function revisions(c: CaseContext): Promise<void> {
  const byPartition = (partition: number) => ({ type: 'RollingUpdate', rollingUpdate: { partition } });
  const set = await made(c, {
    podManagementPolicy: 'Parallel',
    updateStrategy: byPartition(1),
    revisionHistoryLimit: 1,
  });
  const [first] = await awaitPods(c, ['web-0', 'web-1']);
  await runAll(c, 'web-0', 'web-1');
  const old = first?.revision ?? '';
  await awaitFields(c, set, { 'status.currentRevision': old, 'status.updateRevision': old, 'status.readyReplicas': 2 });

  await c.patch(set, { spec: { template: templateOf(c, 'v2') } });
  let next = '';
  await c.eventually('a new revision', async () => {
    next = (await c.get(set, { unstable: true })).textAt('status.updateRevision');
    return next !== old;
  });
  const words = ({ name, revision }: { name: string; revision: string }): string => `${name} ${revision}`;
  await awaitPods(c, [`web-0 ${old}`, `web-1 ${next}`], words);
  await runAll(c, 'web-1');
  await awaitFields(c, set, { 'status.readyReplicas': 2, 'status.currentReplicas': 1, 'status.updatedReplicas': 1 });

  const ns = await c.namespace();
  await c.delete(`/api/v1/namespaces/${ns}/pods/web-0`, { unstable: true });
  await c.eventually('the pod below the partition comes back as it was', async () => {
    const [pod] = await podsOf(c);
    return pod !== undefined && pod.uid !== first?.uid && pod.revision === old;
  });
  await runAll(c, 'web-0');
  await c.patch(set, { spec: { updateStrategy: byPartition(0) } });
  await awaitPods(c, [`web-0 ${next}`, `web-1 ${next}`], words);
  await runAll(c, 'web-0');
  await awaitFields(c, set, { 'status.currentRevision': next, 'status.currentReplicas': 2 });

  const history = `/apis/apps/v1/namespaces/${ns}/controllerrevisions`;
  await c.get(`${history}/${next}`, {
    unstable: true,
    has: {
      revision: 2,
      'data.spec.template.$patch': 'replace',
      'data.spec.template.spec.containers[0].image': 'v2',
      'metadata.labels["controller.kubernetes.io/hash"]': next.slice('web-'.length),
      'metadata.ownerReferences[0].kind': 'StatefulSet',
    },
  });
  await c.patch(set, { spec: { template: templateOf(c, 'v1') } });
  await awaitPods(c, [`web-0 ${next}`, `web-1 ${old}`], words);
  await runAll(c, 'web-1');
  await awaitPods(c, [`web-0 ${old}`, `web-1 ${old}`], words);
  await runAll(c, 'web-0');
  await awaitFields(c, set, { 'status.currentRevision': old, 'status.updateRevision': old });
  await c.get(`${history}/${old}`, { unstable: true, has: { revision: 3 } });

  await c.patch(set, { spec: { template: templateOf(c, 'v3') } });
  await awaitPods(c, ['web-0', 'web-1']);
  await c.eventually('the oldest revision goes when nothing needs it', async () => {
    const pods = await podsOf(c);
    for (const { name } of pods) await report(c, name, 'Running');
    const { body } = await c.get(history, { unstable: true });
    const kept = (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
    return kept.length === 2 && kept.includes(old) && !kept.includes(next);
  });
}

async function onDelete(c: CaseContext): Promise<void> {
  const set = await made(c, { replicas: 1, updateStrategy: { type: 'OnDelete' } });
  const [first] = await awaitPods(c, ['web-0']);
  await runAll(c, 'web-0');
  await c.patch(set, { spec: { template: templateOf(c, 'v2') } });
  await awaitFields(c, set, { 'status.observedGeneration': 2, 'status.currentReplicas': 1 });
  await staysSo(c, ['web-0']);
  await c.delete(`/api/v1/namespaces/${await c.namespace()}/pods/web-0`, { unstable: true });
  await c.eventually('the new pod is of the new revision', async () => {
    const [pod] = await podsOf(c);
    return pod !== undefined && pod.revision !== first?.revision;
  });
}

async function ended(c: CaseContext): Promise<void> {
  const set = await made(c, { replicas: 1 });
  const [first] = await awaitPods(c, ['web-0']);
  await report(c, 'web-0', 'Failed');
  await c.eventually('a new pod with the old name', async () => {
    const [pod] = await podsOf(c);
    return pod?.name === 'web-0' && pod.uid !== first?.uid;
  });
  await awaitFields(c, set, { 'status.replicas': 1 });
}

async function available(c: CaseContext): Promise<void> {
  const set = await made(c, { minReadySeconds: 3600 });
  await awaitPods(c, ['web-0']);
  await runAll(c, 'web-0');
  await awaitFields(c, set, { 'status.readyReplicas': 1, 'status.availableReplicas': 0 });
  await staysSo(c, ['web-0']);
  await report(c, 'web-0', 'Running', '2020-01-01T00:00:00Z');
  await awaitPods(c, ['web-0', 'web-1']);
  await awaitFields(c, set, { 'status.availableReplicas': 1 });
}

async function claims(c: CaseContext): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  const policy = (whenDeleted: string, whenScaled: string) => ({ whenDeleted, whenScaled });
  const set = await made(c, {
    podManagementPolicy: 'Parallel',
    volumeClaimTemplates: [{ metadata: { name: 'data', labels: { tier: 'db' } }, spec }],
    persistentVolumeClaimRetentionPolicy: policy('Delete', 'Delete'),
  });
  const ns = await c.namespace();
  const path = `/api/v1/namespaces/${ns}/persistentvolumeclaims`;
  await awaitPods(c, ['web-0', 'web-1']);
  await c.get(`/api/v1/namespaces/${ns}/pods/web-0`, {
    unstable: true,
    has: { 'spec.volumes[0]': { name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } } },
  });
  await c.get(`${path}/data-web-1`, { unstable: true, has: { 'metadata.labels': { app: 'played', tier: 'db' } } });
  await awaitEvent(c, 'web', 'SuccessfulCreate', 'Create Claim data-web-1 Pod web-1 in StatefulSet web success');
  const ownersOf = async (claim: string): Promise<string> => {
    const { body } = await c.get(`${path}/${claim}`, { unstable: true });
    const { metadata } = body as { metadata: { ownerReferences?: { kind: string; name: string }[] } };
    return (metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind} ${name}`).join();
  };
  await runAll(c, 'web-0', 'web-1');
  await c.eventually('the set owns the claims', async () => (await ownersOf('data-web-1')) === 'StatefulSet web');
  // It keeps the claim, so that its owner can be looked at.
  await c.patch(`${path}/data-web-1`, { metadata: { finalizers: ['example.com/keep'] } }, { unstable: true });
  await c.patch(set, { spec: { replicas: 1 } });
  await c.eventually(
    'the pod owns its claim before it goes',
    async () => (await ownersOf('data-web-1')) === 'Pod web-1',
  );
  await awaitPods(c, ['web-0']);
  await c.patch(set, { spec: { persistentVolumeClaimRetentionPolicy: policy('Retain', 'Retain') } });
  await c.eventually('nobody owns it any more', async () => (await ownersOf('data-web-0')) === '');
  await c.patch(`${path}/data-web-1`, { metadata: { finalizers: [] } }, { unstable: true, status: [200, 404] });
}

async function adoption(c: CaseContext): Promise<void> {
  const set = await made(c, { replicas: 1 });
  const [first] = await awaitPods(c, ['web-0']);
  await runAll(c, 'web-0');
  const ns = await c.namespace();
  const pod = `/api/v1/namespaces/${ns}/pods/web-0`;
  await c.patch(pod, { metadata: { labels: { app: 'other' } } }, { unstable: true });
  await c.eventually('a pod that does not match is released', async () => {
    return (await c.get(pod, { unstable: true })).at('metadata.ownerReferences') === undefined;
  });
  await c.patch(pod, { metadata: { labels: { app: 'played' } } }, { unstable: true });
  await c.eventually('and adopted when it matches', async () => {
    return (await c.get(pod, { unstable: true })).at('metadata.ownerReferences[0].name') === 'web';
  });
  await c.get(pod, { unstable: true, has: { 'metadata.uid': first?.uid } });
  await awaitFields(c, set, { 'status.replicas': 1 });
}

async function collision(c: CaseContext): Promise<void> {
  const set = await made(c, { replicas: 0 });
  let taken = '';
  await c.eventually('a revision', async () => {
    taken = (await c.get(set, { unstable: true })).textAt('status.updateRevision');
    return taken !== '';
  });
  await c.delete(set, { unstable: true });
  const history = `/apis/apps/v1/namespaces/${await c.namespace()}/controllerrevisions`;
  await c.eventually(
    'the set has gone',
    async () => (await c.get(set, { status: [200, 404], unstable: true })).status === 404,
  );
  await c.delete(`${history}/${taken}`, { status: [200, 404], unstable: true });
  await c.eventually('its history too', async () => {
    return (await c.get(`${history}/${taken}`, { status: [200, 404], unstable: true })).status === 404;
  });
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 1, data: { other: true } };
  await c.post(history, { ...revision, metadata: { name: taken } }, { unstable: true });
  await made(c, { replicas: 0 });
  await awaitFields(c, set, { 'status.collisionCount': 1 });
  const { body } = await c.get(set, { unstable: true });
  c.ok((body as { status: { updateRevision: string } }).status.updateRevision !== taken, 'another name');
}

async function comesBack(c: CaseContext): Promise<void> {
  const set = await made(c, { podManagementPolicy: 'Parallel' });
  const before = await awaitPods(c, ['web-0', 'web-1']);
  const revision = before[0]?.revision ?? '';
  await awaitFields(c, set, { 'status.updateRevision': revision });
  await c.delete(`${set}?propagationPolicy=Orphan`, { unstable: true });
  await c.eventually('the set has gone', async () => {
    return (await c.get(set, { status: [200, 404], unstable: true })).status === 404;
  });
  const history = `/apis/apps/v1/namespaces/${await c.namespace()}/controllerrevisions/${revision}`;
  await c.get(history, { unstable: true, has: { 'metadata.ownerReferences': undefined } });
  await made(c, { podManagementPolicy: 'Parallel' });
  await awaitFields(c, set, { 'status.replicas': 2, 'status.updatedReplicas': 2, 'status.updateRevision': revision });
  c.equal(
    (await podsOf(c)).map(({ uid }) => uid),
    before.map(({ uid }) => uid),
    'pods',
  );
  await awaitFields(c, history, { revision: 1, 'metadata.ownerReferences[0].name': 'web' });
}

async function refused(c: CaseContext): Promise<void> {
  const allow = await forbidPods(c);
  const set = await made(c, { replicas: 1 });
  const why = 'pods "web-0" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0';
  await awaitEvent(c, 'web', 'FailedCreate', `Create Pod web-0 in StatefulSet web failed error: ${why}`);
  await awaitFields(c, set, { 'status.replicas': 0, 'status.observedGeneration': 1 });
  await allow();
  await awaitPods(c, ['web-0']);
}

const about = casesAbout('statefulsets', 'apps/v1');

export const statefulSetCases: readonly Case[] = [
  about('pods come and go one after the other with stable names', ordered, 'StatefulSet: ordered, stable identity'),
  about('parallel ones come and go at once, from the first ordinal', scaling),
  about('nothing goes while another pod is unhealthy', scalingDown),
  about(
    'updates stop at the partition, end, and are rolled back by number',
    revisions,
    'should perform canary updates and phased rolling updates of template modifications',
  ),
  about('by hand, pods are replaced when somebody deletes them', onDelete),
  about('a failed pod comes again under its name', ended, 'Should recreate evicted statefulset'),
  about('ready is not yet available', available),
  about('claims are made for pods and owned as the policy says', claims),
  about('a pod is released and adopted by its labels', adoption),
  about('a set that comes back takes its pods and its history over', comesBack),
  about('what is refused is told and tried again', refused),
  about('a taken name of a revision is avoided', collision),
];
