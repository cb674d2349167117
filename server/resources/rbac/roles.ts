import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isPathSegmentName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { StatusError } from '../../../api/status.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';

export type Role = Api<'io.k8s.api.rbac.v1.Role'>;
export type ClusterRole = Api<'io.k8s.api.rbac.v1.ClusterRole'>;
export type PolicyRule = Api<'io.k8s.api.rbac.v1.PolicyRule'>;

const rulesPath = FieldPath.of('rules');
const selectorsPath = FieldPath.of('aggregationRule', 'clusterRoleSelectors');

function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

function validateRule(rule: Readonly<PolicyRule>, namespaced: boolean, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const { verbs, nonResourceURLs, apiGroups, resources, resourceNames } = rule;
  if (isEmpty(verbs)) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'));
  if (!isEmpty(nonResourceURLs)) {
    const at = path.child('nonResourceURLs');
    if (namespaced) errors.push(invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (!isEmpty(apiGroups) || !isEmpty(resources) || !isEmpty(resourceNames)) {
      errors.push(invalid(at, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (isEmpty(apiGroups))
    errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (isEmpty(resources))
    errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  return errors;
}

function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldErrors {
  return (rules ?? []).flatMap((rule, i) => validateRule(rule, namespaced, rulesPath.index(i)));
}

type Selector = NonNullable<NonNullable<ClusterRole['aggregationRule']>['clusterRoleSelectors']>[number];

function isUsable(selector: Selector): boolean {
  try {
    labelSelectorMatcher(selector);
    return true;
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}

function validateAggregation(role: Readonly<ClusterRole>, allowInvalidLabelValueInSelector: boolean): FieldErrors {
  if (role.aggregationRule === undefined) return [];
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    return [required(selectorsPath, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, i) => {
    const path = selectorsPath.index(i);
    const errors = validateLabelSelector(selector, { allowInvalidLabelValueInSelector }, path);
    if (!isUsable(selector)) errors.push(invalid(path, undefined, 'invalid label selector.'));
    return errors;
  });
}

function validateClusterRole(role: Readonly<ClusterRole>, old?: Readonly<ClusterRole>): FieldErrors {
  const tolerant = old !== undefined && validateAggregation(old, false).length > 0;
  return [...validateRules(role.rules, false), ...validateAggregation(role, tolerant)];
}

export const roles: Strategy<Role> = {
  resource: 'roles.rbac.authorization.k8s.io',
  allowCreateOnUpdate: true,
  validateName: isPathSegmentName,
  validateCreate: (role) => validateRules(role.rules, true),
  validateUpdate: (role) => validateRules(role.rules, true),
};

export const clusterRoles: Strategy<ClusterRole> = {
  resource: 'clusterroles.rbac.authorization.k8s.io',
  allowCreateOnUpdate: true,
  validateName: isPathSegmentName,
  validateCreate: (role) => validateClusterRole(role),
  validateUpdate: validateClusterRole,
};
