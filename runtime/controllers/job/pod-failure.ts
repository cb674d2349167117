import type { Api } from '../../../api/object.ts';
import type { Pod } from '../pod-state.ts';
import { type Job, replacesOnlyFailed } from './job.ts';

type Policy = Api<'io.k8s.api.batch.v1.PodFailurePolicy'>;
type Rule = Api<'io.k8s.api.batch.v1.PodFailurePolicyRule'>;
type OnExitCodes = Api<'io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement'>;
type ContainerStatus = Api<'io.k8s.api.core.v1.ContainerStatus'>;

export interface FailureVerdict {
  /** Towards the limits of failures. */
  readonly isCounted: boolean;
  readonly failsIndex: boolean;
  /** Why the whole Job fails. */
  readonly failsJob?: string;
}

const counted: FailureVerdict = { isCounted: true, failsIndex: false };

/** Pods that go without having ended count as failed, or nobody would ever count them, unless their end is waited for. */
export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (replacesOnlyFailed(job)) return false;
  return pod.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
}

/** What the first matching rule says of a failed pod. */
export function judgeFailure(policy: Readonly<Policy> | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const what = matchedBy(rule, pod);
    if (what === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
        return { isCounted: false, failsIndex: false };
      case 'FailIndex':
        return { isCounted: true, failsIndex: true };
      case 'Count':
        return counted;
      case 'FailJob':
        return { ...counted, failsJob: `${what} matching ${rule.action} rule at index ${index}` };
      default:
      // What a later release means by it is not known here.
    }
  }
  return counted;
}

function matchedBy(rule: Rule, pod: Pod): string | undefined {
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  if (rule.onExitCodes !== undefined) {
    const { onExitCodes } = rule;
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    const container = [...containerStatuses, ...initContainerStatuses].find((status) => hasExit(status, onExitCodes));
    if (container === undefined) return undefined;
    return `Container ${container.name} for pod ${name} failed with exit code ${exitCodeOf(container)}`;
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    rule.onPodConditions?.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  );
  return condition === undefined ? undefined : `Pod ${name} has condition ${condition.type}`;
}

function exitCodeOf({ state }: ContainerStatus): number {
  return state?.terminated?.exitCode ?? 0;
}

function hasExit(container: ContainerStatus, { containerName, operator, values }: OnExitCodes): boolean {
  if (containerName !== undefined && containerName !== container.name) return false;
  const code = exitCodeOf(container);
  if (code === 0) return false;
  const isListed = values?.includes(code) === true;
  return operator === 'In' ? isListed : operator === 'NotIn' && !isListed;
}
