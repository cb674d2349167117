import { test } from 'tap';
import { openTestCluster } from '../test-cluster.ts';
import { missingLabels, notReadyTaint, taintsOf, unreachableTaint, withNoExecute } from './condition-taints.ts';
import type { Node, Pod } from './kinds.ts';
import { NodeHealth, unknownConditions } from './node-health.ts';
import { nodeLifecycleController } from './node-lifecycle-controller.ts';
import { rateOf, ZoneQueue, Zones, zoneKey, zoneState } from './zones.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const own = { key: 'example.com/own', effect: 'NoSchedule' };

function node(ready: string | undefined, taints: readonly object[], unschedulable = false): Node {
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready }];
  return { spec: { taints: [...taints], unschedulable }, status: { conditions } };
}

test('a ready node loses the taint of one that is not, and keeps those of others', async (t) => {
  t.same(taintsOf(node('True', [notReady, own]), 0), [own]);
  t.same(taintsOf(node(undefined, [notReady, own]), 0), [own]);
});

test('conditions and unschedulable become taints, once', async (t) => {
  const taints = taintsOf(node('Unknown', [own], true), 0);
  t.same(
    taints.map(({ key }) => key),
    ['example.com/own', 'node.kubernetes.io/unreachable', 'node.kubernetes.io/unschedulable'],
  );
  const again = node('Unknown', taints, true);
  t.equal(taintsOf(again, 5), again.spec?.taints);
});

test('of the two taints for eviction a node has one at most', async (t) => {
  const tainted = withNoExecute([own], notReadyTaint, 0);
  t.match(tainted, [own, { key: notReadyTaint, effect: 'NoExecute', timeAdded: '1970-01-01T00:00:00Z' }]);
  t.equal(withNoExecute(tainted, notReadyTaint, 9), tainted);
  t.match(withNoExecute(tainted, unreachableTaint, 9), [own, { key: unreachableTaint }]);
  t.strictSame(withNoExecute(tainted, '', 9), [own]);
});

test('labels by their older names follow the newer ones', async (t) => {
  t.same(missingLabels({ metadata: { labels: { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'x' } } }), {
    'beta.kubernetes.io/os': 'linux',
  });
  t.equal(missingLabels({ metadata: {} }), undefined);
});

test('a node is silent when neither lease nor status came for the grace period', async (t) => {
  const grace = { monitorMs: 50, startupMs: 60 };
  const health = new NodeHealth();
  const beating = (heartbeat: string): Node => ({
    metadata: { name: 'n' },
    status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: heartbeat }] },
  });
  health.nodeSeen(beating('1'), 0);
  t.notOk(health.isSilent(beating('1'), 50, grace));
  t.ok(health.isSilent(beating('1'), 51, grace));
  health.nodeSeen(beating('1'), 40);
  t.ok(health.isSilent(beating('1'), 51, grace), 'the same heartbeat again is none');
  health.nodeSeen(beating('2'), 40);
  t.notOk(health.isSilent(beating('2'), 90, grace));
  health.leaseRenewed('n', 80);
  t.notOk(health.isSilent(beating('2'), 130, grace));
  const fresh: Node = { metadata: { name: 'f', creationTimestamp: '1970-01-01T00:00:01Z' } };
  health.nodeSeen(fresh, 2000);
  t.ok(health.isSilent(fresh, 1061, grace), 'one that never said anything counts from its creation');
  t.notOk(health.isSilent(fresh, 1060, grace));
});

test('a silent node is unknown in all it would say itself, in upstreams words', async (t) => {
  const conditions = [
    { type: 'Ready', status: 'True', lastHeartbeatTime: 'h', reason: 'KubeletReady' },
    { type: 'NetworkUnavailable', status: 'False' },
  ];
  const unknown = unknownConditions({ metadata: { creationTimestamp: 'c' }, status: { conditions } }, 0) ?? [];
  t.match(unknown.slice(0, 3), [
    {
      type: 'Ready',
      status: 'Unknown',
      lastHeartbeatTime: 'h',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    },
    { type: 'NetworkUnavailable', status: 'False' },
    {
      type: 'MemoryPressure',
      lastHeartbeatTime: 'c',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
    },
  ]);
  t.equal(unknown.length, 5);
  t.equal(unknownConditions({ status: { conditions: unknown } }, 1), undefined);
});

test('a zone is disrupted in part from 55 per cent and three nodes on', async (t) => {
  const zone = (up: number, down: number): string =>
    zoneState([...Array.from({ length: up }, () => 'True'), ...Array.from({ length: down }, () => 'Unknown')]);
  t.same(
    [zone(0, 1), zone(1, 2), zone(1, 3), zone(9, 11), zone(10, 10)],
    ['FullDisruption', 'Normal', 'PartialDisruption', 'PartialDisruption', 'Normal'],
  );
  t.same(
    [rateOf('PartialDisruption', 50), rateOf('PartialDisruption', 51), rateOf('FullDisruption', 9)],
    [0, 0.01, 0.1],
  );
  t.equal(zoneKey({ metadata: { labels: { 'topology.kubernetes.io/zone': 'z' } } }), ':\u0000:z');
});

test('one node in ten seconds is let through, none while all zones are down', async (t) => {
  const queue = new ZoneQueue();
  for (const name of ['a', 'b', 'c']) queue.add(name);
  t.same([queue.take(1000), queue.take(1000), queue.waitMs(1000)], ['a', undefined, 10_000]);
  t.equal(queue.take(11_000), 'b');
  queue.setRate(0, 11_000);
  t.same([queue.take(99_000), queue.waitMs(99_000)], [undefined, undefined]);
  const zones = new Zones();
  const all = (status: string): Map<string, string[]> => new Map([['', [status, status]]]);
  t.same(
    ['True', 'Unknown', 'Unknown', 'True'].map((status) => zones.update(all(status), 0)),
    ['none', 'begins', 'none', 'ends'],
  );
});

test('a node that falls silent becomes unknown, its pods are not ready, and it is tainted as long as others can be seen', async (t) => {
  const cluster = openTestCluster();
  const stop = new AbortController();
  t.teardown(() => {
    stop.abort();
    cluster.close();
  });
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: 'h' };
  const renew = (name: string): void =>
    cluster.put('leases', {
      metadata: { namespace: 'kube-node-lease', name },
      spec: { renewTime: new Date(cluster.context.clock.now()).toISOString() },
    });
  for (const name of ['loud', 'mute']) cluster.put('nodes', { metadata: { name }, status: { conditions: [ready] } });
  const conditions = [{ type: 'Ready', status: 'True' }];
  cluster.put('pods', { metadata: { namespace: 'n', name: 'p' }, spec: { nodeName: 'mute' }, status: { conditions } });
  const running = nodeLifecycleController.start(cluster.context, stop.signal);
  cluster.failNext('pods', 1);
  for (let s = 0; s < 60; s += 10) {
    renew('loud');
    await cluster.pass(10_000);
  }
  const statusOf = (name: string): string | undefined =>
    cluster.get<Node>('nodes', name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const taintsOn = (name: string): string[] =>
    (cluster.get<Node>('nodes', name)?.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
  t.same([statusOf('loud'), statusOf('mute')], ['True', 'Unknown']);
  t.same(
    [taintsOn('loud'), taintsOn('mute')],
    [[], ['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule']],
  );
  t.equal(cluster.get<Pod>('pods', 'n/p')?.status?.conditions?.[0]?.status, 'False', 'marked at the second try');
  t.same(cluster.events, [
    'RegisteredNode: Node loud event: Registered Node loud in Controller',
    'RegisteredNode: Node mute event: Registered Node mute in Controller',
    'NodeNotReady: Node mute status is now: NodeNotReady',
    'NodeNotReady: Node is not ready',
  ]);
  await cluster.pass(60_000);
  t.same(
    [statusOf('loud'), taintsOn('mute')],
    ['Unknown', ['node.kubernetes.io/unreachable:NoSchedule']],
    'none is seen',
  );
  cluster.put('nodes', { metadata: { name: 'loud' }, status: { conditions: [{ ...ready, lastHeartbeatTime: 'i' }] } });
  await cluster.pass(30_000);
  t.same(taintsOn('mute')[0], 'node.kubernetes.io/unreachable:NoExecute');
  stop.abort();
  await running.ended;
});
