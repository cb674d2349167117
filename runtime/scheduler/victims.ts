import type { Api } from '../../api/object.ts';
import { labelSelectorMatcher } from '../../api/selectors.ts';
import { filterNode } from './find-nodes.ts';
import { type PodStep, type Rejection, unresolvable } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { Nominator } from './nominator.ts';
import type { PodInfo } from './pod-info.ts';

export type PodDisruptionBudget = Readonly<Api<'io.k8s.api.policy.v1.PodDisruptionBudget'>>;

/** A node and who would have to leave it, the most important first. */
export interface Candidate {
  readonly node: NodeInfo;
  readonly victims: readonly PodInfo[];
  /** How many of them leave although a budget forbids it. */
  readonly violations: number;
}

/** As an RFC 3339 text, which sorts as it should; a pod that has not started counts as the newest. */
export function startTimeOf({ pod }: PodInfo): string {
  return pod.status?.startTime ?? '9999-12-31T23:59:59Z';
}

/** Higher priority first, then those that have run longer. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [since, other] = [startTimeOf(a), startTimeOf(b)];
  return since < other ? -1 : since > other ? 1 : 0;
}

/** Which of `pods`, in their order, budgets would forbid to take away. */
function violating(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<PodInfo> {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const selectors = budgets.map(({ spec }) => labelSelectorMatcher(spec?.selector));
  const found = new Set<PodInfo>();
  for (const pod of pods) {
    if (Object.keys(pod.labels).length === 0) continue;
    for (const [i, { metadata, status }] of budgets.entries()) {
      const selector = selectors[i];
      if (metadata?.namespace !== pod.namespace || selector === undefined) continue;
      if (selector.isEverything || !selector.matches(pod.labels)) continue;
      // Its disruption has been counted already.
      if (status?.disruptedPods?.[pod.name] !== undefined) continue;
      const remaining = (left[i] ?? 0) - 1;
      left[i] = remaining;
      if (remaining < 0) found.add(pod);
    }
  }
  return found;
}

export interface VictimSearch {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
  /** A copy: they are told of pods that go and come back. */
  readonly steps: readonly PodStep[];
  readonly nominator: Nominator;
  readonly budgets: readonly PodDisruptionBudget[];
}

/** The least that must leave a node for the pod: all of lower priority go, then come back as far as it still fits. */
export function findVictims({ pod, node, steps, nominator, budgets }: VictimSearch): Candidate | Rejection {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return unresolvable('DefaultPreemption', 'No preemption victims found for incoming pod');
  const thought = node.clone();
  const remove = (other: PodInfo): void => {
    thought.removePod(other.uid);
    for (const step of steps) step.removePod?.(other, thought);
  };
  const add = (other: PodInfo): void => {
    thought.addPod(other);
    for (const step of steps) step.addPod?.(other, thought);
  };
  for (const other of lower) remove(other);
  const rejection = filterNode(steps, pod, thought, nominator);
  if (rejection !== undefined) return rejection;
  const sorted = lower.toSorted(byImportance);
  const protectedPods = violating(sorted, budgets);
  const victims: PodInfo[] = [];
  let violations = 0;
  for (const other of [
    ...sorted.filter((one) => protectedPods.has(one)),
    ...sorted.filter((one) => !protectedPods.has(one)),
  ]) {
    add(other);
    if (filterNode(steps, pod, thought, nominator) === undefined) continue;
    remove(other);
    victims.push(other);
    if (protectedPods.has(other)) violations++;
  }
  return { node, victims: victims.sort(byImportance), violations };
}

/** The sum of priorities, moved so that a negative one adds, too. */
function weightOf(victims: readonly PodInfo[]): number {
  return victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0);
}

/** When the longest running of the most important victims began. */
function earliestStart(victims: readonly PodInfo[]): string {
  const highest = victims[0]?.priority;
  return (
    victims
      .filter(({ priority }) => priority === highest)
      .map(startTimeOf)
      .sort()[0] ?? ''
  );
}

/** Fewest violations, least important victims, least in sum, fewest, most recently started; then the first. */
export function bestCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const measures: ((candidate: Candidate) => number | string)[] = [
    ({ violations }) => violations,
    ({ victims }) => victims[0]?.priority ?? 0,
    ({ victims }) => weightOf(victims),
    ({ victims }) => victims.length,
  ];
  let left = candidates;
  for (const measure of measures) {
    const values = left.map(measure);
    const least = values.reduce((lowest, value) => (value < lowest ? value : lowest), values[0] ?? 0);
    left = left.filter((_, i) => values[i] === least);
    if (left.length <= 1) return left[0];
  }
  const starts = left.map(({ victims }) => earliestStart(victims));
  const latest = starts.toSorted().at(-1);
  return left.find((_, i) => starts[i] === latest);
}
