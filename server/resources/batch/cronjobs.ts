import { CronError, isTimeZone, parseCronSchedule } from '../../../api/cron.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { hostNameWarnings, nonnegative, printedSelector } from '../apps/workload-validation.ts';
import { validateJobFields } from './job-validation.ts';
import { defaultJobTemplate, jobSpecWarnings } from './jobs.ts';

export type CronJob = Api<'io.k8s.api.batch.v1.CronJob'>;
type CronJobSpec = Api<'io.k8s.api.batch.v1.CronJobSpec'>;

const specPath = FieldPath.of('spec');
const jobSpecPath = specPath.child('jobTemplate', 'spec');
const concurrencyPolicies = ['Allow', 'Forbid', 'Replace'];
/** The jobs' names add eleven characters to it. */
const maxNameLength = 52;
/** How the tz database spells the parts of its names. */
const timeZonePart = /^[A-Za-z._0-9+-]{1,14}$/;

function applyDefaults(cronJob: CronJob): void {
  cronJob.spec ??= {};
  const spec = cronJob.spec;
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.spec ??= {};
  defaultJobTemplate(spec.jobTemplate.spec);
}

function scheduleError(schedule: string): string | undefined {
  try {
    parseCronSchedule(schedule);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

/** A time zone in the schedule itself is tolerated where it was before. */
function validateSchedule(spec: Readonly<CronJobSpec>, old: Readonly<CronJobSpec> | undefined): FieldErrors {
  const path = specPath.child('schedule');
  const schedule = spec.schedule ?? '';
  if (schedule === '') return [required(path)];
  const error = scheduleError(schedule);
  const errors = error === undefined ? [] : [invalid(path, schedule, error)];
  if (!schedule.includes('TZ')) return errors;
  if (!old?.schedule?.includes('TZ')) {
    errors.push(invalid(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  } else if (spec.timeZone !== undefined) {
    errors.push(invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function validateTimeZone(timeZone: string | undefined): FieldErrors {
  const path = specPath.child('timeZone');
  if (timeZone === undefined) return [];
  if (timeZone === '') return [invalid(path, timeZone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(path, timeZone, `unknown time zone ${timeZone}`);
  const isMalformed = (part: string): boolean =>
    part === '.' || part === '..' || part.startsWith('-') || !timeZonePart.test(part);
  if (timeZone.split('/').some(isMalformed)) return [unknown];
  const errors: FieldErrors = [];
  if (timeZone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    errors.push(invalid(path, timeZone, text));
  }
  if (timeZone !== 'Local' && !isTimeZone(timeZone)) errors.push(unknown);
  return errors;
}

function validateConcurrency(policy: string | undefined): FieldErrors {
  const path = specPath.child('concurrencyPolicy');
  if (!policy) return [required(path)];
  return concurrencyPolicies.includes(policy) ? [] : [notSupported(path, policy, concurrencyPolicies)];
}

function validateJobTemplate(spec: Readonly<CronJobSpec>, old: Readonly<CronJobSpec> | undefined): FieldErrors {
  const job = spec.jobTemplate?.spec ?? {};
  const oldTemplate = old === undefined ? undefined : (old.jobTemplate?.spec?.template ?? {});
  const errors = validateJobFields(job, jobSpecPath, oldTemplate);
  if (job.selector !== undefined) {
    const text = '`selector` will be auto-generated';
    errors.push(invalid(jobSpecPath.child('selector'), printedSelector(job.selector), text));
  }
  if (job.manualSelector) errors.push(notSupported(jobSpecPath.child('manualSelector'), true, ['nil', 'false']));
  return errors;
}

function validateSpec(spec: Readonly<CronJobSpec>, old: Readonly<CronJobSpec> | undefined): FieldErrors {
  return [
    ...validateSchedule(spec, old),
    ...nonnegative(spec.startingDeadlineSeconds, specPath.child('startingDeadlineSeconds')),
    ...(old === undefined || old.timeZone !== spec.timeZone ? validateTimeZone(spec.timeZone) : []),
    ...validateConcurrency(spec.concurrencyPolicy),
    ...validateJobTemplate(spec, old),
    ...nonnegative(spec.successfulJobsHistoryLimit, specPath.child('successfulJobsHistoryLimit')),
    ...nonnegative(spec.failedJobsHistoryLimit, specPath.child('failedJobsHistoryLimit')),
  ];
}

function validateCreate(cronJob: Readonly<CronJob>): FieldErrors {
  const name = cronJob.metadata?.name ?? '';
  const errors = validateSpec(cronJob.spec ?? {}, undefined);
  if (name.length > maxNameLength) {
    errors.push(invalid(FieldPath.of('metadata', 'name'), name, `must be no more than ${maxNameLength} characters`));
  }
  return errors;
}

function updateWarnings(cronJob: Readonly<CronJob>, old: Readonly<CronJob>): string[] {
  const job = cronJob.spec?.jobTemplate?.spec ?? {};
  const warnings = semanticEqual(cronJob.spec, old.spec) ? [] : jobSpecWarnings(job, jobSpecPath);
  if (cronJob.spec?.schedule?.includes('TZ')) {
    // Upstream's path has spec twice.
    warnings.push(
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    );
  }
  return warnings;
}

export const cronJobStrategy: Strategy<CronJob> = {
  resource: 'cronjobs.batch',
  generation: true,
  applyDefaults,
  prepareForCreate(cronJob) {
    cronJob.status = {};
  },
  validateCreate,
  warningsOnCreate: (cronJob) => [
    ...hostNameWarnings(cronJob.metadata?.name),
    ...jobSpecWarnings(cronJob.spec?.jobTemplate?.spec ?? {}, jobSpecPath),
  ],
  prepareForUpdate(cronJob, old) {
    cronJob.status = old.status;
  },
  validateUpdate: (cronJob, old) => validateSpec(cronJob.spec ?? {}, old.spec ?? {}),
  warningsOnUpdate: updateWarnings,
  subresources: {
    status: {
      prepareForUpdate(cronJob, old) {
        cronJob.spec = old.spec;
      },
    },
  },
};
