import { toTime } from '../../../api/clock.ts';
import type { Api, KubeObject } from '../../../api/object.ts';
import { type Job, jobKind } from '../job/job.ts';
import { controllerRef } from '../ownership.ts';
import { timeOf } from '../pod-state.ts';

export type CronJob = Readonly<Api<'io.k8s.api.batch.v1.CronJob'>>;
export type CronJobStatus = Api<'io.k8s.api.batch.v1.CronJobStatus'>;

export const cronJobKind = { group: 'batch', version: 'v1', kind: 'CronJob' } as const;
export const cronJobResource = { group: 'batch', version: 'v1', resource: 'cronjobs' } as const;

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
const minuteMs = 60_000;

export function isListedActive(status: Readonly<CronJobStatus>, uid: string | undefined): boolean {
  return status.active?.some((reference) => reference.uid === uid) === true;
}

export function withoutActive(status: Readonly<CronJobStatus>, uid: string | undefined): CronJobStatus {
  return { ...status, active: (status.active ?? []).filter((reference) => reference.uid !== uid) };
}

/** The same for the same scheduled minute, so that no run is started twice. */
export function jobNameAt({ metadata }: CronJob, scheduledMs: number): string {
  return `${metadata?.name}-${Math.floor(scheduledMs / minuteMs)}`;
}

export function jobOfRun(cronJob: CronJob, scheduledMs: number): Api<'io.k8s.api.batch.v1.Job'> {
  const { jobTemplate, timeZone } = cronJob.spec ?? {};
  const { labels, annotations } = jobTemplate?.metadata ?? {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobNameAt(cronJob, scheduledMs),
      namespace: cronJob.metadata?.namespace ?? '',
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [scheduledAnnotation]: zonedTime(scheduledMs, timeZone) },
      ownerReferences: [controllerRef(cronJob, cronJobKind)],
    },
    spec: { ...jobTemplate?.spec },
  };
}

/** RFC 3339 with the zone's offset. */
export function zonedTime(ms: number, timeZone: string | undefined): string {
  if (timeZone === undefined || timeZone === '') return toTime(ms);
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign = '+', hours = '00', minutes = '00'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return offset === 0 ? toTime(ms) : toTime(ms + offset * minuteMs).replace('Z', `${sign}${hours}:${minutes}`);
}

export function referenceToJob({ metadata }: Readonly<KubeObject>): Api<'io.k8s.api.core.v1.ObjectReference'> {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata ?? {};
  return { kind: jobKind.kind, namespace, name, uid, apiVersion: 'batch/v1', resourceVersion };
}

/** Jobs that have not started come last. */
export function byStartTime(a: Job, b: Job): number {
  const [x, y] = [timeOf(a.status?.startTime), timeOf(b.status?.startTime)];
  if (x === y) return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
  return (x ?? Number.POSITIVE_INFINITY) - (y ?? Number.POSITIVE_INFINITY);
}
