import type { Api } from '../../../api/object.ts';
import type { ResourceClaim } from '../resource-claims/claims-of-pods.ts';

export type ResourceSlice = Api<'io.k8s.api.resource.v1.ResourceSlice'>;
export type DeviceTaint = Api<'io.k8s.api.resource.v1.DeviceTaint'>;
export type DeviceToleration = Api<'io.k8s.api.resource.v1.DeviceToleration'>;

export function deviceKey(driver = '', pool = '', device = ''): string {
  return `${driver}/${pool}/${device}`;
}

export function deviceKeysOf({ spec }: Readonly<ResourceSlice>): string[] {
  return (spec?.devices ?? []).map(({ name }) => deviceKey(spec?.driver, spec?.pool?.name, name));
}

/** The devices that a claim has been given. */
export function allocatedKeysOf({ status }: Readonly<ResourceClaim>): string[] {
  const results = status?.allocation?.devices?.results ?? [];
  return [...new Set(results.map(({ driver, pool, device }) => deviceKey(driver, pool, device)))];
}

/** Of the newest generation of the pool that has the device; only what evicts. */
export function evictingTaints(slices: readonly Readonly<ResourceSlice>[], key: string): DeviceTaint[] {
  const generation = ({ spec }: Readonly<ResourceSlice>): number => spec?.pool?.generation ?? 0;
  const [newest] = slices.toSorted((a, b) => generation(b) - generation(a));
  const { spec } = newest ?? {};
  const device = spec?.devices?.find(({ name }) => deviceKey(spec.driver, spec.pool?.name, name) === key);
  return (device?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

export function toleratesDevice(toleration: DeviceToleration, taint: DeviceTaint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  const isEqual = toleration.operator === undefined || toleration.operator === '' || toleration.operator === 'Equal';
  return isEqual && (toleration.value ?? '') === (taint.value ?? '');
}

/** When the consumers of a claim have to go, in milliseconds since the epoch; undefined for never. */
export function evictionTime(
  { status }: Readonly<ResourceClaim>,
  taintsOf: (key: string) => readonly DeviceTaint[],
): number | undefined {
  let earliest: number | undefined;
  for (const { driver, pool, device, tolerations = [] } of status?.allocation?.devices?.results ?? []) {
    for (const taint of taintsOf(deviceKey(driver, pool, device))) {
      const used = tolerations.filter((each) => each.effect === 'NoExecute' && toleratesDevice(each, taint));
      if (used.some(({ tolerationSeconds }) => tolerationSeconds === undefined)) continue;
      const seconds = used.map(({ tolerationSeconds = 0 }) => Math.max(tolerationSeconds, 0));
      const wait = seconds.length === 0 ? 0 : Math.min(...seconds) * 1000;
      const at = Date.parse(taint.timeAdded ?? '') + wait;
      earliest = Math.min(earliest ?? at, at);
    }
  }
  return earliest;
}
