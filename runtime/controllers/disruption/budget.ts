import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { Api, LabelSelector } from '../../../api/object.ts';
import { isPodReady, type Pod, timeOf } from '../pod-state.ts';

export type Budget = Readonly<Api<'io.k8s.api.policy.v1.PodDisruptionBudget'>>;
export type BudgetStatus = Api<'io.k8s.api.policy.v1.PodDisruptionBudgetStatus'>;
type Condition = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.Condition'>;

export const budgetKind = { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget' } as const;
export const budgetResource = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' } as const;

const conditionType = 'DisruptionAllowed';
/** A pod whose eviction was allowed is gone by then, or stays. */
const deletionTimeoutMs = 120_000;

export interface Disrupted {
  readonly pods: Record<string, string>;
  /** Allowed long ago, but still there. */
  readonly forgotten: readonly Pod[];
  /** When the first of them is to be looked at again. */
  readonly recheckMs?: number;
}

/** Evictions that were allowed and are not to be seen yet. */
export function disruptedPods({ status }: Budget, pods: readonly Pod[], now: number): Disrupted {
  const result: Record<string, string> = {};
  const forgotten: Pod[] = [];
  let recheckMs: number | undefined;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const since = status?.disruptedPods?.[name];
    if (since === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
    const left = (timeOf(since) ?? 0) + deletionTimeoutMs - now;
    if (left < 0) forgotten.push(pod);
    else {
      recheckMs = Math.min(left, recheckMs ?? left);
      result[name] = since;
    }
  }
  return { pods: result, forgotten, ...(recheckMs === undefined ? {} : { recheckMs }) };
}

export function countHealthy(pods: readonly Pod[], disrupted: Readonly<Record<string, string>>, now: number): number {
  return pods.filter((pod) => {
    if (pod.metadata?.deletionTimestamp !== undefined || !isPodReady(pod)) return false;
    const since = timeOf(disrupted[pod.metadata?.name ?? '']);
    return since === undefined || since + deletionTimeoutMs <= now;
  }).length;
}

export interface Counts {
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly disruptedPods: Readonly<Record<string, string>>;
}

/** undefined when the status says so already. */
export function nextStatus(budget: Budget, counts: Counts, now: number): BudgetStatus | undefined {
  const { status, metadata } = budget;
  const { expectedPods } = counts;
  // A budget without pods allows nothing, so that its first ones are safe before they are counted.
  const spare = counts.currentHealthy - counts.desiredHealthy;
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, spare) : 0;
  const condition = conditionFor(disruptionsAllowed, metadata?.generation ?? 0);
  const present = status?.conditions?.find(({ type }) => type === conditionType);
  const isCurrent =
    status?.currentHealthy === counts.currentHealthy &&
    status.desiredHealthy === counts.desiredHealthy &&
    status.expectedPods === expectedPods &&
    status.disruptionsAllowed === disruptionsAllowed &&
    status.observedGeneration === metadata?.generation &&
    semanticEqual(status.disruptedPods, counts.disruptedPods) &&
    present?.status === condition.status &&
    present?.reason === condition.reason;
  if (isCurrent) return undefined;
  const { disruptedPods: disrupted, ...numbers } = counts;
  return {
    ...numbers,
    disruptionsAllowed,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
    observedGeneration: metadata?.generation ?? 0,
    conditions: withCondition(status?.conditions, condition, now),
  };
}

function conditionFor(disruptionsAllowed: number, observedGeneration: number): Condition {
  const isAllowed = disruptionsAllowed > 0;
  const reason = isAllowed ? 'SufficientPods' : 'InsufficientPods';
  return { type: conditionType, status: isAllowed ? 'True' : 'False', reason, message: '', observedGeneration };
}

/** Nothing is allowed while the numbers cannot be had. */
export function failedStatus({ status }: Budget, message: string, now: number): BudgetStatus {
  const observedGeneration = status?.observedGeneration ?? 0;
  const condition = { type: conditionType, status: 'False', reason: 'SyncFailed', message, observedGeneration };
  return {
    ...status,
    currentHealthy: status?.currentHealthy ?? 0,
    desiredHealthy: status?.desiredHealthy ?? 0,
    expectedPods: status?.expectedPods ?? 0,
    disruptionsAllowed: 0,
    conditions: withCondition(status?.conditions, condition, now),
  };
}

function withCondition(conditions: readonly Condition[] = [], condition: Condition, now: number): Condition[] {
  const index = conditions.findIndex(({ type }) => type === condition.type);
  const present = conditions[index];
  const isSame = present !== undefined && present.status === condition.status;
  const lastTransitionTime = (isSame ? present.lastTransitionTime : undefined) ?? toTime(now);
  const next = { ...condition, lastTransitionTime };
  return index < 0 ? [...conditions, next] : conditions.with(index, next);
}

/** As upstream's events print a selector. */
export function selectorText(selector: Readonly<LabelSelector> | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const labelText = labels.map(([key, value]) => `${key}: ${value},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${labelText}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
