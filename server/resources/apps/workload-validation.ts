import { semanticEqual } from '../../../api/equal.ts';
import {
  type FieldError,
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isDNS1123Label, isValidPercent } from '../../../api/names.ts';
import type { LabelSelector } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import type { PodTemplateSpec } from '../core/pod-template.ts';

export type IntOrString = number | string;

export function nonnegative(value: number | undefined, path: FieldPath): FieldErrors {
  return value !== undefined && value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
}

/** `printed` stands in for the value where upstream prints its internal form of it. */
export function immutable(value: unknown, old: unknown, path: FieldPath, printed: unknown = value): FieldErrors {
  return semanticEqual(value, old) ? [] : [invalid(path, printed, 'field is immutable')];
}

export function isDecremented(value: number | undefined, old: number | undefined): boolean {
  return old !== undefined && (value === undefined || value < old);
}

/** Go prints maps with sorted keys, absent ones as null. */
export function sortedMap(map: Readonly<Record<string, string>> | undefined): Record<string, string> | null {
  if (map === undefined) return null;
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A label selector with its fields in the order that Go prints them. */
export function printedSelector(selector: Readonly<LabelSelector> | undefined): unknown {
  if (selector === undefined) return null;
  const { matchLabels, matchExpressions } = selector;
  return {
    ...(matchLabels === undefined ? {} : { matchLabels: sortedMap(matchLabels) }),
    ...(matchExpressions === undefined
      ? {}
      : { matchExpressions: matchExpressions.map(({ key, operator, values }) => ({ key, operator, values })) }),
  };
}

export function isEmptySelector(selector: Readonly<LabelSelector>): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;
}

/** Whether a selector that passed validation selects the labels; undefined when it is malformed. */
export function selectsLabels(
  selector: Readonly<LabelSelector> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): boolean | undefined {
  if (selector !== undefined && validateLabelSelector(selector, {}, path).length > 0) return undefined;
  return labelSelectorMatcher(selector).matches(labels);
}

/** The selector of a workload is required, well-formed and not empty. */
export function validateWorkloadSelector(
  selector: Readonly<LabelSelector> | undefined,
  path: FieldPath,
  kind: string,
): FieldErrors {
  if (selector === undefined) return [required(path)];
  const errors = validateLabelSelector(selector, {}, path);
  if (isEmptySelector(selector)) errors.push(invalid(path, {}, `empty selector is invalid for ${kind}`));
  return errors;
}

export function selectorMismatch(template: Readonly<PodTemplateSpec> | undefined, path: FieldPath): FieldErrors {
  return [
    invalid(
      path.child('metadata', 'labels'),
      sortedMap(template?.metadata?.labels),
      '`selector` does not match template `labels`',
    ),
  ];
}

/** Pods of a controller restart always and have no deadline. */
export function validateRunsForever(template: Readonly<PodTemplateSpec>, path: FieldPath, kind: string): FieldErrors {
  const errors: FieldErrors = [];
  const restartPolicy = template.spec?.restartPolicy ?? '';
  if (restartPolicy !== 'Always')
    errors.push(notSupported(path.child('spec', 'restartPolicy'), restartPolicy, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(path.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${kind} is not Supported`),
    );
  }
  return errors;
}

export function validateIntOrPercent(value: IntOrString | undefined, path: FieldPath): FieldErrors {
  if (typeof value === 'string') return isValidPercent(value).map((message) => invalid(path, value, message));
  return nonnegative(value, path);
}

function percentOf(value: IntOrString | undefined): number | undefined {
  return typeof value === 'string' && isValidPercent(value).length === 0 ? Number.parseInt(value, 10) : undefined;
}

/** The number before the percent sign, or the number; text that is neither counts as Go's Atoi has it: 0 on failure. */
export function intOrPercentValue(value: IntOrString | undefined): number {
  const percent = percentOf(value);
  if (percent !== undefined) return percent;
  if (typeof value === 'string') return /^[+-]?\d+$/.test(value) ? Number.parseInt(value, 10) : 0;
  return value ?? 0;
}

export function atMost100Percent(value: IntOrString | undefined, path: FieldPath): FieldErrors {
  const percent = percentOf(value);
  return percent === undefined || percent <= 100 ? [] : [invalid(path, value, 'must not be greater than 100%')];
}

/** Names of workloads become host names of their pods. */
export function hostNameWarnings(name: string | undefined): string[] {
  const messages = isDNS1123Label(name ?? '');
  if (messages.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`,
  ];
}

/** Status counters by name: none negative; those of `parts` not above `status.replicas`. */
export function validateCounters(
  status: Readonly<Record<string, unknown>>,
  path: FieldPath,
  names: readonly string[],
  parts: readonly string[] = [],
): FieldErrors {
  const count = (name: string): number => (typeof status[name] === 'number' ? status[name] : 0);
  const errors = names.flatMap((name) => nonnegative(count(name), path.child(name)));
  for (const name of parts) {
    if (count(name) > count('replicas'))
      errors.push(invalid(path.child(name), count(name), 'cannot be greater than status.replicas'));
  }
  return errors;
}

export function validateCollisionCount(
  value: number | undefined,
  old: number | undefined,
  path: FieldPath,
): FieldErrors {
  return isDecremented(value, old) ? [invalid(path.child('collisionCount'), value ?? 0, 'cannot be decremented')] : [];
}

/** Upstream leaves the value of some errors out. */
export function invalidWithoutValue(path: FieldPath, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field: path.toString(), detail: `Invalid value: ${detail}` };
}
