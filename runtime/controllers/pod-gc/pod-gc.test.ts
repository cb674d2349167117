import t from 'tap';
import type { Pod } from '../pod-state.ts';
import { failedStatus, isOutOfService, surplusPods } from './pod-gc.ts';

function pod(name: string, phase: string, created: string, reason?: string): Pod {
  return {
    metadata: { name, creationTimestamp: `2026-01-01T00:00:${created}Z` },
    status: { phase, ...(reason === undefined ? {} : { reason }) },
  };
}

await t.test('too many ended pods: evicted ones go first, then the oldest', async (t) => {
  const all = [
    pod('new', 'Succeeded', '30'),
    pod('running', 'Running', '00'),
    pod('old', 'Failed', '10'),
    pod('evicted', 'Failed', '40', 'Evicted'),
    pod('older', 'Succeeded', '05'),
  ];
  const names = (threshold: number) => surplusPods(all, threshold).map(({ metadata }) => metadata?.name);
  t.same(names(4), []);
  t.same(names(2), ['evicted', 'older']);
  t.same(names(0), [], 'no threshold keeps all');
});

await t.test('a node is out of service when it is not ready and somebody said so', async (t) => {
  const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }];
  const ready = (status: string) => ({ conditions: [{ type: 'Ready', status }] });
  t.equal(isOutOfService({ spec: { taints }, status: ready('False') }), true);
  t.equal(isOutOfService({ spec: { taints }, status: ready('True') }), false);
  t.equal(isOutOfService({ status: ready('Unknown') }), false);
  t.equal(isOutOfService(undefined), false);
});

await t.test('a pod that ends without its node fails, once', async (t) => {
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: 'gone' };
  const now = Date.parse('2026-01-01T01:00:00Z');
  const running: Pod = { metadata: { generation: 3 }, status: { phase: 'Running' } };
  t.same(failedStatus(running, condition, now), {
    phase: 'Failed',
    observedGeneration: 3,
    conditions: [{ ...condition, observedGeneration: 3, lastTransitionTime: '2026-01-01T01:00:00Z' }],
  });
  t.equal(failedStatus({ status: { phase: 'Succeeded' } }, condition, now), undefined);
});
