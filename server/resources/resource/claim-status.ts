import { semanticEqual } from '../../../api/equal.ts';
import {
  type FieldErrors,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../api/field-error.ts';
import { validateInterfaceAddress } from '../../../api/ip.ts';
import { byteLength } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateConditions } from '../../../api/validation/conditions.ts';
import { nodeSelectorErrors } from '../core/node-selector.ts';
import {
  maxConfigurations,
  type RequestNames,
  requestNamesOf,
  requestReferenceErrors,
  requestReferencesErrors,
} from './claim-spec.ts';
import { listErrors, setErrors } from './collections.ts';
import { bindingConditionErrors, driverNameErrors, labelErrors, poolNameErrors, uuidErrors } from './device-names.ts';
import { configurationErrors, rawObjectErrors } from './device-selection.ts';

export type ResourceClaim = Api<'io.k8s.api.resource.v1.ResourceClaim'>;
type Status = NonNullable<ResourceClaim['status']>;
type Allocation = NonNullable<Status['allocation']>;
type Result = Api<'io.k8s.api.resource.v1.DeviceRequestAllocationResult'>;
type DeviceStatus = Api<'io.k8s.api.resource.v1.AllocatedDeviceStatus'>;
type NetworkData = Api<'io.k8s.api.resource.v1.NetworkDeviceData'>;
type Consumer = Api<'io.k8s.api.resource.v1.ResourceClaimConsumerReference'>;

const statusPath = FieldPath.of('status');
const maxReservations = 256;
const maxResults = 32;
const maxDeviceConditions = 8;
const maxDeviceData = 10 * 1024;
const maxAddresses = 16;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;

/** One device, or one share of it, as it prints in errors. */
function sharedDevice({ driver = '', pool = '', device = '', shareID = '' }: DeviceStatus | Result): object {
  return { Driver: driver, Pool: pool, Device: device, ShareID: shareID };
}

function deviceId(device: DeviceStatus | Result): string {
  return JSON.stringify(sharedDevice(device));
}

function consumerErrors(consumer: Readonly<Consumer>, path: FieldPath): FieldErrors {
  return (['resource', 'name', 'uid'] as const).flatMap((field) =>
    consumer[field] ? [] : [required(path.child(field))],
  );
}

function resultErrors(result: Readonly<Result>, names: RequestNames, path: FieldPath): FieldErrors {
  const { request = '', driver = '', pool = '', device = '', shareID } = result;
  return [
    ...requestReferenceErrors(request, names, path.child('request')),
    ...driverNameErrors(driver, path.child('driver')),
    ...poolNameErrors(pool, path.child('pool')),
    ...labelErrors(device, path.child('device')),
    ...bindingConditionErrors(result.bindingConditions, result.bindingFailureConditions, path),
    ...(shareID === undefined ? [] : uuidErrors(shareID, path.child('shareID'))),
  ];
}

function sourceErrors(source: string, path: FieldPath): FieldErrors {
  if (source === '') return [required(path)];
  const sources = ['FromClaim', 'FromClass'];
  return sources.includes(source) ? [] : [notSupported(path, source, sources)];
}

function allocationErrors(allocation: Readonly<Allocation>, names: RequestNames, path: FieldPath): FieldErrors {
  const devices = path.child('devices');
  const { results, config } = allocation.devices ?? {};
  return [
    ...listErrors(results, maxResults, (each, at) => resultErrors(each, names, at), devices.child('results')),
    ...listErrors(
      config,
      2 * maxConfigurations,
      (each, at) => [
        ...sourceErrors(each.source ?? '', at.child('source')),
        ...requestReferencesErrors(each.requests, names, at.child('requests')),
        ...configurationErrors(each, false, at),
      ],
      devices.child('config'),
    ),
    ...(allocation.nodeSelector === undefined
      ? []
      : nodeSelectorErrors(allocation.nodeSelector, false, path.child('nodeSelector'))),
  ];
}

function networkErrors(data: Readonly<NetworkData> | undefined, path: FieldPath): FieldErrors {
  if (data === undefined) return [];
  const { interfaceName = '', hardwareAddress = '', ips } = data;
  const check = (address: string, at: FieldPath): FieldErrors => validateInterfaceAddress(at, address);
  return [
    ...(byteLength(interfaceName) > maxInterfaceName ? [tooLong(path.child('interfaceName'), maxInterfaceName)] : []),
    ...(byteLength(hardwareAddress) > maxHardwareAddress
      ? [tooLong(path.child('hardwareAddress'), maxHardwareAddress)]
      : []),
    ...setErrors(ips, maxAddresses, { check, key: (address) => address }, path.child('ips')),
  ];
}

function deviceErrors(device: Readonly<DeviceStatus>, allocated: ReadonlySet<string>, path: FieldPath): FieldErrors {
  const { conditions = [], data, shareID } = device;
  const errors = [
    ...driverNameErrors(device.driver ?? '', path.child('driver')),
    ...poolNameErrors(device.pool ?? '', path.child('pool')),
    ...labelErrors(device.device ?? '', path.child('device')),
    ...(shareID === undefined ? [] : uuidErrors(shareID, path.child('shareID'))),
  ];
  if (!allocated.has(deviceId(device)))
    errors.push(invalid(path, sharedDevice(device), 'must be an allocated device in the claim'));
  if (conditions.length > maxDeviceConditions)
    errors.push(tooMany(path.child('conditions'), conditions.length, maxDeviceConditions));
  return [
    ...errors,
    ...validateConditions(conditions, path.child('conditions')),
    ...(data === undefined ? [] : rawObjectErrors(data, false, maxDeviceData, path.child('data'))),
    ...networkErrors(device.networkData, path.child('networkData')),
  ];
}

function reservationErrors(claim: Readonly<ResourceClaim>, old: Readonly<Status>): FieldErrors {
  const reserved = claim.status?.reservedFor ?? [];
  const path = statusPath.child('reservedFor');
  if (reserved.length === 0) return [];
  if (claim.status?.allocation === undefined)
    return [forbidden(path, 'may not be specified when `allocated` is not set')];
  if (claim.metadata?.deletionTimestamp === undefined) return [];
  const before = old.reservedFor ?? [];
  if (reserved.every((consumer) => before.some((each) => semanticEqual(each, consumer)))) return [];
  return [forbidden(path, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set')];
}

/** Results of a claim are set once and stay until it is deallocated as a whole. */
export function claimStatusErrors(claim: Readonly<ResourceClaim>, old: Readonly<ResourceClaim>): FieldErrors {
  const { reservedFor, devices, allocation } = claim.status ?? {};
  const oldStatus = old.status ?? {};
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceId));
  const checkDevice = (device: Readonly<DeviceStatus>, at: FieldPath): FieldErrors =>
    deviceErrors(device, allocated, at);
  const consumers = { check: consumerErrors, key: (consumer: Readonly<Consumer>) => consumer.uid ?? '' };
  const errors = [
    ...setErrors(reservedFor, maxReservations, consumers, statusPath.child('reservedFor')),
    ...setErrors(
      devices,
      Number.POSITIVE_INFINITY,
      { check: checkDevice, key: sharedDevice },
      statusPath.child('devices'),
    ),
    ...reservationErrors(claim, oldStatus),
  ];
  if (allocation === undefined) return errors;
  const path = statusPath.child('allocation');
  if (oldStatus.allocation === undefined)
    return [...errors, ...allocationErrors(allocation, requestNamesOf(claim.spec), path)];
  return semanticEqual(allocation, oldStatus.allocation)
    ? errors
    : [...errors, invalid(path, allocation, 'field is immutable')];
}

/** What drivers said of devices goes with the devices. */
export function dropDeallocatedDevices(claim: ResourceClaim, old: Readonly<ResourceClaim>): void {
  const devices = claim.status?.devices;
  if (claim.status === undefined || devices === undefined) return;
  const gone = new Set((old.status?.allocation?.devices?.results ?? []).map(deviceId));
  for (const result of claim.status.allocation?.devices?.results ?? []) gone.delete(deviceId(result));
  const kept = devices.filter((device) => !gone.has(deviceId(device)));
  if (kept.length === 0) delete claim.status.devices;
  else claim.status.devices = kept;
}
