import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isPathSegmentName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';

type Rule = Api<'io.k8s.api.admissionregistration.v1.RuleWithOperations'>;
type NamedRule = Api<'io.k8s.api.admissionregistration.v1.NamedRuleWithOperations'>;

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

export function defaultRule(rule: Rule): void {
  rule.scope ??= '*';
}

function validateSubresourceWildcards(resources: readonly string[], path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const withAllSubresources = new Set<string>();
  const ofAllResources = new Set<string>();
  resources.forEach((each, i) => {
    if (each === '') errors.push(required(path.index(i)));
    const slash = each.indexOf('/');
    if (slash < 0) return;
    const [resource, subresource] = [each.slice(0, slash), each.slice(slash + 1)];
    if (withAllSubresources.has(resource)) {
      errors.push(invalid(path.index(i), each, `if '${resource}/*' is present, must not specify ${each}`));
    }
    if (ofAllResources.has(subresource)) {
      errors.push(invalid(path.index(i), each, `if '*/${subresource}' is present, must not specify ${each}`));
    }
    if (subresource === '*') withAllSubresources.add(resource);
    if (resource === '*') ofAllResources.add(subresource);
  });
  return errors;
}

function validateResources(resources: readonly string[], path: FieldPath): FieldErrors {
  if (resources.length === 0) return [required(path)];
  const errors = validateSubresourceWildcards(resources, path);
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  // Upstream looks at the last resource without subresource alone.
  const last = resources.findLast((each) => each !== '' && !each.includes('/'));
  if (resources.includes('*') && last !== undefined && last !== '*') {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return errors;
}

function validateWildcard(list: readonly string[], path: FieldPath, others: string): FieldErrors {
  return list.length > 1 && list.includes('*')
    ? [invalid(path, list, `if '*' is present, must not specify other ${others}`)]
    : [];
}

export function validateRule(rule: Readonly<Rule>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const given = rule.operations ?? [];
  const operationsPath = path.child('operations');
  if (given.length === 0) errors.push(required(operationsPath));
  errors.push(...validateWildcard(given, operationsPath, 'operations'));
  given.forEach((operation, i) => {
    if (!operations.includes(operation)) errors.push(notSupported(operationsPath.index(i), operation, operations));
  });
  const { apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  if (apiGroups.length === 0) errors.push(required(path.child('apiGroups')));
  errors.push(...validateWildcard(apiGroups, path.child('apiGroups'), 'API groups'));
  if (apiVersions.length === 0) errors.push(required(path.child('apiVersions')));
  errors.push(...validateWildcard(apiVersions, path.child('apiVersions'), 'API versions'));
  apiVersions.forEach((version, i) => {
    if (version === '') errors.push(required(path.child('apiVersions').index(i)));
  });
  errors.push(...validateResources(resources, path.child('resources')));
  if (scope !== undefined && !scopes.includes(scope)) errors.push(notSupported(path.child('scope'), scope, scopes));
  return errors;
}

export function validateNamedRule(rule: Readonly<NamedRule>, path: FieldPath): FieldErrors {
  const names = rule.resourceNames ?? [];
  const errors = names.flatMap((name, i) => {
    const at = path.child('resourceNames').index(i);
    const wrong = isPathSegmentName(name).map((message) => invalid(at, name, message));
    return names.indexOf(name) < i ? [...wrong, duplicate(at, name)] : wrong;
  });
  return [...errors, ...validateRule(rule, path)];
}
