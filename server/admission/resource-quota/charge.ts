import type { Api } from '../../../api/object.ts';
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import { type Amounts, addAmounts, excessAmounts, pickAmounts, withoutZeros } from '../../../api/quota/amounts.ts';
import { isInQuota, type QuotaEvaluator } from '../../../api/quota/evaluator.ts';
import { type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';

export type Quota = Api<'io.k8s.api.core.v1.ResourceQuota'>;

/** What a request adds to the usage that one quota counts. */
export interface Charge {
  readonly quota: string;
  readonly added: Amounts;
}

function hardOf({ status }: Readonly<Quota>): Amounts {
  return (status?.hard ?? {}) as Amounts;
}

function usedOf({ status }: Readonly<Quota>): Amounts {
  return (status?.used ?? {}) as Amounts;
}

/** Throws Forbidden when a quota that concerns the object cannot count it. */
export function chargesOf(
  quotas: readonly Readonly<Quota>[],
  request: AdmissionRequest,
  evaluator: QuotaEvaluator,
  now: number,
): readonly Charge[] {
  const { object = {}, oldObject } = request;
  const concerned = quotas.filter((quota) => {
    if (!isInQuota(evaluator, quota, object)) return false;
    requireCountable(quota, request, evaluator);
    return true;
  });
  if (concerned.length === 0) return [];
  const usage = evaluator.usage(object, now);
  const negative = Object.keys(usage).filter((name) => parseQuantity(usage[name] ?? '0').sign() < 0);
  if (negative.length > 0) {
    throw forbiddenByAdmission(request, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  }
  const more = oldObject === undefined ? usage : excessAmounts(usage, evaluator.usage(oldObject, now));
  return concerned.flatMap((quota) => {
    const counted = oldObject !== undefined && isInQuota(evaluator, quota, oldObject) ? more : usage;
    const added = withoutZeros(counted);
    return Object.keys(added).length === 0 ? [] : [{ quota: quota.metadata?.name ?? '', added }];
  });
}

function requireCountable(quota: Readonly<Quota>, request: AdmissionRequest, evaluator: QuotaEvaluator): void {
  const name = quota.metadata?.name ?? '';
  const restricted = evaluator.resourcesAmong(Object.keys(hardOf(quota)));
  const problem = evaluator.problem?.(restricted, request.object ?? {});
  if (problem !== undefined) throw forbiddenByAdmission(request, `failed quota: ${name}: ${problem}`);
  const used = usedOf(quota);
  if (restricted.every((resource) => used[resource] !== undefined)) return;
  throw forbiddenByAdmission(request, `status unknown for quota: ${name}, resources: ${restricted.sort().join(',')}`);
}

/** The quota with the charge in its usage. Throws Forbidden when that is more than its limit. */
export function charged(quota: Readonly<Quota>, { added }: Charge, request: AdmissionRequest): Quota {
  const hard = hardOf(quota);
  const used = usedOf(quota);
  const requested = pickAmounts(added, Object.keys(hard));
  const total = addAmounts(used, requested);
  const exceeded = Object.keys(requested)
    .filter((name) => compareQuantity(total[name] ?? '0', hard[name] ?? '0') > 0)
    .sort();
  // Claims that grow behind the API's back are counted all the same.
  if (exceeded.length > 0 && request.subresource !== 'status') {
    const listed = (amounts: Amounts): string =>
      exceeded
        .flatMap((name) => (amounts[name] === undefined ? [] : [`${name}=${parseQuantity(amounts[name]).toString()}`]))
        .join(',');
    const figures = `requested: ${listed(requested)}, used: ${listed(used)}, limited: ${listed(hard)}`;
    throw forbiddenByAdmission(request, `exceeded quota: ${quota.metadata?.name ?? ''}, ${figures}`);
  }
  return { ...quota, status: { ...quota.status, used: total } };
}
