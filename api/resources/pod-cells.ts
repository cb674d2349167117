import type { Api } from '../object.ts';
import { age, cellsOf, findCondition, isTrue, name, since } from './cell.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type ContainerStatus = Api<'io.k8s.api.core.v1.ContainerStatus'>;

interface PodSummary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** RFC 3339, of the latest restart. */
  restartedAt: string | undefined;
}

function latest(a: string | undefined, status: ContainerStatus): string | undefined {
  const b = status.lastState?.terminated?.finishedAt;
  return b !== undefined && (a === undefined || a < b) ? b : a;
}

function terminatedReason({ state }: ContainerStatus): string {
  const { reason, signal, exitCode } = state?.terminated ?? {};
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`);
}

function sidecarNames(pod: Pod): Set<string | undefined> {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return new Set(sidecars.map((container) => container.name));
}

function initialReason(pod: Pod): string {
  const gated = pod.status?.conditions?.some(
    (condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  );
  return gated ? 'SchedulingGated' : pod.status?.reason || (pod.status?.phase ?? '');
}

/** Goes through the init containers up to the first that is not done; says whether there was one. */
function addInitContainers(summary: PodSummary, pod: Pod, sidecars: ReadonlySet<string | undefined>): boolean {
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    summary.restarts += status.restartCount ?? 0;
    summary.restartedAt = latest(summary.restartedAt, status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated !== undefined && (terminated.exitCode ?? 0) === 0) continue;
    if (sidecars.has(status.name) && status.started) {
      if (status.ready) summary.ready++;
      continue;
    }
    if (terminated !== undefined) summary.reason = `Init:${terminatedReason(status)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') summary.reason = `Init:${waiting.reason}`;
    else summary.reason = `Init:${i}/${pod.spec?.initContainers?.length ?? 0}`;
    return true;
  }
  return false;
}

/** What one container says of the pod's state, going from the last to the first. */
function addContainers(summary: PodSummary, pod: Pod): void {
  let hasRunning = false;
  let errorReason = '';
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    summary.restarts += status.restartCount ?? 0;
    summary.restartedAt = latest(summary.restartedAt, status);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated !== undefined) {
      summary.reason = terminatedReason(status);
      if ((terminated.exitCode ?? 0) !== 0) errorReason = summary.reason;
    } else if (status.ready && running !== undefined) {
      hasRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason !== 'Completed') return;
  if (hasRunning && isTrue(pod.status?.conditions, 'Ready')) summary.reason = 'Running';
  else if (errorReason !== '') summary.reason = errorReason;
  else if (hasRunning) summary.reason = 'NotReady';
}

function addSidecarRestarts(summary: PodSummary, pod: Pod, sidecars: ReadonlySet<string | undefined>): void {
  // Upstream stops at the first unfinished one; those behind it have not started anyway.
  for (const status of pod.status?.initContainerStatuses ?? []) {
    if (!sidecars.has(status.name)) continue;
    summary.restarts += status.restartCount ?? 0;
    summary.restartedAt = latest(summary.restartedAt, status);
  }
}

function summarize(pod: Pod): PodSummary {
  const sidecars = sidecarNames(pod);
  const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;
  const summary: PodSummary = { ready: 0, total, reason: initialReason(pod), restarts: 0, restartedAt: undefined };
  const initializing = addInitContainers(summary, pod, sidecars);
  if (!initializing || findCondition(pod.status?.conditions, 'Initialized')?.status === 'True') {
    summary.restarts = 0;
    summary.restartedAt = undefined;
    addSidecarRestarts(summary, pod, sidecars);
    addContainers(summary, pod);
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    const { reason, phase } = pod.status ?? {};
    if (reason === 'NodeLost') summary.reason = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') summary.reason = 'Terminating';
  }
  return summary;
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter((gate) => findCondition(status?.conditions, gate.conditionType ?? '')?.status === 'True');
  return `${open.length}/${gates.length}`;
}

export const podCells = cellsOf<Pod>(
  name,
  (pod) => {
    const { ready, total } = summarize(pod);
    return `${ready}/${total}`;
  },
  (pod) => summarize(pod).reason,
  (pod, context) => {
    const { restarts, restartedAt } = summarize(pod);
    const ago = restarts === 0 || restartedAt === undefined ? '' : ` (${since(restartedAt, context)} ago)`;
    return `${restarts}${ago}`;
  },
  age,
  ({ status }) => status?.podIPs?.[0]?.ip || status?.podIP || '<none>',
  ({ spec }) => spec?.nodeName || '<none>',
  ({ status }) => status?.nominatedNodeName || '<none>',
  readinessGates,
);

export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Clients may hide the rows of pods that are done. */
export function podRowConditions(pod: Pod): RowCondition[] {
  const reason = pod.status?.phase;
  if (reason === 'Succeeded') {
    return [{ type: 'Completed', status: 'True', reason, message: 'The pod has completed successfully.' }];
  }
  if (reason === 'Failed') return [{ type: 'Completed', status: 'True', reason, message: 'The pod failed.' }];
  return [];
}
