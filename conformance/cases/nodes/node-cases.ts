import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitEvent } from '../workloads/played-pods.ts';
import { playNode, playPod, say } from './played-nodes.ts';

interface Taint {
  readonly key: string;
  readonly effect: string;
}

async function awaitTaints(c: CaseContext, node: string, expected: readonly string[]): Promise<void> {
  await c.eventually(`taints ${expected.join(', ')}`, async () => {
    const { body } = await c.get(`/api/v1/nodes/${node}`, { unstable: true });
    const { taints = [] } = (body as { spec: { taints?: Taint[] } }).spec;
    return (
      taints
        .map(({ key, effect }) => `${key}:${effect}`)
        .sort()
        .join() === expected.join()
    );
  });
}

async function conditions(c: CaseContext): Promise<void> {
  const node = await playNode(c);
  await awaitTaints(c, node, []);
  await say(c, node, { Ready: 'True', MemoryPressure: 'True', DiskPressure: 'False', PIDPressure: 'True' });
  await awaitTaints(c, node, [
    'node.kubernetes.io/memory-pressure:NoSchedule',
    'node.kubernetes.io/pid-pressure:NoSchedule',
  ]);
  await c.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } }, { unstable: true });
  await say(c, node, { Ready: 'True' });
  await awaitTaints(c, node, ['node.kubernetes.io/unschedulable:NoSchedule']);
  await c.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: null } }, { unstable: true });
  await awaitTaints(c, node, []);
}

async function registered(c: CaseContext): Promise<void> {
  const node = await playNode(c, { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' });
  const path = `/api/v1/nodes/${node}`;
  await c.eventually('labels and annotation', async () => {
    const answer = await c.get(path, { unstable: true });
    const { labels = {}, annotations = {} } = answer.at('metadata') as Record<string, Record<string, string>>;
    return (
      labels['beta.kubernetes.io/os'] === 'linux' &&
      labels['beta.kubernetes.io/arch'] === 'amd64' &&
      annotations['node.alpha.kubernetes.io/ttl'] === '0'
    );
  });
  const events = `/api/v1/namespaces/default/events?fieldSelector=${encodeURIComponent(`involvedObject.name=${node}`)}`;
  const hasEvent = async (reason: string, message: string): Promise<boolean> => {
    const { body } = await c.get(events, { unstable: true });
    const { items } = body as { items: { reason: string; message: string; source: { component: string } }[] };
    return items.some(
      (event) => event.reason === reason && event.message === message && event.source.component === 'node-controller',
    );
  };
  const registered = `Node ${node} event: Registered Node ${node} in Controller`;
  await c.eventually('event RegisteredNode', () => hasEvent('RegisteredNode', registered));
  await c.delete(path, { unstable: true });
  const removing = `Node ${node} event: Removing Node ${node} from Controller`;
  await c.eventually('event RemovingNode', () => hasEvent('RemovingNode', removing));
}

async function evicted(c: CaseContext): Promise<void> {
  const node = await playNode(c);
  const forever = [{ key: 'k', operator: 'Exists' }];
  const ready = { ip: '10.1.0.1', spec: { terminationGracePeriodSeconds: 600 } };
  const gone = await playPod(c, 'gone', node, ready);
  const late = await playPod(c, 'late', node, {
    ...ready,
    spec: { ...ready.spec, tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }] },
  });
  const saved = await playPod(c, 'saved', node, {
    ...ready,
    spec: {
      ...ready.spec,
      tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 600 }],
    },
  });
  const stays = await playPod(c, 'stays', node, { ...ready, spec: { ...ready.spec, tolerations: forever } });
  const taints = [{ key: 'k', effect: 'NoExecute' }];
  await c.patch(`/api/v1/nodes/${node}`, { spec: { taints } }, { unstable: true });
  const isLeaving = async (pod: string): Promise<boolean> =>
    (await c.get(pod, { unstable: true })).at('metadata.deletionTimestamp') !== undefined;
  await c.eventually('the pod without toleration leaves', () => isLeaving(gone));
  const { body } = await c.get(gone, { unstable: true });
  const { status } = body as {
    status: { conditions: { type: string; status: string; reason: string; message: string }[] };
  };
  const target = status.conditions.find(({ type }) => type === 'DisruptionTarget');
  c.equal(
    [target?.status, target?.reason, target?.message],
    ['True', 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'],
    'why it leaves',
  );
  const namespace = await c.namespace();
  await awaitEvent(c, 'gone', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/gone`);
  await c.eventually('the pod that tolerates it for a second leaves', () => isLeaving(late));
  await c.patch(`/api/v1/nodes/${node}`, { spec: { taints: null } }, { unstable: true });
  await awaitEvent(c, 'saved', 'TaintManagerEviction', `Cancelling deletion of Pod ${namespace}/saved`);
  c.equal([await isLeaving(saved), await isLeaving(stays)], [false, false], 'the others stay');
  for (const pod of [gone, late, saved, stays])
    await c.delete(`${pod}?gracePeriodSeconds=0`, { unstable: true, status: [200, 404] });
}

const needs = ['controllers'] as const;

export const nodeCases: readonly Case[] = [
  { id: 'nodes/nodes/conditions and unschedulable become taints', needs, run: conditions },
  { id: 'nodes/nodes/are registered and missed', needs, run: registered },
  {
    id: 'nodes/pods/leave nodes with taints they do not tolerate',
    proves: '[sig-node] NoExecuteTaintManager Single Pod [Serial] removing taint cancels eviction',
    needs,
    run: evicted,
  },
];
