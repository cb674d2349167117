import {
  duplicate,
  type FieldErrors,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelName, validateLabelSelector } from '../../../api/validation/labels.ts';
import { validateMatchLabelKeys } from './affinity.ts';
import type { PodValidationOptions } from './pod-options.ts';

type Constraint = Api<'io.k8s.api.core.v1.TopologySpreadConstraint'>;

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const inclusions = ['Honor', 'Ignore'];
const mustBePositive = 'must be greater than zero';

export function validateTopologySpread(
  constraints: readonly Constraint[],
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  for (const [i, constraint] of constraints.entries()) {
    const at = path.index(i);
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '' } = constraint;
    if (maxSkew <= 0) errors.push(invalid(at.child('maxSkew'), maxSkew, mustBePositive));
    if (topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'));
    if (!actions.includes(action)) errors.push(notSupported(at.child('whenUnsatisfiable'), action, actions));
    const repeats = constraints
      .slice(i + 1)
      .some((other) => (other.topologyKey ?? '') === topologyKey && (other.whenUnsatisfiable ?? '') === action);
    if (repeats) errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${action}}`));
    validateMinDomains(constraint.minDomains, action, at.child('minDomains'), errors);
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field];
      if (policy !== undefined && !inclusions.includes(policy))
        errors.push(notSupported(at.child(field), policy, inclusions));
    }
    if (options.oldViolatesMatchLabelKeys) validateKeysBesideSelector(constraint, at.child('matchLabelKeys'), errors);
    else validateMatchLabelKeys(constraint, at, errors);
    if (!options.allowInvalidTopologySpreadSelector) {
      errors.push(...validateLabelSelector(constraint.labelSelector, {}, at.child('labelSelector')));
    }
  }
}

function validateMinDomains(
  minDomains: number | undefined,
  action: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (minDomains === undefined) return;
  if (minDomains <= 0) errors.push(invalid(path, minDomains, mustBePositive));
  if (action === 'DoNotSchedule') return;
  errors.push(invalid(path, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`));
}

/** The older rule, from before the keys were merged into the selector. */
function validateKeysBesideSelector(constraint: Readonly<Constraint>, path: FieldPath, errors: FieldErrors): void {
  const { matchLabelKeys = [], labelSelector } = constraint;
  if (matchLabelKeys.length === 0) return;
  if (labelSelector === undefined) errors.push(forbidden(path, 'must not be specified when labelSelector is not set'));
  const selected = [
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map(({ key = '' }) => key),
  ];
  for (const [i, key] of matchLabelKeys.entries()) {
    errors.push(...validateLabelName(key, path.index(i)));
    if (selected.includes(key))
      errors.push(invalid(path.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
  }
}

export function hasInvalidSpreadSelector(constraints: readonly Constraint[]): boolean {
  return constraints.some(
    ({ labelSelector }) => validateLabelSelector(labelSelector, {}, FieldPath.of('s')).length > 0,
  );
}

export function hasInvalidSpreadKeys(constraints: readonly Constraint[]): boolean {
  const errors: FieldErrors = [];
  for (const constraint of constraints) validateMatchLabelKeys(constraint, FieldPath.of('s'), errors);
  return errors.length > 0;
}
