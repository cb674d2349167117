import { toTime } from '../../../api/clock.ts';
import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy, StrategyContext } from '../../registry/strategy.ts';
import { nodeSelectorErrors } from '../core/node-selector.ts';
import { setErrors } from './collections.ts';
import { driverNameErrors, labelErrors, poolNameErrors } from './device-names.ts';
import { counterErrors, type Device, deviceErrors, nodeNameErrors } from './devices.ts';

export type ResourceSlice = Api<'io.k8s.api.resource.v1.ResourceSlice'>;
type Spec = NonNullable<ResourceSlice['spec']>;
type CounterSet = Api<'io.k8s.api.resource.v1.CounterSet'>;

const specPath = FieldPath.of('spec');
const maxDevices = 128;
const maxDevicesWithTaintsOrCounters = 64;
const maxCounterSets = 8;

function poolErrors({
  name = '',
  resourceSliceCount: count = 0,
  generation = 0,
}: NonNullable<Spec['pool']>): FieldErrors {
  const path = specPath.child('pool');
  const errors = poolNameErrors(name, path.child('name'));
  if (count <= 0) errors.push(invalid(path.child('resourceSliceCount'), count, 'must be greater than zero'));
  if (generation < 0)
    errors.push(invalid(path.child('generation'), generation, 'must be greater than or equal to zero'));
  return errors;
}

function immutableErrors(spec: Readonly<Spec>, old: Readonly<Spec>): FieldErrors {
  const fixed = (value: string | undefined, before: string | undefined, path: FieldPath): FieldErrors =>
    value === before ? [] : [invalid(path, value, 'field is immutable')];
  return [
    ...fixed(spec.pool?.name ?? '', old.pool?.name ?? '', specPath.child('pool', 'name')),
    ...fixed(spec.driver ?? '', old.driver ?? '', specPath.child('driver')),
    ...fixed(spec.nodeName, old.nodeName, specPath.child('nodeName')),
  ];
}

/** Which nodes have the devices: said in exactly one way. */
function nodeErrors(spec: Readonly<Spec>): FieldErrors {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec;
  const errors: FieldErrors = [];
  const set: string[] = [];
  if (nodeName === '')
    errors.push(invalid(specPath.child('nodeName'), '', 'must be either unset or set to a non-empty string'));
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...nodeNameErrors(nodeName, specPath.child('nodeName')));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    const path = specPath.child('nodeSelector');
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    errors.push(...nodeSelectorErrors(nodeSelector, false, path));
    if (terms.length !== 1)
      errors.push(invalid(path.child('nodeSelectorTerms'), terms, 'must have exactly one node selector term'));
  }
  const flags = { allNodes, perDeviceNodeSelection };
  for (const [field, value] of Object.entries(flags)) {
    if (value === true) set.push(`\`${field}\``);
    else if (value === false) errors.push(invalid(specPath.child(field), false, 'must be either unset or set to true'));
  }
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (set.length === 0) errors.push(required(specPath, rule));
  else if (set.length > 1)
    errors.push(invalid(specPath, `{${set.join(', ')}}`, `${rule}, but multiple fields are set`));
  return errors;
}

function counterSetErrors({ name = '', counters }: Readonly<CounterSet>, path: FieldPath): FieldErrors {
  const at = path.child('name');
  return [
    ...(name === '' ? [required(at)] : labelErrors(name, at)),
    ...counterErrors(counters, path.child('counters')),
  ];
}

function validate(slice: Readonly<ResourceSlice>, old?: Readonly<ResourceSlice>): FieldErrors {
  const spec = slice.spec ?? {};
  const { driver = '', pool = {}, devices = [], sharedCounters, perDeviceNodeSelection = false } = spec;
  const errors = [
    ...driverNameErrors(driver, specPath.child('driver')),
    ...poolErrors(pool),
    ...(old === undefined ? [] : immutableErrors(spec, old.spec ?? {})),
    ...nodeErrors(spec),
  ];
  if (sharedCounters !== undefined && spec.devices !== undefined) {
    errors.push(invalid(specPath, '', 'only one of `sharedCounters` or `devices` is allowed'));
  }
  const isAdvanced = devices.some(
    ({ taints = [], consumesCounters = [] }) => taints.length + consumesCounters.length > 0,
  );
  const rules = {
    check: (device: Readonly<Device>, at: FieldPath): FieldErrors => {
      const before = old?.spec?.devices?.find(({ name }) => name === device.name);
      return deviceErrors(device, before, perDeviceNodeSelection, at);
    },
    key: (device: Readonly<Device>) => device.name ?? '',
  };
  const counterSets = { check: counterSetErrors, key: (set: Readonly<CounterSet>) => set.name ?? '' };
  return [
    ...errors,
    ...setErrors(devices, isAdvanced ? maxDevicesWithTaintsOrCounters : maxDevices, rules, specPath.child('devices')),
    ...setErrors(sharedCounters, maxCounterSets, counterSets, specPath.child('sharedCounters')),
  ];
}

/** Fields of alpha features go, taints get their time. */
function prepare(slice: ResourceSlice, { now }: StrategyContext): void {
  for (const device of slice.spec?.devices ?? []) {
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(device.attributes ?? {})) {
      delete attribute.bools;
      delete attribute.ints;
      delete attribute.strings;
      delete attribute.versions;
    }
    for (const taint of device.taints ?? []) taint.timeAdded ??= toTime(now);
  }
}

function warnings(slice: Readonly<ResourceSlice>): string[] {
  const driver = slice.spec?.driver ?? '';
  if (driver === driver.toLowerCase()) return [];
  return [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`];
}

export const resourceSlices: Strategy<ResourceSlice> = {
  resource: 'resourceslices.resource.k8s.io',
  generation: true,
  prepareForCreate: prepare,
  prepareForUpdate: (slice, _old, context) => prepare(slice, context),
  validateCreate: (slice) => validate(slice),
  validateUpdate: validate,
  warningsOnCreate: warnings,
  warningsOnUpdate: warnings,
};
