import { test } from 'tap';
import { taintsOf } from './condition-taints.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const own = { key: 'example.com/own', effect: 'NoSchedule' };

function node(ready: string | undefined, taints: object[], unschedulable = false) {
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready }];
  return { spec: { taints, unschedulable }, status: { conditions } };
}

test('a node that says nothing keeps its taints', async (t) => {
  t.same(taintsOf(node(undefined, [notReady]), 0), [notReady]);
});

test('a ready node loses the taint of one that is not, and keeps those of others', async (t) => {
  t.same(taintsOf(node('True', [notReady, own]), 0), [own]);
});

test('conditions and unschedulable become taints, once', async (t) => {
  const taints = taintsOf(node('Unknown', [own], true), 0);
  t.same(
    taints.map(({ key }) => key),
    ['example.com/own', 'node.kubernetes.io/unreachable', 'node.kubernetes.io/unschedulable'],
  );
  t.same(taintsOf(node('Unknown', taints, true), 5), taints);
});
