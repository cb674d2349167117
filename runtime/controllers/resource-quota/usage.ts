import type { Api, KubeObject } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { type Amounts, addAmounts, pickAmounts } from '../../../api/quota/amounts.ts';
import { type QuotaEvaluator, type ScopeSelector, scopesOf } from '../../../api/quota/evaluator.ts';

export type ResourceQuota = Api<'io.k8s.api.core.v1.ResourceQuota'>;

/** The objects of one resource in the quota's namespace. */
export interface Counted {
  readonly evaluator: QuotaEvaluator;
  readonly objects: readonly Readonly<KubeObject>[];
}

/** So many objects are added up before others have their turn. */
const sliceSize = 200;

export function isInScopes(
  evaluator: QuotaEvaluator,
  scopes: readonly ScopeSelector[],
  object: Readonly<KubeObject>,
): boolean {
  return scopes.every((scope) => evaluator.isInScope?.(scope, object) === true);
}

/** What `hard` limits and is used now, by name. `pause` lets others run in between. */
export async function usageOf(
  quota: Readonly<ResourceQuota>,
  counted: readonly Counted[],
  { now, pause }: { readonly now: number; pause(): Promise<void> },
): Promise<Amounts> {
  const names = Object.keys(quota.spec?.hard ?? {});
  const scopes = scopesOf(quota);
  let used: Amounts = {};
  for (const { evaluator, objects } of counted) {
    const own = evaluator.resourcesAmong(names);
    let sum: Amounts = Object.fromEntries(own.map((name) => [name, '0']));
    for (const [i, object] of objects.entries()) {
      if (isInScopes(evaluator, scopes, object)) sum = addAmounts(sum, pickAmounts(evaluator.usage(object, now), own));
      if (i % sliceSize === sliceSize - 1) await pause();
    }
    used = addAmounts(used, sum);
  }
  return used;
}

export function areSameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const [mine = '0', theirs] = [a[name], b[name]];
    return mine === theirs || (theirs !== undefined && parseQuantity(mine).compare(parseQuantity(theirs)) === 0);
  });
}

/** The status that a quota should have; undefined when it has it. What was not counted keeps its old value. */
export function statusOf(quota: Readonly<ResourceQuota>, used: Amounts): ResourceQuota['status'] | undefined {
  const hard = (quota.spec?.hard ?? {}) as Amounts;
  const present = (quota.status?.used ?? {}) as Amounts;
  const all = pickAmounts({ ...present, ...used }, Object.keys(hard));
  const isClean =
    quota.status?.hard !== undefined &&
    quota.status.used !== undefined &&
    areSameAmounts(hard, quota.status.hard as Amounts) &&
    areSameAmounts(all, present);
  return isClean ? undefined : { hard: { ...hard }, used: { ...all } };
}
