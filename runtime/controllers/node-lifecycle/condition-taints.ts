import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { KeyedController } from '../keyed-runner.ts';
import { unlessMissing } from '../publishers/status-cause.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;
type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

export const nodeLifecycleControllerName = 'node-lifecycle-controller';
const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** Condition, status, and the taint that says so to the scheduler. */
const conditionTaints: readonly (readonly [type: string, status: string, taint: string])[] = [
  ['Ready', 'False', 'node.kubernetes.io/not-ready'],
  ['Ready', 'Unknown', 'node.kubernetes.io/unreachable'],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];
const managed = new Set([...conditionTaints.map(([, , taint]) => taint), unschedulableTaint]);

/** The NoSchedule taints that a node's conditions and `unschedulable` ask for; those of others stay. A node that said nothing yet keeps its own. */
export function taintsOf(node: Readonly<Node>, now: number): Taint[] {
  const conditions = new Map((node.status?.conditions ?? []).map(({ type, status }) => [type, status]));
  const taints = node.spec?.taints ?? [];
  if (!conditions.has('Ready') && node.spec?.unschedulable !== true) return taints;
  const wanted = conditionTaints
    .filter(([type, status]) => conditions.get(type) === status)
    .map(([, , taint]) => taint);
  if (node.spec?.unschedulable === true) wanted.push(unschedulableTaint);
  const isOurs = ({ key, effect }: Taint): boolean => effect === 'NoSchedule' && managed.has(key ?? '');
  const kept = taints.filter((taint) => !isOurs(taint) || wanted.includes(taint.key ?? ''));
  const missing = wanted.filter((key) => !kept.some((taint) => isOurs(taint) && taint.key === key));
  return [...kept, ...missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded: toTime(now) }))];
}

/** The part of upstream's node life cycle that keeps pods away from nodes in trouble; evictions and leases come with nodes. */
export function nodeLifecycleController(client: ApiClient, clock: Clock): KeyedController {
  return {
    name: nodeLifecycleControllerName,
    sources: [{ resource: nodes, keysOf: ({ object }) => [object.metadata?.name ?? ''] }],
    reconcile: async (name) => {
      const node = await unlessMissing(client.get<Node>(nodes, '', name));
      if (node === undefined) return;
      const taints = taintsOf(node, clock.now());
      if (semanticEqual(taints, node.spec?.taints ?? [])) return;
      await client.update<Node>(nodes, '', { ...node, spec: { ...node.spec, taints } });
    },
  };
}
