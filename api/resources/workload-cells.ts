import type { Api } from '../object.ts';
import { horizontalPodAutoscalerCells } from './autoscaler-cells.ts';
import {
  age,
  type CellTable,
  cellsOf,
  containerImages,
  containerNames,
  isTrue,
  labelText,
  name,
  selectorOrNone,
  selectorText,
  since,
} from './cell.ts';
import { humanDuration } from './human-duration.ts';
import { podCells } from './pod-cells.ts';

type ReplicationController = Api<'io.k8s.api.core.v1.ReplicationController'>;
type PodTemplate = Api<'io.k8s.api.core.v1.PodTemplate'>;
type ReplicaSet = Api<'io.k8s.api.apps.v1.ReplicaSet'>;
type Deployment = Api<'io.k8s.api.apps.v1.Deployment'>;
type DaemonSet = Api<'io.k8s.api.apps.v1.DaemonSet'>;
type StatefulSet = Api<'io.k8s.api.apps.v1.StatefulSet'>;
type ControllerRevision = Api<'io.k8s.api.apps.v1.ControllerRevision'>;
type Job = Api<'io.k8s.api.batch.v1.Job'>;
type CronJob = Api<'io.k8s.api.batch.v1.CronJob'>;
type PodDisruptionBudget = Api<'io.k8s.api.policy.v1.PodDisruptionBudget'>;
type Scale = Api<'io.k8s.api.autoscaling.v1.Scale'>;

const jobStates = ['Complete', 'Failed', 'Terminating', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'];

function jobStatus({ metadata, status }: Job): string {
  const holds = (state: string) =>
    state === 'Terminating' ? metadata?.deletionTimestamp !== undefined : isTrue(status?.conditions, state);
  return jobStates.find(holds) ?? 'Running';
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return `${succeeded}/1${parallelism > 1 ? ` of ${parallelism}` : ''}`;
}

function jobDuration({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return '';
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}

/** `kind[.group]/name` of the owner that controls an object. */
function controllerName({ metadata }: ControllerRevision): string {
  const owner = metadata?.ownerReferences?.find((reference) => reference.controller);
  if (owner === undefined) return '<none>';
  const [group] = (owner.apiVersion ?? '').includes('/') ? (owner.apiVersion ?? '').split('/') : [''];
  return `${`${owner.kind ?? ''}${group ? `.${group}` : ''}`.toLowerCase()}/${owner.name ?? ''}`;
}

function suspendText(suspend: boolean | undefined): string {
  if (suspend === undefined) return '<unset>';
  return suspend ? 'True' : 'False';
}

export const workloadCells: CellTable = {
  pods: podCells,
  podtemplates: cellsOf<PodTemplate>(
    name,
    ({ template }) => containerNames(template?.spec),
    ({ template }) => containerImages(template?.spec),
    ({ template }) => labelText(template?.metadata?.labels),
  ),
  replicationcontrollers: cellsOf<ReplicationController>(
    name,
    ({ spec }) => spec?.replicas ?? 0,
    ({ status }) => status?.replicas ?? 0,
    ({ status }) => status?.readyReplicas ?? 0,
    age,
    ({ spec }) => containerNames(spec?.template?.spec),
    ({ spec }) => containerImages(spec?.template?.spec),
    ({ spec }) => labelText(spec?.selector),
  ),
  'replicasets.apps': cellsOf<ReplicaSet>(
    name,
    ({ spec }) => spec?.replicas ?? 0,
    ({ status }) => status?.replicas ?? 0,
    ({ status }) => status?.readyReplicas ?? 0,
    age,
    ({ spec }) => containerNames(spec?.template?.spec),
    ({ spec }) => containerImages(spec?.template?.spec),
    ({ spec }) => selectorOrNone(spec?.selector),
  ),
  'deployments.apps': cellsOf<Deployment>(
    name,
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ({ status }) => status?.updatedReplicas ?? 0,
    ({ status }) => status?.availableReplicas ?? 0,
    age,
    ({ spec }) => containerNames(spec?.template?.spec),
    ({ spec }) => containerImages(spec?.template?.spec),
    ({ spec }) => selectorText(spec?.selector, '<invalid>'),
  ),
  'daemonsets.apps': cellsOf<DaemonSet>(
    name,
    ({ status }) => status?.desiredNumberScheduled ?? 0,
    ({ status }) => status?.currentNumberScheduled ?? 0,
    ({ status }) => status?.numberReady ?? 0,
    ({ status }) => status?.updatedNumberScheduled ?? 0,
    ({ status }) => status?.numberAvailable ?? 0,
    ({ spec }) => labelText(spec?.template?.spec?.nodeSelector),
    age,
    ({ spec }) => containerNames(spec?.template?.spec),
    ({ spec }) => containerImages(spec?.template?.spec),
    ({ spec }) => selectorOrNone(spec?.selector),
  ),
  'statefulsets.apps': cellsOf<StatefulSet>(
    name,
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    age,
    ({ spec }) => containerNames(spec?.template?.spec),
    ({ spec }) => containerImages(spec?.template?.spec),
  ),
  'controllerrevisions.apps': cellsOf<ControllerRevision>(name, controllerName, ({ revision }) => revision ?? 0, age),
  'jobs.batch': cellsOf<Job>(
    name,
    jobStatus,
    jobCompletions,
    (job, { now }) => jobDuration(job, now),
    age,
    ({ spec }) => containerNames(spec?.template?.spec),
    ({ spec }) => containerImages(spec?.template?.spec),
    ({ spec }) => selectorOrNone(spec?.selector),
  ),
  'cronjobs.batch': cellsOf<CronJob>(
    name,
    ({ spec }) => spec?.schedule ?? '',
    ({ spec }) => spec?.timeZone ?? '<none>',
    ({ spec }) => suspendText(spec?.suspend),
    ({ status }) => status?.active?.length ?? 0,
    ({ status }, context) => (status?.lastScheduleTime ? since(status.lastScheduleTime, context) : '<none>'),
    age,
    ({ spec }) => containerNames(spec?.jobTemplate?.spec?.template?.spec),
    ({ spec }) => containerImages(spec?.jobTemplate?.spec?.template?.spec),
    ({ spec }) => selectorOrNone(spec?.jobTemplate?.spec?.selector),
  ),
  'horizontalpodautoscalers.autoscaling': horizontalPodAutoscalerCells,
  'poddisruptionbudgets.policy': cellsOf<PodDisruptionBudget>(
    name,
    ({ spec }) => String(spec?.minAvailable ?? 'N/A'),
    ({ spec }) => String(spec?.maxUnavailable ?? 'N/A'),
    ({ status }) => status?.disruptionsAllowed ?? 0,
    age,
  ),
  scale: cellsOf<Scale>(
    name,
    ({ spec }) => spec?.replicas ?? 0,
    ({ status }) => status?.replicas ?? 0,
    age,
  ),
};
