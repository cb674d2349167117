import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import {
  awaitEvent,
  awaitFields,
  awaitPods,
  forbidPods,
  type PlayedPod,
  podsOf,
  report,
  staysSo,
} from './played-pods.ts';
import { casesAbout } from './workload-case.ts';

type Json = Readonly<Record<string, unknown>>;

const labels = { app: 'played' };

/** A node that offers no room: schedulers leave pods waiting for it. */
async function addNode(c: CaseContext, word: string): Promise<string> {
  const name = `${c.rand}-${word}`;
  const path = `/api/v1/nodes/${name}`;
  await c.post('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'conformance.example.com/case': c.rand } },
  });
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' }];
  await c.patch(`${path}/status`, { status: { conditions } }, { unstable: true });
  await settle(c, path, []);
  return name;
}

/** Others take care of taints too, until they see what the node says of itself. */
async function settle(c: CaseContext, path: string, taints: readonly Json[]): Promise<void> {
  await c.eventually('taints', async () => {
    await c.patch(path, { spec: { taints } }, { unstable: true, status: [200, 409] });
    const found = (await c.get(path, { unstable: true })).at('spec.taints') as readonly Json[] | undefined;
    return (found ?? []).length === taints.length;
  });
}

async function made(c: CaseContext, spec: Json = {}, podSpec: Json = {}): Promise<string> {
  const sets = `/apis/apps/v1/namespaces/${await c.namespace()}/daemonsets`;
  await c.post(sets, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: templateOf(c, 'v1', podSpec), ...spec },
  });
  return `${sets}/d`;
}

function templateOf(c: CaseContext, image: string, podSpec: Json = {}): Json {
  const nodeSelector = { 'conformance.example.com/case': c.rand };
  return { metadata: { labels }, spec: { nodeSelector, containers: [{ name: 'c', image }], ...podSpec } };
}

async function runAll(c: CaseContext, pods: readonly PlayedPod[]): Promise<void> {
  for (const { name } of pods) await report(c, name, 'Running');
}

function where({ nodeName }: PlayedPod): string {
  return nodeName;
}

/** A node that does not fit any more wakes the controller only for pods that run there already. */
async function wake(c: CaseContext, set: string, touched: string): Promise<void> {
  await c.patch(set, { metadata: { annotations: { touched } } }, { unstable: true });
}

async function nodes(c: CaseContext): Promise<void> {
  const [a, b] = [await addNode(c, 'a'), await addNode(c, 'b')];
  const set = await made(c);
  const pods = await awaitPods(c, [a, b], where);
  const [pod] = pods;
  await c.get(`/api/v1/namespaces/${await c.namespace()}/pods/${pod?.name}`, {
    unstable: true,
    has: {
      'metadata.generateName': 'd-',
      'metadata.ownerReferences[0].kind': 'DaemonSet',
      'metadata.labels["pod-template-generation"]': '1',
      'spec.tolerations': (value: readonly Json[]) => {
        const keys = value.map(({ key, effect, tolerationSeconds = '' }) => `${key}:${effect}${tolerationSeconds}`);
        return (
          keys.join() ===
          [
            'node.kubernetes.io/not-ready:NoExecute',
            'node.kubernetes.io/unreachable:NoExecute',
            'node.kubernetes.io/disk-pressure:NoSchedule',
            'node.kubernetes.io/memory-pressure:NoSchedule',
            'node.kubernetes.io/pid-pressure:NoSchedule',
            'node.kubernetes.io/unschedulable:NoSchedule',
          ].join()
        );
      },
    },
  });
  await awaitEvent(c, 'd', 'SuccessfulCreate', `Created pod: ${pod?.name}`);
  await runAll(c, pods);
  const status = {
    'status.observedGeneration': 1,
    'status.desiredNumberScheduled': 2,
    'status.currentNumberScheduled': 2,
    'status.updatedNumberScheduled': 2,
    'status.numberReady': 2,
    'status.numberAvailable': 2,
    'status.numberMisscheduled': 0,
    'status.numberUnavailable': undefined,
  };
  await awaitFields(c, set, status);
  const third = await addNode(c, 'c');
  await awaitPods(c, [a, b, third], where);
  await awaitFields(c, set, { 'status.desiredNumberScheduled': 3, 'status.numberUnavailable': 1 });
  await c.patch(`/api/v1/nodes/${third}`, { metadata: { labels: { 'conformance.example.com/case': null } } });
  await wake(c, set, 'once');
  await awaitPods(c, [a, b], where);
  await awaitFields(c, set, status);
}

async function taints(c: CaseContext): Promise<void> {
  const a = await addNode(c, 'a');
  const path = `/api/v1/nodes/${a}`;
  const set = await made(c);
  await runAll(c, await awaitPods(c, [a], where));
  await awaitFields(c, set, { 'status.numberAvailable': 1 });
  const name = (await podsOf(c))[0]?.name ?? '';
  await settle(c, path, [{ key: 'example.com/x', effect: 'NoSchedule' }]);
  await staysSo(c, [name]);
  await wake(c, set, 'once');
  await awaitFields(c, set, { 'status.desiredNumberScheduled': 0, 'status.numberMisscheduled': 1 });
  await settle(c, path, [{ key: 'example.com/x', effect: 'NoExecute' }]);
  await wake(c, set, 'twice');
  await awaitPods(c, []);
  await settle(c, path, []);
  await awaitPods(c, [a], where);
  await awaitFields(c, set, { 'status.desiredNumberScheduled': 1, 'status.numberMisscheduled': 0 });
}

async function rolling(c: CaseContext): Promise<void> {
  const [a, b] = [await addNode(c, 'a'), await addNode(c, 'b')];
  const set = await made(c, { revisionHistoryLimit: 1 });
  const first = await awaitPods(c, [a, b], where);
  await runAll(c, first);
  await awaitFields(c, set, { 'status.numberAvailable': 2 });
  const old = first[0]?.revision ?? '';
  await c.patch(set, { spec: { template: templateOf(c, 'v2') } });
  await c.eventually('one of them is replaced', async () => {
    const pods = await podsOf(c);
    return pods.length === 2 && pods.filter(({ revision }) => revision === old).length === 1;
  });
  await awaitFields(c, set, { 'status.updatedNumberScheduled': 1, 'status.numberUnavailable': 1 });
  const half = await podsOf(c);
  await staysSo(
    c,
    half.map(({ name }) => name),
  );
  await runAll(c, half);
  await c.eventually('the other one too', async () => {
    const pods = await podsOf(c);
    return pods.length === 2 && pods.every(({ revision }) => revision !== old);
  });
  const second = await podsOf(c);
  await runAll(c, second);
  await awaitFields(c, set, { 'status.updatedNumberScheduled': 2, 'status.numberAvailable': 2 });

  const history = `/apis/apps/v1/namespaces/${await c.namespace()}/controllerrevisions`;
  const next = second[0]?.revision ?? '';
  await c.get(`${history}/d-${next}`, {
    unstable: true,
    has: {
      revision: 2,
      'data.spec.template.$patch': 'replace',
      'data.spec.template.spec.containers[0].image': 'v2',
      'metadata.labels["controller-revision-hash"]': next,
      'metadata.annotations["deprecated.daemonset.template.generation"]': '2',
    },
  });
  await c.patch(set, { spec: { template: templateOf(c, 'v1') } });
  await c.eventually('the first revision comes back', async () => {
    const { body } = await c.get(`${history}/d-${old}`, { unstable: true });
    return (body as { revision: number }).revision === 3;
  });
  await c.eventually('with its pods', async () => {
    const pods = await podsOf(c);
    await runAll(c, pods);
    return pods.length === 2 && pods.every(({ revision }) => revision === old);
  });
}

async function surging(c: CaseContext): Promise<void> {
  const a = await addNode(c, 'a');
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  const set = await made(c, { updateStrategy });
  const first = await awaitPods(c, [a], where);
  await runAll(c, first);
  await awaitFields(c, set, { 'status.numberAvailable': 1 });
  await c.patch(set, { spec: { template: templateOf(c, 'v2') } });
  const both = await awaitPods(c, [a, a], where);
  await staysSo(
    c,
    both.map(({ name }) => name),
  );
  await runAll(c, both);
  const [last] = await awaitPods(c, [a], where);
  c.ok(last?.revision !== first[0]?.revision, 'the new one is left');
}

async function onDelete(c: CaseContext): Promise<void> {
  const a = await addNode(c, 'a');
  const set = await made(c, { updateStrategy: { type: 'OnDelete' } });
  const [first] = await awaitPods(c, [a], where);
  await c.patch(set, { spec: { template: templateOf(c, 'v2') } });
  await awaitFields(c, set, { 'status.observedGeneration': 2, 'status.currentNumberScheduled': 1 });
  await staysSo(c, [first?.name ?? '']);
  await c.delete(`/api/v1/namespaces/${await c.namespace()}/pods/${first?.name}`, { unstable: true });
  await c.eventually('the new pod is of the new revision', async () => {
    const [pod] = await podsOf(c);
    return pod !== undefined && pod.revision !== first?.revision;
  });
  await awaitFields(c, set, { 'status.updatedNumberScheduled': 1 });
}

async function failed(c: CaseContext): Promise<void> {
  const a = await addNode(c, 'a');
  await made(c);
  const [first] = await awaitPods(c, [a], where);
  await report(c, first?.name ?? '', 'Failed');
  await c.eventually('a new pod', async () => {
    const [pod, ...more] = await podsOf(c);
    return more.length === 0 && pod !== undefined && pod.uid !== first?.uid;
  });
  const found = `Found failed daemon pod ${await c.namespace()}/${first?.name} on node ${a}`;
  await awaitEvent(c, 'd', 'FailedDaemonPod', `${found}, will try to kill it`);
}

async function duplicates(c: CaseContext): Promise<void> {
  const a = await addNode(c, 'a');
  await made(c);
  const [pod] = await awaitPods(c, [a], where);
  const history = `/apis/apps/v1/namespaces/${await c.namespace()}/controllerrevisions`;
  const { body } = await c.get(`${history}/d-${pod?.revision}`, { unstable: true });
  const metadata = { name: 'd-other', labels: { ...labels, 'controller-revision-hash': 'other' } };
  const { data } = body as { data: Json };
  const copy = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, data, revision: 5 };
  await c.post(history, copy, { unstable: true });
  await c.eventually('of two revisions of one template the higher is kept', async () => {
    const { status } = await c.get(`${history}/d-${pod?.revision}`, { unstable: true, status: [200, 404] });
    return status === 404;
  });
  await c.eventually('pods are of it', async () => (await podsOf(c))[0]?.revision === 'other');
  c.equal((await podsOf(c))[0]?.uid, pod?.uid, 'the pod');
  await c.get(`${history}/d-other`, { unstable: true, has: { 'metadata.ownerReferences[0].name': 'd' } });
}

async function refused(c: CaseContext): Promise<void> {
  const allow = await forbidPods(c);
  const a = await addNode(c, 'a');
  const set = await made(c);
  const path = `/api/v1/namespaces/${await c.namespace()}/events?fieldSelector=reason%3DFailedCreate`;
  await c.eventually('an event', async () => {
    const { body } = await c.get(path, { unstable: true });
    return (body as { items: { message: string }[] }).items.some(({ message }) =>
      /^Error creating: pods "d-[a-z0-9]{5}" is forbidden: exceeded quota: none, /.test(message),
    );
  });
  await awaitFields(c, set, { 'status.desiredNumberScheduled': 1, 'status.currentNumberScheduled': 0 });
  await allow();
  await awaitPods(c, [a], where);
}

async function orphans(c: CaseContext): Promise<void> {
  const a = await addNode(c, 'a');
  const set = await made(c);
  const [first] = await awaitPods(c, [a], where);
  await c.delete(`${set}?propagationPolicy=Orphan`, { unstable: true });
  await c.eventually('the set has gone', async () => {
    return (await c.get(set, { status: [200, 404], unstable: true })).status === 404;
  });
  const pod = `/api/v1/namespaces/${await c.namespace()}/pods/${first?.name}`;
  await c.get(pod, { unstable: true, has: { 'metadata.ownerReferences': undefined } });
  await made(c);
  await c.eventually('the new one adopts its pod', async () => {
    return (await c.get(pod, { unstable: true })).at('metadata.ownerReferences[0].name') === 'd';
  });
  await awaitFields(c, set, { 'status.updatedNumberScheduled': 1 });
  c.equal((await podsOf(c)).length, 1, 'pods');
}

const about = casesAbout('daemonsets', 'apps/v1');

export const daemonSetCases: readonly Case[] = [
  about('each node that fits has a pod', nodes, 'should run and stop complex daemon'),
  about('taints keep pods away, or let them stay', taints),
  about(
    'a rolling update replaces as many as may be unavailable, and history counts on',
    rolling,
    'should update pod when spec was updated and update strategy is RollingUpdate',
  ),
  about('with surge the new pod comes first', surging),
  about('by hand, pods are replaced when somebody deletes them', onDelete),
  about('a failed pod is replaced', failed, 'should retry creating failed daemon pods'),
  about('one template has one revision', duplicates),
  about('what is refused is told and tried again', refused),
  about('orphans are adopted with their history', orphans),
];
