import { duplicate, type FieldErrors, FieldPath, notSupported, required } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelName } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors, metadataErrorsAgain, sortedMap } from '../core/field-checks.ts';
import { nodeLabelDeprecation } from '../core/node-selector.ts';
import { parameterErrors, provisionerErrors } from './parameters.ts';

export type StorageClass = Api<'io.k8s.api.storage.v1.StorageClass'>;
type Topology = Api<'io.k8s.api.core.v1.TopologySelectorTerm'>;
type Requirement = Api<'io.k8s.api.core.v1.TopologySelectorLabelRequirement'>;

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

function requirementErrors({ key = '', values = [] }: Readonly<Requirement>, path: FieldPath): FieldErrors {
  const at = path.child('values');
  const errors = values.length === 0 ? [required(at)] : [];
  for (const [i, value] of values.entries()) {
    if (values.indexOf(value) < i) errors.push(duplicate(at.index(i), value));
  }
  return [...errors, ...validateLabelName(key, path.child('key'))];
}

/** Terms that differ in order alone are the same. */
function identity({ matchLabelExpressions = [] }: Readonly<Topology>): string {
  const byKey = new Map(matchLabelExpressions.map(({ key = '', values = [] }) => [key, [...new Set(values)].sort()]));
  return JSON.stringify([...byKey].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function topologyErrors(topologies: readonly Readonly<Topology>[]): FieldErrors {
  // As many empty terms as there are terms count as seen: an empty one is a duplicate of each.
  const seen = topologies.map(() => '[]');
  return topologies.flatMap((topology, i) => {
    const path = FieldPath.of('allowedTopologies').index(i).child('matchLabelExpressions');
    const keys = new Set<string>();
    const errors = (topology.matchLabelExpressions ?? []).flatMap((requirement, j) => {
      const { key = '' } = requirement;
      const found = requirementErrors(requirement, path.index(j));
      if (keys.has(key)) found.push(duplicate(path.index(j).child('key'), key));
      keys.add(key);
      return found;
    });
    const own = identity(topology);
    const same = seen.filter((other) => other === own).map(() => duplicate(path, ''));
    seen.push(own);
    return [...errors, ...same];
  });
}

function classErrors(storageClass: Readonly<StorageClass>): FieldErrors {
  const { reclaimPolicy, volumeBindingMode, parameters, allowedTopologies = [] } = storageClass;
  const errors = [
    ...provisionerErrors(storageClass.provisioner ?? '', FieldPath.of('provisioner')),
    ...parameterErrors(parameters ?? {}, FieldPath.of('parameters')),
  ];
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
    errors.push(notSupported(FieldPath.of('reclaimPolicy'), reclaimPolicy, reclaimPolicies));
  }
  const path = FieldPath.of('volumeBindingMode');
  if (volumeBindingMode === undefined) errors.push(required(path));
  else if (!bindingModes.includes(volumeBindingMode)) errors.push(notSupported(path, volumeBindingMode, bindingModes));
  return [...errors, ...topologyErrors(allowedTopologies)];
}

function warnings({ allowedTopologies = [] }: Readonly<StorageClass>): string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key = '' }, j) => {
      const message = nodeLabelDeprecation(key);
      const path = FieldPath.of('allowedTopologies').index(i).child('matchLabelExpressions').index(j).child('key');
      return message === undefined ? [] : [`${path}: ${message}`];
    }),
  );
}

export const storageClassStrategy: Strategy<StorageClass> = {
  resource: 'storageclasses.storage.k8s.io',
  validateName: nameIsDNSSubdomain,
  applyDefaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validateCreate: classErrors,
  warningsOnCreate: warnings,
  validateUpdate(storageClass, old) {
    const errors = [...metadataErrorsAgain(storageClass, 'cluster'), ...classErrors(storageClass)];
    const shown = sortedMap(storageClass.parameters);
    errors.push(...immutableErrors(storageClass.parameters, old.parameters, FieldPath.of('parameters'), shown));
    for (const field of ['provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
      errors.push(...immutableErrors(storageClass[field], old[field], FieldPath.of(field), storageClass[field] ?? ''));
    }
    return errors;
  },
  warningsOnUpdate: warnings,
};
