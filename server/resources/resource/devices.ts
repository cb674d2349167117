import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, type FieldPath, invalid, required, tooLong } from '../../../api/field-error.ts';
import { byteLength, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { nodeSelectorErrors } from '../core/node-selector.ts';
import { capacityErrors } from './capacity-policy.ts';
import { listErrors, mapErrors, setErrors } from './collections.ts';
import { bindingConditionErrors, labelErrors, qualifiedNameErrors } from './device-names.ts';
import { taintErrors } from './device-selection.ts';

export type Device = Api<'io.k8s.api.resource.v1.Device'>;
type Attribute = Api<'io.k8s.api.resource.v1.DeviceAttribute'>;
type Consumption = Api<'io.k8s.api.resource.v1.DeviceCounterConsumption'>;

const maxAttributesAndCapacities = 32;
const maxTaints = 16;
const maxConsumptions = 2;
export const maxCounters = 32;
const maxAttributeValue = 64;

const semver =
  /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

function attributeErrors(attribute: Readonly<Attribute>, path: FieldPath): FieldErrors {
  const { string, version } = attribute;
  const errors: FieldErrors = [];
  if (string !== undefined && byteLength(string) > maxAttributeValue)
    errors.push(tooLong(path.child('string'), maxAttributeValue));
  if (version !== undefined) {
    if (!semver.test(version))
      errors.push(invalid(path.child('version'), version, 'must be a string compatible with semver.org spec 2.0.0'));
    if (byteLength(version) > maxAttributeValue) errors.push(tooLong(path.child('version'), maxAttributeValue));
  }
  const count = Object.values(attribute).filter((value) => value !== undefined).length;
  if (count === 1) return errors;
  const { int, bool } = attribute;
  const shown = {
    IntValue: int ?? null,
    BoolValue: bool ?? null,
    StringValue: string ?? null,
    VersionValue: version ?? null,
    IntValues: null,
    BoolValues: null,
    StringValues: null,
    VersionValues: null,
  };
  return [...errors, invalid(path, count === 0 ? '' : shown, 'exactly one value must be specified')];
}

export function nodeNameErrors(name: string, path: FieldPath): FieldErrors {
  return nameIsDNSSubdomain(name, false).map((message) => invalid(path, name, message));
}

function nodeSelectionErrors(device: Readonly<Device>, perDevice: boolean, path: FieldPath): FieldErrors {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDevice) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return [];
    const detail =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [invalid(path, undefined, detail)];
  }
  const errors: FieldErrors = [];
  const set: string[] = [];
  if (nodeName === '') errors.push(invalid(path.child('nodeName'), nodeName, 'must not be empty'));
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...nodeNameErrors(nodeName, path.child('nodeName')));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    errors.push(...nodeSelectorErrors(nodeSelector, false, path.child('nodeSelector')));
  }
  if (allNodes === true) set.push('`allNodes`');
  else if (allNodes === false)
    errors.push(invalid(path.child('allNodes'), false, 'must be either unset or set to true'));
  const when = 'is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  const detail = `exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` ${when}`;
  if (set.length === 0) errors.push(required(path, detail));
  else if (set.length > 1) errors.push(invalid(path, `{${set.join(', ')}}`, detail));
  return errors;
}

export function counterErrors(counters: Readonly<Record<string, unknown>> | undefined, path: FieldPath): FieldErrors {
  if (Object.keys(counters ?? {}).length === 0) return [required(path)];
  return mapErrors(counters, maxCounters, { checkKey: labelErrors, check: () => [] }, path);
}

function consumptionErrors({ counterSet = '', counters }: Readonly<Consumption>, path: FieldPath): FieldErrors {
  const at = path.child('counterSet');
  return [
    ...(counterSet === '' ? [required(at)] : labelErrors(counterSet, at)),
    ...counterErrors(counters, path.child('counters')),
  ];
}

export function deviceErrors(
  device: Readonly<Device>,
  old: Readonly<Device> | undefined,
  perDevice: boolean,
  path: FieldPath,
): FieldErrors {
  const { attributes = {}, capacity = {}, allowMultipleAllocations = false } = device;
  const errors = labelErrors(device.name ?? '', path.child('name'));
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > maxAttributesAndCapacities) {
    const detail = `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`;
    errors.push(invalid(path, count, detail));
  }
  const isUnlimited = Number.POSITIVE_INFINITY;
  const checkCapacity = {
    checkKey: qualifiedNameErrors,
    check: (each: object, at: FieldPath) => capacityErrors(each, allowMultipleAllocations, at),
  };
  const consumed = { check: consumptionErrors, key: (each: Readonly<Consumption>) => each.counterSet ?? '' };
  const keepsTaints = old !== undefined && semanticEqual(old.taints, device.taints);
  return [
    ...errors,
    ...mapErrors(
      attributes,
      isUnlimited,
      { checkKey: qualifiedNameErrors, check: attributeErrors },
      path.child('attributes'),
    ),
    ...mapErrors(capacity, isUnlimited, checkCapacity, path.child('capacity')),
    ...(keepsTaints ? [] : listErrors(device.taints, maxTaints, taintErrors, path.child('taints'))),
    ...setErrors(device.consumesCounters, maxConsumptions, consumed, path.child('consumesCounters')),
    ...nodeSelectionErrors(device, perDevice, path),
    ...bindingConditionErrors(device.bindingConditions, device.bindingFailureConditions, path),
  ];
}
