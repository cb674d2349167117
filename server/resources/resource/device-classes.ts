import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { isQualifiedName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { maxConfigurations } from './claim-spec.ts';
import { listErrors } from './collections.ts';
import { configurationErrors, type DeviceExpressionCheck, selectorsErrors } from './device-selection.ts';

export type DeviceClass = Api<'io.k8s.api.resource.v1.DeviceClass'>;

const specPath = FieldPath.of('spec');

/** A name under a domain that is not Kubernetes' own, with room for the prefix that quotas put before it. */
function isExtendedResourceName(name: string): boolean {
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return !isNative && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}

function validate(
  deviceClass: Readonly<DeviceClass>,
  old: Readonly<DeviceClass> | undefined,
  check: DeviceExpressionCheck,
): FieldErrors {
  const { selectors, config, extendedResourceName: name } = deviceClass.spec ?? {};
  const keptSelectors = old !== undefined && semanticEqual(selectors, old.spec?.selectors);
  const keptConfig = old !== undefined && semanticEqual(config, old.spec?.config);
  const errors = [
    ...selectorsErrors(selectors, { check, stored: keptSelectors }, specPath.child('selectors')),
    ...listErrors(
      config,
      maxConfigurations,
      (each, at) => configurationErrors(each, keptConfig, at),
      specPath.child('config'),
    ),
  ];
  if (name !== undefined && !isExtendedResourceName(name)) {
    errors.push(invalid(specPath.child('extendedResourceName'), name, 'must be a valid extended resource name'));
  }
  return errors;
}

export function deviceClasses(check: DeviceExpressionCheck): Strategy<DeviceClass> {
  return {
    resource: 'deviceclasses.resource.k8s.io',
    generation: true,
    validateCreate: (deviceClass) => validate(deviceClass, undefined, check),
    validateUpdate: (deviceClass, old) => validate(deviceClass, old, check),
  };
}
