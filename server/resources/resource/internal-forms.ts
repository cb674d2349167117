import { internalForm, internalShape } from '../core/internal-form.ts';

// How upstream's internal types print in errors.

const selector = internalShape(['CEL', 'cel', internalShape('Expression:expression:s'), 'pointer']);
const toleration = internalShape(
  'Key:key:s Operator:operator:s Value:value:s Effect:effect:s TolerationSeconds:tolerationSeconds:p',
);
const capacity = internalShape('Requests:requests:p');
const exactly = internalShape(
  'DeviceClassName:deviceClassName:s',
  ['Selectors', 'selectors', selector, 'list'],
  'AllocationMode:allocationMode:s Count:count:n AdminAccess:adminAccess:p',
  ['Tolerations', 'tolerations', toleration, 'list'],
  ['Capacity', 'capacity', capacity, 'pointer'],
);
const alternative = internalShape(
  'Name:name:s DeviceClassName:deviceClassName:s',
  ['Selectors', 'selectors', selector, 'list'],
  'AllocationMode:allocationMode:s Count:count:n',
  ['Tolerations', 'tolerations', toleration, 'list'],
  ['Capacity', 'capacity', capacity, 'pointer'],
);
const request = internalShape(
  'Name:name:s',
  ['Exactly', 'exactly', exactly, 'pointer'],
  ['FirstAvailable', 'firstAvailable', alternative, 'list'],
);
const constraint = internalShape(
  'Requests:requests:p MatchAttribute:matchAttribute:p DistinctAttribute:distinctAttribute:p',
);
const opaque = internalShape('Driver:driver:s Parameters:parameters:p');
const config = internalShape('Requests:requests:p', ['Opaque', 'opaque', opaque, 'pointer']);
const devices = internalShape(
  ['Requests', 'requests', request, 'list'],
  ['Constraints', 'constraints', constraint, 'list'],
  ['Config', 'config', config, 'list'],
);
const claimSpec = internalShape(['Devices', 'devices', devices, 'value']);

export function printedClaimSpec(spec: unknown): unknown {
  return internalForm(spec, claimSpec);
}

/** ObjectMeta stands in the middle of the struct and has JSON names of its own. */
export function printedTemplateSpec(
  spec: { readonly metadata?: object; readonly spec?: unknown } | undefined,
): unknown {
  return { ...spec?.metadata, Spec: printedClaimSpec(spec?.spec) };
}
