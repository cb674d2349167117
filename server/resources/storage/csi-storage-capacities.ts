import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { fieldIsImmutable, invalidEach, metadataErrorsAgain, nonnegativeQuantityErrors } from '../core/field-checks.ts';
import { labelSelectorForm } from '../core/internal-form.ts';
import { nodeExpressionWarnings, nodeLabelDeprecation } from '../core/node-selector.ts';

export type CSIStorageCapacity = Api<'io.k8s.api.storage.v1.CSIStorageCapacity'>;

const topologyPath = FieldPath.of('nodeTopology');
const classPath = FieldPath.of('storageClassName');

function capacityErrors(object: Readonly<CSIStorageCapacity>, allowInvalidLabelValueInSelector: boolean): FieldErrors {
  const { nodeTopology, storageClassName = '', capacity } = object;
  return [
    ...validateLabelSelector(nodeTopology, { allowInvalidLabelValueInSelector }, topologyPath),
    ...invalidEach(classPath, storageClassName, nameIsDNSSubdomain(storageClassName, false)),
    ...(capacity === undefined ? [] : nonnegativeQuantityErrors(String(capacity), FieldPath.of('capacity'))),
  ];
}

function updateErrors(object: Readonly<CSIStorageCapacity>, old: Readonly<CSIStorageCapacity>): FieldErrors {
  const errors = [
    ...metadataErrorsAgain(object, 'namespaced'),
    ...capacityErrors(object, hasInvalidLabelValue(old.nodeTopology)),
  ];
  const [topology, oldTopology] = [object.nodeTopology, old.nodeTopology];
  const isAdded = (topology === undefined) !== (oldTopology === undefined);
  if (isAdded || !semanticEqual(topology, oldTopology)) {
    errors.push(invalid(topologyPath, topology && labelSelectorForm(topology), fieldIsImmutable));
  }
  if ((object.storageClassName ?? '') !== (old.storageClassName ?? '')) {
    errors.push(invalid(classPath, object.storageClassName ?? '', fieldIsImmutable));
  }
  return errors;
}

function warnings({ nodeTopology }: Readonly<CSIStorageCapacity>): string[] {
  const labels = Object.keys(nodeTopology?.matchLabels ?? {}).flatMap((label) => {
    const message = nodeLabelDeprecation(label);
    return message === undefined ? [] : [`${topologyPath.child('matchLabels', label)}: ${message}`];
  });
  return [...nodeExpressionWarnings(nodeTopology?.matchExpressions, topologyPath), ...labels];
}

export const csiStorageCapacityStrategy: Strategy<CSIStorageCapacity> = {
  resource: 'csistoragecapacities.storage.k8s.io',
  allowUnconditionalUpdate: false,
  validateCreate: (object) => capacityErrors(object, false),
  warningsOnCreate: warnings,
  validateUpdate: updateErrors,
  warningsOnUpdate: warnings,
};
