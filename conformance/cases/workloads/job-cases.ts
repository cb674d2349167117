import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { conditionsOf } from '../conditions.ts';
import { awaitEvent, awaitFields, awaitPods, nowhere, podsOf, report, staysSo } from './played-pods.ts';

type Json = Readonly<Record<string, unknown>>;

const labels = { app: 'played' };
const finalizer = 'batch.kubernetes.io/job-tracking';
const indexKey = 'batch.kubernetes.io/job-completion-index';
const reached = 'Reached expected number of succeeded pods';

async function made(c: CaseContext, spec: Json = {}, template: Json = {}): Promise<string> {
  const jobs = `/apis/batch/v1/namespaces/${await c.namespace()}/jobs`;
  const podSpec = { ...nowhere(c), restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }], ...template };
  await c.post(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work' },
    spec: { template: { metadata: { labels }, spec: podSpec }, ...spec },
  });
  return `${jobs}/work`;
}

async function podPath(c: CaseContext, name: string): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/pods/${name}`;
}

/** A container that ended long ago: no wait for the next pod follows from it. */
async function finish(c: CaseContext, pod: string, exitCode: number): Promise<void> {
  const finishedAt = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, '');
  const terminated = { exitCode, finishedAt, startedAt: finishedAt };
  const containerStatuses = [
    { name: 'c', image: 'v1', imageID: '', ready: false, restartCount: 0, state: { terminated } },
  ];
  const status = { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses };
  await c.patch(`${await podPath(c, pod)}/status`, { status }, { unstable: true });
}

/** The names of pods that are neither over nor going, once there are so many. */
async function running(c: CaseContext, count: number): Promise<string[]> {
  const path = `/api/v1/namespaces/${await c.namespace()}/pods`;
  let names: string[] = [];
  await c.eventually(`${count} pods run`, async () => {
    const { body } = await c.get(path, { unstable: true });
    names = (body as { items: { metadata: { name: string; deletionTimestamp?: string }; status: Json }[] }).items
      .filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && !isOver(status['phase']))
      .map(({ metadata }) => metadata.name)
      .sort();
    return names.length === count;
  });
  return names;
}

function isOver(phase: unknown): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Its conditions are these, as `type status reason: message`. */
async function awaitConditions(c: CaseContext, job: string, expected: readonly string[]): Promise<void> {
  await c.eventually(`conditions ${expected.join(', ')}`, async () => {
    const found = (await conditionsOf(c, job)).map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
    );
    return JSON.stringify(found) === JSON.stringify(expected);
  });
}

const complete = (reason: string, message: string): string[] => [
  `SuccessCriteriaMet True ${reason}: ${message}`,
  `Complete True ${reason}: ${message}`,
];
const failed = (reason: string, message: string): string[] => [
  `FailureTarget True ${reason}: ${message}`,
  `Failed True ${reason}: ${message}`,
];

async function completions(c: CaseContext): Promise<void> {
  const job = await made(c, { parallelism: 2, completions: 3 });
  const [first = '', second = ''] = await running(c, 2);
  const { body } = await c.get(job, { unstable: true });
  const { uid } = (body as { metadata: { uid: string } }).metadata;
  await c.get(await podPath(c, first), {
    unstable: true,
    has: {
      'metadata.generateName': 'work-',
      'metadata.finalizers': [finalizer],
      'metadata.ownerReferences': [
        { apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid, controller: true, blockOwnerDeletion: true },
      ],
      'metadata.labels': (value: Json) =>
        value['batch.kubernetes.io/job-name'] === 'work' && value['controller-uid'] === uid,
    },
  });
  await awaitFields(c, job, { 'status.active': 2, 'status.ready': 0, 'status.terminating': 0 });
  await report(c, first, 'Running');
  await awaitFields(c, job, { 'status.ready': 1 });
  await finish(c, first, 0);
  await finish(c, second, 0);
  const [third = ''] = await running(c, 1);
  await awaitFields(c, job, { 'status.active': 1, 'status.succeeded': 2, 'status.uncountedTerminatedPods': {} });
  await finish(c, third, 0);
  await awaitConditions(c, job, complete('CompletionsReached', reached));
  await c.get(job, {
    unstable: true,
    has: {
      'status.succeeded': 3,
      'status.active': undefined,
      'status.failed': undefined,
      'status.ready': 0,
      'status.terminating': 0,
      'status.uncountedTerminatedPods': {},
      'status.completionTime': /Z$/,
    },
  });
  await c.get(await podPath(c, third), { has: { 'metadata.finalizers': undefined }, unstable: true });
  await awaitEvent(c, 'work', 'SuccessfulCreate', `Created pod: ${third}`);
  await awaitEvent(c, 'work', 'Completed', 'Job completed');
}

async function workQueue(c: CaseContext): Promise<void> {
  const job = await made(c, { parallelism: 2 });
  const [first = '', second = ''] = await running(c, 2);
  await finish(c, first, 0);
  await awaitFields(c, job, { 'status.succeeded': 1, 'status.active': 1 });
  await finish(c, second, 0);
  await awaitConditions(c, job, complete('CompletionsReached', reached));
  await awaitFields(c, job, { 'status.succeeded': 2 });
}

async function indexed(c: CaseContext): Promise<void> {
  const job = await made(c, { parallelism: 3, completions: 3, completionMode: 'Indexed' });
  const names = await running(c, 3);
  c.equal(
    names.map((name) => name.slice(0, 7)),
    ['work-0-', 'work-1-', 'work-2-'],
    'pods are named by their index',
  );
  const fieldPath = `metadata.labels['${indexKey}']`;
  await c.get(await podPath(c, names[1] ?? ''), {
    unstable: true,
    has: {
      'spec.hostname': 'work-1',
      'metadata.annotations': (value: Json) => value[indexKey] === '1',
      'metadata.labels': (value: Json) => value[indexKey] === '1',
      'spec.containers[0].env': [
        { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } },
      ],
    },
  });
  await finish(c, names[0] ?? '', 0);
  await finish(c, names[2] ?? '', 0);
  await awaitFields(c, job, { 'status.completedIndexes': '0,2', 'status.succeeded': 2 });
  await finish(c, names[1] ?? '', 0);
  await awaitConditions(c, job, complete('CompletionsReached', reached));
  await awaitFields(c, job, { 'status.completedIndexes': '0-2', 'status.succeeded': 3 });
}

async function elastic(c: CaseContext): Promise<void> {
  const job = await made(c, { parallelism: 3, completions: 3, completionMode: 'Indexed' });
  await running(c, 3);
  await c.patch(job, { spec: { parallelism: 1, completions: 1 } });
  const [left = ''] = await running(c, 1);
  c.ok(left.startsWith('work-0-'), 'the pod of index 0 stays');
  await finish(c, left, 0);
  await awaitConditions(c, job, complete('CompletionsReached', reached));
}

async function backoffLimit(c: CaseContext): Promise<void> {
  const job = await made(c, { parallelism: 2, completions: 2, backoffLimit: 1 });
  const [first = '', second = ''] = await running(c, 2);
  await finish(c, first, 1);
  const again = await running(c, 2);
  await awaitFields(c, job, { 'status.failed': 1 });
  await finish(c, again.find((name) => name !== second) ?? '', 1);
  const message = 'Job has reached the specified backoff limit';
  await awaitConditions(c, job, failed('BackoffLimitExceeded', message));
  await awaitFields(c, job, { 'status.failed': 3, 'status.active': undefined, 'status.completionTime': undefined });
  await awaitEvent(c, 'work', 'SuccessfulDelete', `Deleted pod: ${second}`);
  await awaitEvent(c, 'work', 'BackoffLimitExceeded', message);
}

async function failurePolicy(c: CaseContext): Promise<void> {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [42] } },
  ];
  const job = await made(c, { backoffLimit: 0, podFailurePolicy: { rules } });
  const [first = ''] = await running(c, 1);
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  const conditions = [{ type: 'DisruptionTarget', status: 'True', lastTransitionTime }];
  await c.patch(`${await podPath(c, first)}/status`, { status: { conditions } }, { unstable: true });
  await finish(c, first, 42);
  const ns = await c.namespace();
  let second = '';
  await c.eventually('the ignored one is replaced', async () => {
    [second = ''] = await running(c, 1);
    return second !== first;
  });
  await awaitFields(c, job, { 'status.failed': undefined, 'status.active': 1 });
  await finish(c, second, 42);
  const why = `Container c for pod ${ns}/${second} failed with exit code 42 matching FailJob rule at index 1`;
  await awaitConditions(c, job, failed('PodFailurePolicy', why));
  await awaitFields(c, job, { 'status.failed': 1 });
  await awaitEvent(c, 'work', 'PodFailurePolicy', why);
}

async function limitPerIndex(c: CaseContext): Promise<void> {
  const spec = { parallelism: 2, completions: 2, completionMode: 'Indexed', backoffLimitPerIndex: 1 };
  const job = await made(c, spec);
  const [zero = '', one = ''] = await running(c, 2);
  const failures = 'batch.kubernetes.io/job-index-failure-count';
  await finish(c, one, 0);
  await finish(c, zero, 1);
  let again = '';
  await c.eventually('index 0 is tried again', async () => {
    [again = ''] = await running(c, 1);
    return again !== zero && again.startsWith('work-0-');
  });
  const counts = (value: Json): boolean => value[failures] === '1';
  await c.get(await podPath(c, again), { unstable: true, has: { 'metadata.annotations': counts } });
  await finish(c, again, 1);
  await awaitConditions(c, job, failed('FailedIndexes', 'Job has failed indexes'));
  await awaitFields(c, job, { 'status.failedIndexes': '0', 'status.completedIndexes': '1', 'status.failed': 2 });
}

async function failedIndexes(c: CaseContext): Promise<void> {
  const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }];
  const spec = { parallelism: 4, completions: 4, completionMode: 'Indexed', backoffLimitPerIndex: 3 };
  const job = await made(c, { ...spec, maxFailedIndexes: 1, podFailurePolicy: { rules } });
  const [zero = '', , two = ''] = await running(c, 4);
  await finish(c, zero, 42);
  await awaitFields(c, job, { 'status.failedIndexes': '0', 'status.active': 3 });
  await finish(c, two, 42);
  const message = 'Job has exceeded the specified maximal number of failed indexes';
  await awaitConditions(c, job, failed('MaxFailedIndexesExceeded', message));
  await awaitFields(c, job, {
    'status.failedIndexes': '0,2',
    'status.failed': 4,
    'status.completedIndexes': undefined,
  });
}

async function successPolicy(c: CaseContext): Promise<void> {
  const rules = [{ succeededIndexes: '1-2', succeededCount: 2 }, { succeededIndexes: '0' }];
  const spec = { parallelism: 3, completions: 3, completionMode: 'Indexed', successPolicy: { rules } };
  const job = await made(c, spec);
  const [zero = ''] = await running(c, 3);
  await finish(c, zero, 0);
  await awaitConditions(c, job, complete('SuccessPolicy', 'Matched rules at index 1'));
  await awaitFields(c, job, { 'status.succeeded': 1, 'status.completedIndexes': '0', 'status.failed': undefined });
  await awaitPods(c, [zero]);
  await awaitEvent(c, 'work', 'Completed', 'Job completed');
}

async function suspension(c: CaseContext): Promise<void> {
  const job = await made(c, { parallelism: 2, suspend: true });
  await awaitConditions(c, job, ['Suspended True JobSuspended: Job suspended']);
  await staysSo(c, []);
  await awaitFields(c, job, { 'status.startTime': undefined, 'status.active': undefined });
  await awaitEvent(c, 'work', 'Suspended', 'Job suspended');
  await c.patch(job, { spec: { suspend: false } });
  await running(c, 2);
  await awaitConditions(c, job, ['Suspended False JobResumed: Job resumed']);
  await awaitEvent(c, 'work', 'Resumed', 'Job resumed');
  await c.get(job, { has: { 'status.startTime': /Z$/ }, unstable: true });
  await c.patch(job, { spec: { suspend: true } });
  await awaitPods(c, []);
  await awaitConditions(c, job, ['Suspended True JobSuspended: Job suspended']);
  await awaitFields(c, job, { 'status.startTime': undefined, 'status.active': undefined, 'status.failed': undefined });
}

async function deadline(c: CaseContext): Promise<void> {
  const job = await made(c, { activeDeadlineSeconds: 1 });
  await running(c, 1);
  const message = 'Job was active longer than specified deadline';
  await awaitConditions(c, job, failed('DeadlineExceeded', message));
  await awaitPods(c, []);
  await awaitFields(c, job, { 'status.failed': 1, 'status.active': undefined });
  await awaitEvent(c, 'work', 'DeadlineExceeded', message);
}

async function timeToLive(c: CaseContext): Promise<void> {
  const job = await made(c, { ttlSecondsAfterFinished: 0 });
  const [only = ''] = await running(c, 1);
  await finish(c, only, 0);
  await c.eventually('the Job goes', async () => {
    const { status } = await c.get(job, { status: [200, 404], unstable: true });
    return status === 404;
  });
  await awaitPods(c, []);
}

async function managedElsewhere(c: CaseContext): Promise<void> {
  const job = await made(c, { managedBy: 'example.com/other' });
  await staysSo(c, []);
  await c.get(job, { has: { status: {} }, unstable: true });
}

async function adoption(c: CaseContext): Promise<void> {
  const job = await made(c, {});
  const [only = ''] = await running(c, 1);
  const path = await podPath(c, only);
  await c.patch(path, { metadata: { ownerReferences: null } });
  await c.eventually('it is adopted', async () => {
    const pod = await c.get(path, { unstable: true });
    return pod.at('metadata.ownerReferences[0].name') === 'work' && pod.at('metadata.finalizers[0]') === finalizer;
  });
  await c.patch(path, { metadata: { labels: { 'batch.kubernetes.io/controller-uid': null, 'controller-uid': null } } });
  await c.eventually('it is released', async () => {
    const pod = await c.get(path, { unstable: true });
    return pod.at('metadata.ownerReferences') === undefined && pod.at('metadata.finalizers') === undefined;
  });
  await c.eventually('another takes its place', async () => (await podsOf(c)).length === 2);
  await awaitFields(c, job, { 'status.active': 1 });
}

async function replacement(c: CaseContext): Promise<void> {
  const job = await made(c, { podReplacementPolicy: 'Failed' });
  const [only = ''] = await running(c, 1);
  const path = await podPath(c, only);
  const target = { apiVersion: 'v1', kind: 'Node', name: `nowhere-${c.rand}` };
  await c.post(`${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: only }, target });
  await report(c, only, 'Running');
  await awaitFields(c, job, { 'status.ready': 1 });
  await c.delete(path, { unstable: true });
  await awaitFields(c, job, { 'status.terminating': 1, 'status.active': undefined, 'status.ready': 0 });
  await staysSo(c, [only]);
  await finish(c, only, 1);
  await c.eventually('it is replaced', async () => (await running(c, 1))[0] !== only);
  await awaitFields(c, job, { 'status.failed': 1, 'status.active': 1, 'status.terminating': 0 });
  await c.delete(path, { body: { gracePeriodSeconds: 0 }, status: [200, 404], unstable: true });
}

const proves = 'Jobs';
const needs = ['controllers'] as const;
const id = 'workloads/jobs';
export const jobCases: readonly Case[] = [
  { id: `${id}/pods run until enough have succeeded`, run: completions },
  { id: `${id}/without completions the first success ends it when the others have ended`, run: workQueue },
  { id: `${id}/indexed pods know their index`, run: indexed },
  { id: `${id}/an indexed one may shrink`, run: elastic },
  { id: `${id}/too many failures end it`, run: backoffLimit },
  { id: `${id}/a failure policy ignores and fails by rule`, run: failurePolicy },
  { id: `${id}/each index has its own limit`, run: limitPerIndex },
  { id: `${id}/too many failed indexes end it`, run: failedIndexes },
  { id: `${id}/a success policy ends it early`, run: successPolicy },
  { id: `${id}/pods go while it is suspended`, run: suspension },
  { id: `${id}/it fails at its deadline`, run: deadline },
  { id: `${id}/it goes when its time to live is over`, run: timeToLive },
  { id: `${id}/one that is managed elsewhere is left alone`, run: managedElsewhere },
  { id: `${id}/orphans are adopted and strangers released`, run: adoption },
  { id: `${id}/a going pod is replaced when it has ended`, run: replacement },
].map((each) => ({ ...each, proves, needs }));
