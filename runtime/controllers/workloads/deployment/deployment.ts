import type { Api } from '../../../../api/object.ts';
import { scaledValue } from '../../int-or-percent.ts';

export type Deployment = Readonly<Api<'io.k8s.api.apps.v1.Deployment'>>;
export type DeploymentStatus = Readonly<Api<'io.k8s.api.apps.v1.DeploymentStatus'>>;
export type ReplicaSet = Readonly<Api<'io.k8s.api.apps.v1.ReplicaSet'>>;

export const deploymentKind = { group: 'apps', version: 'v1', kind: 'Deployment' } as const;
export const deploymentResource = { group: 'apps', version: 'v1', resource: 'deployments' } as const;
export const replicaSetResource = { group: 'apps', version: 'v1', resource: 'replicasets' } as const;
export const hashLabel = 'pod-template-hash';

const maxInt32 = 2 ** 31 - 1;

/** The size that is asked for. */
export function sizeOf(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

export function isRolling({ spec }: Deployment): boolean {
  return spec?.strategy?.type === 'RollingUpdate';
}

export function hasProgressDeadline({ spec }: Deployment): boolean {
  return spec?.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== maxInt32;
}

/** How many old ReplicaSets stay; undefined for all. */
export function historyLimit({ spec }: Deployment): number | undefined {
  return spec?.revisionHistoryLimit === maxInt32 ? undefined : spec?.revisionHistoryLimit;
}

/** Both limits of a rolling update. Where both come to 0 by rounding, one pod may be unavailable: a surge might not work because of a quota. */
function limits(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, sizeOf(deployment), 'up');
  const unavailable = scaledValue(maxUnavailable, sizeOf(deployment), 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** How many pods there may be beyond the size. */
export function maxSurge(deployment: Deployment): number {
  return limits(deployment).surge;
}

/** How many pods of the size may be missing. */
export function maxUnavailable(deployment: Deployment): number {
  return Math.min(limits(deployment).unavailable, sizeOf(deployment));
}
