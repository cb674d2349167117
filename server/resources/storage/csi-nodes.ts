import { duplicate, type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors, qualifiedNameErrors } from '../core/field-checks.ts';
import { internalForm, internalShape } from '../core/internal-form.ts';
import { csiDriverNameErrors } from '../core/persistent-volume-csi.ts';

export type CSINode = Api<'io.k8s.api.storage.v1.CSINode'>;
type Driver = Api<'io.k8s.api.storage.v1.CSINodeDriver'>;

const maxNodeID = 256;
const driverShape = internalShape('Name:name:s NodeID:nodeID:s TopologyKeys:topologyKeys:p', [
  'Allocatable',
  'allocatable',
  internalShape('Count:count:p'),
  'pointer',
]);

function driverErrors(
  { name = '', nodeID = '', allocatable, topologyKeys = [] }: Readonly<Driver>,
  path: FieldPath,
): FieldErrors {
  const errors = csiDriverNameErrors(name, path.child('name'));
  const at = path.child('nodeID');
  if (nodeID === '') errors.push(required(at));
  if (Buffer.byteLength(nodeID) > maxNodeID)
    errors.push(invalid(at, nodeID, `must be ${maxNodeID} characters or less`));
  const count = allocatable?.count;
  if (count !== undefined && count < 0) {
    errors.push(invalid(path.child('allocatable', 'count'), count, 'must be greater than or equal to 0'));
  }
  return [...errors, ...topologyErrors(topologyKeys, path)];
}

function topologyErrors(keys: readonly string[], path: FieldPath): FieldErrors {
  return keys.flatMap((key, i) => [
    ...(key === '' ? [required(path)] : []),
    ...(keys.indexOf(key) < i ? [duplicate(path, key)] : []),
    ...qualifiedNameErrors(key, path),
  ]);
}

function specErrors({ spec }: Readonly<CSINode>): FieldErrors {
  const path = FieldPath.of('spec', 'drivers');
  const seen = new Set<string>();
  return (spec?.drivers ?? []).flatMap((driver, i) => {
    const { name = '', topologyKeys = [] } = driver;
    const at = path.index(i);
    const errors = driverErrors({ ...driver, topologyKeys: [] }, at);
    if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
    return [...errors, ...topologyErrors(topologyKeys, at)];
  });
}

/** How many volumes fit may change, all else of a known driver not. */
function changeErrors(node: Readonly<CSINode>, old: Readonly<CSINode>): FieldErrors {
  const path = FieldPath.of('spec', 'drivers');
  return (old.spec?.drivers ?? []).flatMap((before) =>
    (node.spec?.drivers ?? [])
      .filter(({ name }) => name === before.name)
      .flatMap((driver) => {
        const { allocatable: _count, ...rest } = driver;
        const { allocatable: _oldCount, ...oldRest } = before;
        return immutableErrors(rest, oldRest, path, internalForm(rest, driverShape));
      }),
  );
}

export const csiNodeStrategy: Strategy<CSINode> = {
  resource: 'csinodes.storage.k8s.io',
  allowUnconditionalUpdate: false,
  validateCreate: specErrors,
  validateUpdate: (node, old) => [...specErrors(node), ...changeErrors(node, old)],
};
