import type { Api } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';
import {
  type Amounts,
  maxProblem,
  maxRequestProblem,
  minProblem,
  podAmounts,
  ratioProblem,
} from './limit-constraints.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Container = Api<'io.k8s.api.core.v1.Container'>;
type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type LimitRange = Api<'io.k8s.api.core.v1.LimitRange'>;
type LimitRangeItem = Api<'io.k8s.api.core.v1.LimitRangeItem'>;

const annotation = 'kubernetes.io/limit-ranger';

/** Fills in what a namespace's LimitRanges say containers need, and refuses what is out of their bounds. */
export function createLimitRanger(reader: ClusterReader): AdmissionPlugin {
  const rangesFor = (request: AdmissionRequest): readonly Readonly<LimitRange>[] =>
    request.oldObject?.metadata?.deletionTimestamp === undefined
      ? reader.list<LimitRange>('limitranges', request.namespace)
      : [];
  return {
    name: 'LimitRanger',
    handles: isLimited,
    mutate(request) {
      if (request.resource !== 'pods') return;
      for (const range of rangesFor(request)) applyDefaults(request.object as Pod, range);
    },
    validate(request) {
      for (const range of rangesFor(request)) {
        const problems = (range.spec?.limits ?? []).flatMap((limit) => problemsOf(request, limit));
        if (problems.length === 0) continue;
        const distinct = [...new Set(problems)];
        throw forbiddenByAdmission(request, distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`);
      }
    },
  };
}

function isLimited({ group, resource, subresource, operation }: AdmissionRequest): boolean {
  if (group !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return false;
  if (resource === 'pods') return operation === 'CREATE' ? subresource === '' : subresource === 'resize';
  return resource === 'persistentvolumeclaims' && subresource === '';
}

function containerDefaults(range: Readonly<LimitRange>): { requests: Amounts; limits: Amounts } {
  const defaults = { requests: {} as Amounts, limits: {} as Amounts };
  for (const { type, default: limits, defaultRequest } of range.spec?.limits ?? []) {
    if (type !== 'Container') continue;
    Object.assign(defaults.requests, defaultRequest);
    Object.assign(defaults.limits, limits);
  }
  return defaults;
}

function applyDefaults(pod: Pod, range: Readonly<LimitRange>): void {
  const defaults = containerDefaults(range);
  const changes: string[] = [];
  for (const container of pod.spec?.containers ?? []) changes.push(...fill(container, defaults, 'container'));
  for (const container of pod.spec?.initContainers ?? []) changes.push(...fill(container, defaults, 'init container'));
  if (changes.length === 0) return;
  pod.metadata ??= {};
  pod.metadata.annotations ??= {};
  pod.metadata.annotations[annotation] = `LimitRanger plugin set: ${changes.join('; ')}`;
}

/** One sentence for requests and one for limits, where any were missing. */
function fill(container: Container, defaults: { requests: Amounts; limits: Amounts }, what: string): string[] {
  const changes: string[] = [];
  for (const [list, word] of [
    ['requests', 'request'],
    ['limits', 'limit'],
  ] as const) {
    const present = container.resources?.[list] ?? {};
    const missing = Object.keys(defaults[list])
      .filter((name) => !(name in present))
      .sort();
    if (missing.length === 0) continue;
    for (const name of missing) present[name] = defaults[list][name] ?? '0';
    container.resources ??= {};
    container.resources[list] = present;
    changes.push(`${missing.join(', ')} ${word} for ${what} ${container.name ?? ''}`);
  }
  return changes;
}

function problemsOf(request: AdmissionRequest, limit: Readonly<LimitRangeItem>): string[] {
  if (request.resource === 'persistentvolumeclaims') {
    return limit.type === 'PersistentVolumeClaim' ? claimProblems(request.object as Claim, limit) : [];
  }
  const spec = (request.object as Pod).spec ?? {};
  if (limit.type === 'Pod') return boundProblems(limit, podAmounts(spec, 'requests'), podAmounts(spec, 'limits'));
  if (limit.type !== 'Container') return [];
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
    boundProblems(limit, (resources?.requests ?? {}) as Amounts, (resources?.limits ?? {}) as Amounts),
  );
}

function found(problem: string | undefined): problem is string {
  return problem !== undefined;
}

function boundProblems(limit: Readonly<LimitRangeItem>, requests: Amounts, limits: Amounts): string[] {
  const bounds = (list: object | undefined): [string, string][] => Object.entries((list ?? {}) as Amounts);
  const type = limit.type ?? '';
  return [
    ...bounds(limit.min).map(([name, bound]) => minProblem({ type, name, bound }, requests[name], limits[name])),
    ...bounds(limit.max).map(([name, bound]) => maxProblem({ type, name, bound }, requests[name], limits[name])),
    ...bounds(limit.maxLimitRequestRatio).map(([name, bound]) =>
      ratioProblem({ type, name, bound }, requests[name], limits[name]),
    ),
  ].filter(found);
}

function claimProblems(claim: Readonly<Claim>, limit: Readonly<LimitRangeItem>): string[] {
  const requests = (claim.spec?.resources?.requests ?? {}) as Amounts;
  const type = limit.type ?? '';
  return [
    ...Object.entries((limit.min ?? {}) as Amounts).map(([name, bound]) =>
      minProblem({ type, name, bound }, requests[name], undefined),
    ),
    ...Object.entries((limit.max ?? {}) as Amounts).map(([name, bound]) =>
      maxRequestProblem({ type, name, bound }, requests[name]),
    ),
  ].filter(found);
}
