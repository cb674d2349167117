import { toTime } from '../../../api/clock.ts';
import type { Node, Taint } from './kinds.ts';

const unschedulableTaint = 'node.kubernetes.io/unschedulable';
export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';

/** Condition, status, and the taint that says so to the scheduler. */
const conditionTaints: readonly (readonly [type: string, status: string, taint: string])[] = [
  ['Ready', 'False', notReadyTaint],
  ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];
const managed = new Set([...conditionTaints.map(([, , taint]) => taint), unschedulableTaint]);

/** The NoSchedule taints that a node's conditions and `unschedulable` ask for; those of others stay. The same list when nothing changes. */
export function taintsOf(node: Readonly<Node>, now: number): readonly Taint[] {
  const conditions = new Map((node.status?.conditions ?? []).map(({ type, status }) => [type, status]));
  const taints = node.spec?.taints ?? [];
  const wanted = conditionTaints
    .filter(([type, status]) => conditions.get(type) === status)
    .map(([, , taint]) => taint);
  if (node.spec?.unschedulable === true) wanted.push(unschedulableTaint);
  const isOurs = ({ key, effect }: Taint): boolean => effect === 'NoSchedule' && managed.has(key ?? '');
  const kept = taints.filter((taint) => !isOurs(taint) || wanted.includes(taint.key ?? ''));
  const missing = wanted.filter((key) => !kept.some((taint) => isOurs(taint) && taint.key === key));
  if (missing.length === 0 && kept.length === taints.length) return taints;
  return [...kept, ...missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded: toTime(now) }))];
}

export function hasNoExecute({ spec }: Readonly<Node>, key: string): boolean {
  return (spec?.taints ?? []).some((taint) => taint.key === key && taint.effect === 'NoExecute');
}

/** With the NoExecute taint `key`, and without the one that says the opposite; '' takes both away. The same list when nothing changes. */
export function withNoExecute(taints: readonly Taint[], key: string, now: number): readonly Taint[] {
  const isOurs = (taint: Taint): boolean =>
    taint.effect === 'NoExecute' && (taint.key === notReadyTaint || taint.key === unreachableTaint);
  const kept = taints.filter((taint) => !isOurs(taint) || taint.key === key);
  const isThere = kept.some(isOurs);
  if (kept.length === taints.length && (key === '' || isThere)) return taints;
  return key === '' || isThere ? kept : [...kept, { key, effect: 'NoExecute', timeAdded: toTime(now) }];
}

/** Labels by their older names, which follow the newer ones. */
const olderLabels: readonly (readonly [label: string, older: string])[] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
];

/** Labels that a node lacks; undefined when none. */
export function missingLabels({ metadata }: Readonly<Node>): Record<string, string> | undefined {
  const missing: Record<string, string> = {};
  for (const [label, older] of olderLabels) {
    const value = metadata?.labels?.[label];
    if (value !== undefined && metadata?.labels?.[older] !== value) missing[older] = value;
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}
