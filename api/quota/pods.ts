import type { Api, KubeObject } from '../object.ts';
import { parseQuantity } from '../quantity.ts';
import { type Amounts, addAmounts } from './amounts.ts';
import { matchesScopeValue, type QuotaEvaluator, type ScopeSelector } from './evaluator.ts';
import { deviceClassPrefix, podAmounts, quotaNamesOf } from './pod-usage.ts';

type Pod = Readonly<Api<'io.k8s.api.core.v1.Pod'>>;
type PodAffinityTerm = Readonly<Api<'io.k8s.api.core.v1.PodAffinityTerm'>>;

const plainNames: ReadonlySet<string> = new Set([
  'count/pods',
  'pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);
/** What every container must state where a quota counts it. */
const stated: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);

export const podEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource, object = {}, oldObject = {} }) => {
    if (subresource === 'resize') return operation === 'UPDATE';
    if (subresource !== '') return false;
    return operation === 'CREATE' || (operation === 'UPDATE' && hasDeadline(object) !== hasDeadline(oldObject));
  },
  resourcesAmong: (names) => names.filter(isCounted),
  isInScope,
  usage(pod: Pod, now) {
    if (!isRunning(pod, now)) return { 'count/pods': '1' };
    return addAmounts({ 'count/pods': '1' }, quotaNamesOf(podAmounts(pod, 'requests'), podAmounts(pod, 'limits')));
  },
  problem,
};

function isCounted(name: string): boolean {
  if (plainNames.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')) return true;
  if (!name.startsWith('requests.')) return false;
  return (name.includes('/') && !name.includes('kubernetes.io/')) || name.startsWith(`requests.${deviceClassPrefix}`);
}

function hasDeadline({ spec }: Pod): boolean {
  return (spec?.activeDeadlineSeconds ?? -1) >= 0;
}

/** Neither finished nor past the end of its deletion. */
function isRunning({ metadata = {}, status }: Pod, now: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function isBestEffort({ spec, status }: Pod): boolean {
  if (status?.qosClass !== undefined) return status.qosClass === 'BestEffort';
  const given = [spec, ...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
    .flatMap((part) => [part?.resources?.requests ?? {}, part?.resources?.limits ?? {}])
    .flatMap(({ cpu, memory }: Amounts) => [cpu ?? '0', memory ?? '0']);
  return given.every((amount) => parseQuantity(amount).isZero());
}

function isInScope(selector: ScopeSelector, object: Readonly<KubeObject>): boolean {
  const pod: Pod = object;
  switch (selector.scopeName) {
    case 'Terminating':
      return hasDeadline(pod);
    case 'NotTerminating':
      return !hasDeadline(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return matchesScopeValue(selector, pod.spec?.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(
        ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
      );
    default:
      return false;
  }
}

function affinityTerms({ spec }: Pod): PodAffinityTerm[] {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
      ({ podAffinityTerm }) => podAffinityTerm ?? [],
    ),
  ]);
}

function statesOwnResources({ spec }: Pod): boolean {
  const names = [...Object.keys(spec?.resources?.requests ?? {}), ...Object.keys(spec?.resources?.limits ?? {})];
  return names.some((name) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'));
}

function problem(required: readonly string[], object: Readonly<KubeObject>): string | undefined {
  const pod: Pod = object;
  if (statesOwnResources(pod)) return undefined;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(
    ({ name = '', resources }) => ({
      name,
      present: quotaNamesOf((resources?.requests ?? {}) as Amounts, (resources?.limits ?? {}) as Amounts),
    }),
  );
  const missing = [...new Set(required)]
    .filter((name) => stated.has(name))
    .sort()
    .flatMap((resource) => {
      const names = containers.filter(({ present }) => present[resource] === undefined).map(({ name }) => name);
      return names.length === 0 ? [] : [`${resource} for: ${[...new Set(names)].sort().join(',')}`];
    });
  return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`;
}
