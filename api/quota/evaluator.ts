import { createLabelTest, type LabelOperator } from '../label-requirement.ts';
import type { Api, KubeObject } from '../object.ts';
import type { Amounts } from './amounts.ts';

export type ScopeSelector = Readonly<Api<'io.k8s.api.core.v1.ScopedResourceSelectorRequirement'>>;
type Quota = Readonly<Api<'io.k8s.api.core.v1.ResourceQuota'>>;

/** A write, as far as it decides whether usage may change. */
export interface QuotaWrite {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly subresource: string;
  readonly object?: Readonly<KubeObject>;
  readonly oldObject?: Readonly<KubeObject>;
}

/** What objects of one resource count for in quotas. */
export interface QuotaEvaluator {
  handles(write: QuotaWrite): boolean;
  /** Those among the names of a quota that this resource uses. */
  resourcesAmong(names: readonly string[]): string[];
  /** Absent: quotas with scopes never concern this resource. */
  isInScope?(selector: ScopeSelector, object: Readonly<KubeObject>): boolean;
  usage(object: Readonly<KubeObject>, now: number): Amounts;
  /** Why an object cannot be counted: it does not say what a quota counts. */
  problem?(required: readonly string[], object: Readonly<KubeObject>): string | undefined;
}

/** The scopes of a quota, whichever way they are written. */
export function scopesOf({ spec }: Quota): ScopeSelector[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }) as ScopeSelector);
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether an object counts in a quota whose status names its limits. */
export function isInQuota(evaluator: QuotaEvaluator, quota: Quota, object: Readonly<KubeObject>): boolean {
  if (evaluator.resourcesAmong(Object.keys(quota.status?.hard ?? {})).length === 0) return false;
  return scopesOf(quota).every((selector) => evaluator.isInScope?.(selector, object) === true);
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** Compares a value, or its absence, as a label of the scope's name. */
export function matchesScopeValue(
  { scopeName = '', operator = '', values = [] }: ScopeSelector,
  value: string,
): boolean {
  const test = createLabelTest({ key: scopeName, operator: operators[operator] ?? 'exists', values });
  return test(value === '' ? {} : { [scopeName]: value });
}
