import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitCondition } from '../conditions.ts';
import { say } from '../nodes/played-nodes.ts';
import { awaitEvent } from '../workloads/played-pods.ts';

const hidden = { unstable: true } as const;

/** A node of two processors that only pods of the case choose, by its label. */
async function offerNode(c: CaseContext, cpu = '2'): Promise<string> {
  const name = `${c.rand}-node`;
  const amounts = { cpu, memory: '4Gi', pods: '10' };
  await c.post(
    '/api/v1/nodes',
    { metadata: { name, labels: { case: c.rand } }, status: { allocatable: amounts, capacity: amounts } },
    hidden,
  );
  await say(c, name, { Ready: 'True' });
  return name;
}

async function wantNode(c: CaseContext, name: string, cpu: string, spec: object = {}): Promise<string> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  const containers = [{ name: 'c', image: 'v1', resources: { requests: { cpu } } }];
  await c.post(pods, { metadata: { name }, spec: { nodeSelector: { case: c.rand }, containers, ...spec } }, hidden);
  return `${pods}/${name}`;
}

async function awaitNode(c: CaseContext, pod: string, node: string): Promise<void> {
  await c.eventually(`the node of ${pod}`, async () => (await c.get(pod, hidden)).at('spec.nodeName') === node);
}

async function leave(c: CaseContext, node: string, ...pods: readonly string[]): Promise<void> {
  for (const pod of pods) await c.delete(`${pod}?gracePeriodSeconds=0`, { ...hidden, status: [200, 404] });
  await c.delete(`/api/v1/nodes/${node}`, hidden);
}

async function bound(c: CaseContext): Promise<void> {
  const node = await offerNode(c);
  const pod = await wantNode(c, 'fits', '1');
  await awaitNode(c, pod, node);
  await awaitEvent(c, 'fits', 'Scheduled', `Successfully assigned ${await c.namespace()}/fits to ${node}`);
  await leave(c, node, pod);
}

async function waits(c: CaseContext): Promise<void> {
  const node = await offerNode(c);
  const pod = await wantNode(c, 'waits', '3');
  const message =
    /^0\/\d+ nodes are available: 1 Insufficient cpu(, \d+ node\(s\) didn't match Pod's node affinity\/selector)?(, .*)?\. no new claims to deallocate, preemption: 0\/\d+ nodes are available: \d+ Preemption is not helpful for scheduling\.$/;
  await awaitCondition(c, pod, ['PodScheduled', 'False', 'Unschedulable', message]);
  const amounts = { cpu: '4', memory: '4Gi', pods: '10' };
  await c.patch(`/api/v1/nodes/${node}/status`, { status: { allocatable: amounts, capacity: amounts } }, hidden);
  await awaitNode(c, pod, node);
  await leave(c, node, pod);
}

async function gated(c: CaseContext): Promise<void> {
  const node = await offerNode(c);
  const pod = await wantNode(c, 'gated', '1', { schedulingGates: [{ name: 'example.com/first' }] });
  await awaitCondition(c, pod, [
    'PodScheduled',
    'False',
    'SchedulingGated',
    /^Scheduling is blocked due to non-empty scheduling gates$/,
  ]);
  const other = await wantNode(c, 'other', '1');
  await awaitNode(c, other, node);
  c.equal((await c.get(pod, hidden)).at('spec.nodeName'), undefined, 'the pod with a gate waits');
  await c.patch(pod, { spec: { schedulingGates: null } }, hidden);
  await awaitNode(c, pod, node);
  await leave(c, node, pod, other);
}

async function preempted(c: CaseContext): Promise<void> {
  const node = await offerNode(c);
  const priorityClassName = `${c.rand}-high`;
  const classPath = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await c.post(classPath, { metadata: { name: priorityClassName }, value: 1000 }, hidden);
  const low = await wantNode(c, 'low', '2', { terminationGracePeriodSeconds: 600 });
  await awaitNode(c, low, node);
  const high = await wantNode(c, 'high', '1', { priorityClassName });
  const why = /^default-scheduler: preempting to accommodate a higher priority pod$/;
  await awaitCondition(c, low, ['DisruptionTarget', 'True', 'PreemptionByScheduler', why]);
  await c.eventually('the promise', async () => (await c.get(high, hidden)).at('status.nominatedNodeName') === node);
  const isLeaving = async (): Promise<boolean> =>
    (await c.get(low, hidden)).at('metadata.deletionTimestamp') !== undefined;
  await c.eventually('the other pod is asked to leave', isLeaving);
  const { uid } = (await c.get(high, hidden)).at('metadata') as { uid: string };
  await awaitEvent(c, 'low', 'Preempted', `Preempted by pod ${uid} on node ${node}`);
  await c.delete(`${low}?gracePeriodSeconds=0`, hidden);
  await awaitNode(c, high, node);
  await leave(c, node, high);
  await c.delete(`${classPath}/${priorityClassName}`, hidden);
}

const needs = ['controllers', 'scheduler'] as const;

export const schedulerCases: readonly Case[] = [
  { id: 'scheduling/pods/get a node that fits', needs, run: bound },
  { id: 'scheduling/pods/wait until a node has what they ask for', needs, run: waits },
  { id: 'scheduling/pods/are not tried before their gates are gone', needs, run: gated },
  {
    id: 'scheduling/pods/take the place of others of lower priority',
    proves:
      '[sig-scheduling] SchedulerPreemption [Serial] validates pod disruption condition is added to the preempted pod',
    needs,
    run: preempted,
  },
];
