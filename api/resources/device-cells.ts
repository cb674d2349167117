import type { Api } from '../object.ts';
import { age, type CellTable, cellsOf, findCondition, isTrue, name, since } from './cell.ts';

type ResourceClaim = Api<'io.k8s.api.resource.v1.ResourceClaim'>;
type ResourceSlice = Api<'io.k8s.api.resource.v1.ResourceSlice'>;
type PoolStatusRequest = Api<'io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequest'>;
type DeviceTaintRule = Api<'io.k8s.api.resource.v1beta2.DeviceTaintRule'>;
type PodGroup = Api<'io.k8s.api.scheduling.v1alpha2.PodGroup'>;
type Pool = NonNullable<NonNullable<PoolStatusRequest['status']>['pools']>[number];

function claimState({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  const deleted = metadata?.deletionTimestamp !== undefined;
  if (deleted) states.push('deleted');
  if (status?.allocation !== undefined) {
    states.push('allocated');
    if ((status.reservedFor ?? []).length > 0) states.push('reserved');
  } else if (!deleted) states.push('pending');
  return states.join(',');
}

/** A sum over the pools, or '-' while there is nothing to add up. */
function poolSum(value: (pool: Pool) => number | undefined) {
  return ({ status }: PoolStatusRequest): string => {
    if (status === undefined || poolState(status) === 'Failed') return '-';
    return String((status.pools ?? []).reduce((sum, pool) => sum + (value(pool) ?? 0), 0));
  };
}

/** Whichever of the two final conditions comes first. */
function poolState(status: PoolStatusRequest['status']): string {
  const final = status?.conditions?.find(
    ({ type, status: state }) => state === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  return final?.type ?? 'Pending';
}

function poolRequestStatus({ status }: PoolStatusRequest): string {
  const state = poolState(status);
  const shown = status?.pools?.length ?? 0;
  const total = status?.poolCount ?? 0;
  return state === 'Complete' && total > shown ? `Complete (${shown}/${total} pools)` : state;
}

function podGroupStatus({ status }: PodGroup): string {
  const disruption = findCondition(status?.conditions, 'DisruptionTarget');
  if (disruption !== undefined) return disruption.reason ?? '';
  if (findCondition(status?.conditions, 'PodGroupScheduled') === undefined) return 'Pending';
  return isTrue(status?.conditions, 'PodGroupScheduled') ? 'Scheduled' : 'Unschedulable';
}

/** Dynamic resource allocation, and the groups of pods that are scheduled together. */
export const deviceCells: CellTable = {
  'deviceclasses.resource.k8s.io': cellsOf(name, age),
  'resourceclaims.resource.k8s.io': cellsOf<ResourceClaim>(name, claimState, age),
  'resourceclaimtemplates.resource.k8s.io': cellsOf(name, age),
  'resourceslices.resource.k8s.io': cellsOf<ResourceSlice>(
    name,
    ({ spec }) => spec?.nodeName ?? '',
    ({ spec }) => spec?.driver ?? '',
    ({ spec }) => spec?.pool?.name ?? '',
    age,
  ),
  'resourcepoolstatusrequests.resource.k8s.io': cellsOf<PoolStatusRequest>(
    name,
    ({ spec }) => spec?.driver ?? '',
    poolSum((pool) => pool.totalDevices),
    poolSum((pool) => pool.availableDevices),
    poolSum((pool) => pool.allocatedDevices),
    poolSum((pool) => pool.unavailableDevices),
    poolSum((pool) => (pool.validationError === undefined ? 0 : 1)),
    ({ status }) => status?.poolCount ?? 0,
    poolRequestStatus,
    ({ status }, context) => {
      if (poolState(status) !== 'Complete') return '<none>';
      return since(findCondition(status?.conditions, 'Complete')?.lastTransitionTime, context);
    },
  ),
  'devicetaintrules.resource.k8s.io': cellsOf<DeviceTaintRule>(
    name,
    ({ spec }) => spec?.taint?.key ?? '',
    ({ spec }) => spec?.taint?.value ?? '',
    ({ spec }) => spec?.taint?.effect ?? '',
    ({ spec }, context) => (spec?.taint?.timeAdded === undefined ? '' : since(spec.taint.timeAdded, context)),
    age,
  ),
  'workloads.scheduling.k8s.io': cellsOf(name, age),
  'podgroups.scheduling.k8s.io': cellsOf<PodGroup>(
    name,
    ({ spec }) => (spec?.schedulingPolicy?.gang === undefined ? 'Basic' : 'Gang'),
    ({ spec }) => (spec?.podGroupTemplateRef ? (spec.podGroupTemplateRef.workload?.workloadName ?? '') : '<none>'),
    podGroupStatus,
    age,
  ),
};
