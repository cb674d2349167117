import type { Api, KubeObject } from '../../../api/object.ts';
import { parseQuantity, type Quantity } from '../../../api/quantity.ts';
import { type Amounts, pickAmounts } from '../../../api/quota/amounts.ts';
import { type QuotaEvaluator, type ScopeSelector, scopesOf } from '../../../api/quota/evaluator.ts';

export type ResourceQuota = Api<'io.k8s.api.core.v1.ResourceQuota'>;

/** The objects of one resource in the quota's namespace. */
export interface Counted {
  readonly evaluator: QuotaEvaluator;
  readonly objects: readonly Readonly<KubeObject>[];
}

/** So many objects are added up before others have their turn. */
const sliceSize = 100;
const zero = parseQuantity('0');

function isInScopes(
  evaluator: QuotaEvaluator,
  scopes: readonly ScopeSelector[],
  object: Readonly<KubeObject>,
): boolean {
  return scopes.every((scope) => evaluator.isInScope?.(scope, object) === true);
}

/** What objects count for, kept while they stay as they are. */
export class UsageMemory {
  readonly #amounts = new WeakMap<Readonly<KubeObject>, Amounts>();
  readonly #parsed = new WeakMap<Amounts, ReadonlyMap<string, Quantity>>();

  of(evaluator: QuotaEvaluator, object: Readonly<KubeObject>, now: number): ReadonlyMap<string, Quantity> {
    const amounts = this.#amounts.get(object) ?? evaluator.usage(object, now);
    // What is being deleted counts for less when its time is over.
    if (object.metadata?.deletionTimestamp === undefined) this.#amounts.set(object, amounts);
    let parsed = this.#parsed.get(amounts);
    if (parsed === undefined) {
      parsed = new Map(Object.entries(amounts).map(([name, amount]) => [name, parseQuantity(amount)]));
      this.#parsed.set(amounts, parsed);
    }
    return parsed;
  }
}

export interface Counting {
  readonly now: number;
  readonly memory: UsageMemory;
  /** Lets others run in between. */
  pause(): Promise<void>;
}

/** What `hard` limits and is used now, by name. */
export async function usageOf(
  quota: Readonly<ResourceQuota>,
  counted: readonly Counted[],
  { now, memory, pause }: Counting,
): Promise<Amounts> {
  const names = Object.keys(quota.spec?.hard ?? {});
  const scopes = scopesOf(quota);
  const sums = new Map<string, Quantity>();
  for (const { evaluator, objects } of counted) {
    const own = evaluator.resourcesAmong(names);
    for (const name of own) if (!sums.has(name)) sums.set(name, zero);
    for (const [i, object] of objects.entries()) {
      if (isInScopes(evaluator, scopes, object)) {
        const amounts = memory.of(evaluator, object, now);
        for (const name of own) {
          const amount = amounts.get(name);
          if (amount !== undefined) sums.set(name, (sums.get(name) ?? zero).add(amount));
        }
      }
      if (i % sliceSize === sliceSize - 1) await pause();
    }
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum.toString()]));
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
