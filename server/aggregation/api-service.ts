import type { Api } from '../../api/object.ts';
import { compareVersions } from '../../api/served.ts';

export type APIService = Api<'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'>;
export type Condition = NonNullable<NonNullable<APIService['status']>['conditions']>[number];

export const resourceName = 'apiservices.apiregistration.k8s.io';
export const automanagedLabel = 'kube-aggregator.kubernetes.io/automanaged';

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export function groupVersionOf({ spec }: Readonly<APIService>): GroupVersion {
  return { group: spec?.group ?? '', version: spec?.version ?? '' };
}

/** Upstream: APIServiceNameToGroupVersion. */
export function groupVersionOfName(name: string): GroupVersion {
  const dot = name.indexOf('.');
  return { group: name.slice(dot + 1), version: name.slice(0, dot) };
}

export function nameOf({ group, version }: GroupVersion): string {
  return `${version}.${group}`;
}

export function isAvailable({ status }: Readonly<APIService>): boolean {
  return status?.conditions?.find(({ type }) => type === 'Available')?.status === 'True';
}

/** A copy whose condition of that type is the new one; the time of the last transition stays while the status does. */
export function withCondition(service: Readonly<APIService>, condition: Condition): APIService {
  const conditions = [...(service.status?.conditions ?? [])];
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const old = conditions[at];
  if (old === undefined) conditions.push(condition);
  else
    conditions[at] = {
      ...condition,
      ...(old.status === condition.status ? { lastTransitionTime: old.lastTransitionTime } : {}),
    };
  return { ...service, status: { ...service.status, conditions } };
}

export interface ListedGroup {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
}

/** Groups as the plain discovery of `/apis` lists them. Upstream: SortedByGroupAndVersion. */
export function listedGroups(services: readonly Readonly<APIService>[]): readonly ListedGroup[] {
  const sorted = services.toSorted(
    (a, b) =>
      (b.spec?.groupPriorityMinimum ?? 0) - (a.spec?.groupPriorityMinimum ?? 0) ||
      ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  );
  const byGroup = Map.groupBy(sorted, ({ spec }) => spec?.group ?? '');
  return [...byGroup].map(([group, members]) => ({
    group,
    versions: members
      .toSorted(
        (a, b) =>
          (b.spec?.versionPriority ?? 0) - (a.spec?.versionPriority ?? 0) ||
          compareVersions(a.spec?.version ?? '', b.spec?.version ?? ''),
      )
      .map(({ spec }) => spec?.version ?? ''),
  }));
}
