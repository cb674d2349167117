import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { forbiddenError, StatusError } from '../../../api/status.ts';
import { withCondition } from './pod-conditions.ts';
import type { Pod } from './pod-types.ts';

export type PodDisruptionBudget = Api<'io.k8s.api.policy.v1.PodDisruptionBudget'>;
type BudgetStatus = NonNullable<PodDisruptionBudget['status']>;

/** Evictions that a budget's controller has not seen yet; more than this and it is not keeping up. */
const maxDisruptedPods = 2000;
const violation = "Cannot evict pod as it would violate the pod's disruption budget.";
const pendingRetrySeconds = 10;

export interface EvictionDecision {
  /** The budget to store (its status changed) before the pod is deleted; on a conflict read both again and decide anew. */
  readonly budget?: PodDisruptionBudget;
  /** The pod must be deleted only if it is still the version that was looked at. */
  readonly pinsVersion: boolean;
  /** Named in the answer when that version is gone. */
  readonly budgetName?: string;
}

function tooManyRequests(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError('TooManyRequests', violation, {
    details: {
      causes: [{ reason: 'DisruptionBudget', message }],
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  });
}

/** 429: the budget's numbers are not of its present form, or the pod changed meanwhile. */
export function budgetStillProcessed(name: string): StatusError {
  return tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, pendingRetrySeconds);
}

function isReady(pod: Readonly<Pod>): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Pods that do not count: not started, ended, or going away already. */
export function isOutsideBudgets({ metadata, status }: Readonly<Pod>): boolean {
  const phase = status?.phase;
  return (
    phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || metadata?.deletionTimestamp !== undefined
  );
}

/**
 * Whether the pod may be evicted now, given all budgets of its namespace. Throws the answer when it may not:
 * 429 from the budget, 500 where several cover the pod.
 */
export function decideEviction(
  pod: Readonly<Pod>,
  budgets: readonly Readonly<PodDisruptionBudget>[],
  options: { readonly now: number; readonly dryRun: boolean },
): EvictionDecision {
  if (isOutsideBudgets(pod))
    return { pinsVersion: pod.status?.phase === 'Pending' && pod.metadata?.deletionTimestamp === undefined };
  const labels = pod.metadata?.labels;
  const [budget, ...others] = budgets.filter(({ spec }) => labelSelectorMatcher(spec?.selector).matches(labels));
  if (budget === undefined) return { pinsVersion: false };
  if (others.length > 0) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new StatusError('', message, { code: 500 });
  }
  const budgetName = budget.metadata?.name ?? '';
  if (!isReady(pod) && allowsUnhealthy(budget)) return { pinsVersion: true, budgetName };
  checkBudget(budget, budgetName);
  if (options.dryRun) return { pinsVersion: false, budgetName };
  const status = disrupted(budget, pod.metadata?.name ?? '', options.now);
  return { pinsVersion: false, budgetName, budget: { ...budget, status } };
}

/** A pod that is down takes nothing from an application that has enough healthy ones. */
function allowsUnhealthy({ spec, status }: Readonly<PodDisruptionBudget>): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function checkBudget(budget: Readonly<PodDisruptionBudget>, name: string): void {
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = budget.status ?? {};
  const resource = { group: 'policy', resource: 'poddisruptionbudget' };
  if (observedGeneration < (budget.metadata?.generation ?? 0)) throw budgetStillProcessed(name);
  if (disruptionsAllowed < 0) throw forbiddenError(resource, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbiddenError(resource, name, why);
  }
  if (disruptionsAllowed === 0) throw tooManyRequests(refusal(budget.status ?? {}, name));
}

function refusal(status: Readonly<BudgetStatus>, name: string): string {
  const { desiredHealthy = 0, currentHealthy = 0 } = status;
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const why = condition?.status === 'False' ? condition.message : undefined;
  if (why && condition?.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${why}`;
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  const plain = `The disruption budget ${name} does not allow evicting pods currently`;
  return why ? `${plain} (${condition?.reason ?? ''}): ${why}` : plain;
}

/** One disruption fewer is allowed, and its controller learns which pod took it. */
function disrupted(budget: Readonly<PodDisruptionBudget>, podName: string, now: number): BudgetStatus {
  const status = budget.status ?? {};
  const disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
  const next: BudgetStatus = {
    ...status,
    disruptionsAllowed,
    disruptedPods: { ...status.disruptedPods, [podName]: toTime(now) },
  };
  if (disruptionsAllowed > 0) return next;
  const type = 'DisruptionAllowed';
  const before = status.conditions?.find((condition) => condition.type === type);
  const condition = {
    type,
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration: status.observedGeneration ?? 0,
    lastTransitionTime: (before?.status === 'False' ? before.lastTransitionTime : undefined) ?? toTime(now),
  };
  next.conditions =
    before === undefined
      ? [...(status.conditions ?? []), condition]
      : (status.conditions ?? []).map((candidate) => (candidate === before ? condition : candidate));
  return next;
}

/** The pod as it is stored before an eviction deletes it. */
export function withEvictionCondition(pod: Readonly<Pod>, now: number): Pod {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  return { ...pod, status: { ...pod.status, conditions: withCondition(pod.status?.conditions, condition, now) } };
}
