import { semanticEqual } from '../../../api/equal.ts';
import { duplicate, type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { invalidWithoutValue, nonnegative } from '../apps/workload-validation.ts';
import { countIndexes, IndexesError, overlappingIndex } from './job-indexes.ts';

type Job = Api<'io.k8s.api.batch.v1.Job'>;
type JobStatus = Api<'io.k8s.api.batch.v1.JobStatus'>;

const path = FieldPath.of('status');
const conditionsPath = path.child('conditions');

function hasCondition(job: Readonly<Job>, type: string, status: string): boolean {
  return (job.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === status);
}

export function isConditionTrue(job: Readonly<Job>, type: string): boolean {
  return hasCondition(job, type, 'True');
}

function isFinished(job: Readonly<Job>): boolean {
  return isConditionTrue(job, 'Complete') || isConditionTrue(job, 'Failed');
}

function validateCounts(status: Readonly<JobStatus>): FieldErrors {
  return (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
    nonnegative(status[field], path.child(field)),
  );
}

function validateUncounted(status: Readonly<JobStatus>): FieldErrors {
  const seen = new Set<string>();
  const pods = status.uncountedTerminatedPods ?? {};
  return (['succeeded', 'failed'] as const).flatMap((field) =>
    (pods[field] ?? []).flatMap((uid, i) => {
      const at = path.child('uncountedTerminatedPods', field).index(i);
      if (uid === '') return [invalid(at, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(at, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** What an update changes: a job that breaks a rule already may keep doing so. */
interface Changes {
  readonly complete: boolean;
  readonly failed: boolean;
  readonly failureTarget: boolean;
  readonly criteriaMet: boolean;
  readonly finished: boolean;
  readonly field: (name: keyof JobStatus) => boolean;
}

function changesBetween(job: Readonly<Job>, old: Readonly<Job>): Changes {
  const condition = (type: string): boolean => isConditionTrue(job, type) !== isConditionTrue(old, type);
  return {
    complete: condition('Complete'),
    failed: condition('Failed'),
    failureTarget: condition('FailureTarget'),
    criteriaMet: condition('SuccessCriteriaMet'),
    finished: isFinished(job) !== isFinished(old),
    field: (name) => !semanticEqual(job.status?.[name], old.status?.[name]),
  };
}

function validateCompletion(job: Readonly<Job>, changed: Changes): FieldErrors {
  const { completionTime, startTime } = job.status ?? {};
  const isComplete = isConditionTrue(job, 'Complete');
  const isFailed = isConditionTrue(job, 'Failed');
  const timePath = path.child('completionTime');
  const errors: FieldErrors = [];
  if ((changed.complete || changed.failed) && isComplete && isFailed) {
    errors.push(invalidWithoutValue(conditionsPath, 'cannot set Complete=True and Failed=true conditions'));
  }
  if ((changed.complete || changed.failureTarget) && isComplete && isConditionTrue(job, 'FailureTarget')) {
    errors.push(invalidWithoutValue(conditionsPath, 'cannot set Complete=True and FailureTarget=true conditions'));
  }
  if (changed.complete || changed.field('completionTime')) {
    if (completionTime !== undefined && !isComplete) {
      errors.push(
        invalid(timePath, completionTime, 'cannot set completionTime when there is no Complete=True condition'),
      );
    }
    if (completionTime === undefined && isComplete) {
      errors.push(required(timePath, 'completionTime is required for Complete jobs'));
    }
  }
  const timesChanged = changed.field('startTime') || changed.field('completionTime');
  if (timesChanged && startTime !== undefined && completionTime !== undefined && completionTime < startTime) {
    errors.push(invalid(timePath, completionTime, 'must be equal to or after `startTime`'));
  }
  if ((changed.failed || changed.field('failedIndexes')) && isFailed && !isConditionTrue(job, 'FailureTarget')) {
    const text = 'cannot set Failed=True condition without the FailureTarget=true condition';
    errors.push(invalidWithoutValue(conditionsPath, text));
  }
  if ((changed.complete || changed.criteriaMet) && isComplete && !isConditionTrue(job, 'SuccessCriteriaMet')) {
    const text = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    errors.push(invalidWithoutValue(conditionsPath, text));
  }
  return errors;
}

function validateFinished(job: Readonly<Job>, changed: Changes): FieldErrors {
  if (!isFinished(job)) return [];
  const { spec = {}, status = {} } = job;
  const errors: FieldErrors = [];
  const active = status.active ?? 0;
  if ((changed.finished || changed.field('active')) && active > 0) {
    errors.push(invalid(path.child('active'), active, 'active>0 is invalid for finished job'));
  }
  const isSuspendedEmpty = spec.suspend === true && spec.completions === 0;
  if ((changed.finished || changed.field('startTime')) && !isSuspendedEmpty && status.startTime === undefined) {
    errors.push(required(path.child('startTime'), 'startTime is required for finished job'));
  }
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if ((changed.finished || changed.field('uncountedTerminatedPods')) && succeeded.length + failed.length > 0) {
    const printed = {
      Succeeded: status.uncountedTerminatedPods?.succeeded ?? null,
      Failed: status.uncountedTerminatedPods?.failed ?? null,
    };
    errors.push(invalid(path.child('uncountedTerminatedPods'), printed, 'must be empty for finished job'));
  }
  return errors;
}

function validateIndexes(
  field: 'completedIndexes' | 'failedIndexes',
  status: Readonly<JobStatus>,
  completions: number,
): FieldErrors {
  const text = status[field] ?? '';
  try {
    countIndexes(text, completions);
    return [];
  } catch (error) {
    if (!(error instanceof IndexesError)) throw error;
    return [invalid(path.child(field), text, `error parsing ${field}: ${error.message}`)];
  }
}

function validateIndexLists(job: Readonly<Job>, changed: Changes): FieldErrors {
  const { spec = {}, status = {} } = job;
  const { completions, backoffLimitPerIndex } = spec;
  const { completedIndexes = '', failedIndexes } = status;
  const completedChanged = changed.field('completedIndexes');
  const failedChanged = changed.field('failedIndexes');
  const failedPath = path.child('failedIndexes');
  const errors: FieldErrors = [];
  if (completedChanged && completions !== undefined)
    errors.push(...validateIndexes('completedIndexes', status, completions));
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    errors.push(...validateIndexes('failedIndexes', status, completions));
  }
  if (completedChanged && completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(path.child('completedIndexes'), completedIndexes, text));
  }
  if (failedChanged && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid(failedPath, failedIndexes, text));
  }
  if ((failedChanged || completedChanged) && completions !== undefined && failedIndexes !== undefined) {
    const overlap = overlappingIndex(completedIndexes, failedIndexes, completions);
    if (overlap !== undefined) {
      const text = `failedIndexes and completedIndexes overlap at index: ${overlap}`;
      errors.push(invalid(failedPath, failedIndexes, text));
    }
  }
  return errors;
}

function validatePods(job: Readonly<Job>, changed: Changes): FieldErrors {
  const { active = 0, ready, terminating } = job.status ?? {};
  const errors: FieldErrors = [];
  if (
    (changed.finished || changed.field('terminating')) &&
    terminating !== undefined &&
    terminating > 0 &&
    isFinished(job)
  ) {
    errors.push(invalid(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  }
  if ((changed.field('ready') || changed.field('active')) && ready !== undefined && ready > active) {
    errors.push(invalid(path.child('ready'), ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function validateCriteria(job: Readonly<Job>): FieldErrors {
  const isMet = isConditionTrue(job, 'SuccessCriteriaMet');
  const errors: FieldErrors = [];
  const refuse = (text: string): void => {
    errors.push(invalidWithoutValue(conditionsPath, text));
  };
  if (isMet && isConditionTrue(job, 'Failed')) refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (isMet && isConditionTrue(job, 'FailureTarget')) {
    refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  }
  if (job.spec?.successPolicy !== undefined && !isMet && isConditionTrue(job, 'Complete')) {
    refuse('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  }
  return errors;
}

/** What only grows, and what stays once it is set. */
function validateProgress(job: Readonly<Job>, old: Readonly<Job>): FieldErrors {
  const { spec = {}, status = {} } = job;
  const before = old.status ?? {};
  const errors: FieldErrors = [];
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (isConditionTrue(old, type) && !isConditionTrue(job, type)) {
      errors.push(invalidWithoutValue(conditionsPath, `cannot disable the terminal ${type}=True condition`));
    }
  }
  const mayShrink = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const field of ['failed', 'succeeded'] as const) {
    const count = status[field] ?? 0;
    if (count < (before[field] ?? 0) && !(field === 'succeeded' && mayShrink)) {
      errors.push(invalid(path.child(field), count, `cannot decrease the ${field} counter`));
    }
  }
  const { completionTime, startTime } = status;
  if (completionTime !== undefined && before.completionTime !== undefined && completionTime !== before.completionTime) {
    errors.push(invalid(path.child('completionTime'), completionTime, 'field is immutable'));
  }
  const isResuming = isConditionTrue(old, 'Suspended') && hasCondition(job, 'Suspended', 'False');
  if (before.startTime !== undefined && startTime !== before.startTime && !isResuming && spec.suspend !== true) {
    errors.push(invalid(path.child('startTime'), startTime, 'field is immutable for unsuspended job once set'));
  }
  const isMet = isConditionTrue(job, 'SuccessCriteriaMet');
  const wasMet = isConditionTrue(old, 'SuccessCriteriaMet');
  if (wasMet && !isMet) {
    errors.push(invalidWithoutValue(conditionsPath, 'cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (isConditionTrue(old, 'Complete') && !wasMet && isMet) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(invalidWithoutValue(conditionsPath, text));
  }
  return errors;
}

export function validateJobStatusUpdate(job: Readonly<Job>, old: Readonly<Job>): FieldErrors {
  const status = job.status ?? {};
  const changed = changesBetween(job, old);
  return [
    ...validateCounts(status),
    ...validateUncounted(status),
    ...validateCompletion(job, changed),
    ...validateFinished(job, changed),
    ...validateIndexLists(job, changed),
    ...validatePods(job, changed),
    ...validateCriteria(job),
    ...validateProgress(job, old),
  ];
}
