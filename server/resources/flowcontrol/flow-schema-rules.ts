import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { nameIsDNSLabel, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';

type Rule = Api<'io.k8s.api.flowcontrol.v1.PolicyRulesWithSubjects'>;
type Subject = Api<'io.k8s.api.flowcontrol.v1.Subject'>;
type ResourceRule = Api<'io.k8s.api.flowcontrol.v1.ResourcePolicyRule'>;
type NonResourceRule = Api<'io.k8s.api.flowcontrol.v1.NonResourcePolicyRule'>;

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function validateServiceAccount(account: NonNullable<Subject['serviceAccount']>, path: FieldPath): FieldErrors {
  const { name = '', namespace = '' } = account;
  const errors: FieldErrors = [];
  if (name === '') errors.push(required(path.child('name')));
  else if (name !== '*')
    for (const message of nameIsDNSSubdomain(name, false)) errors.push(invalid(path.child('name'), name, message));
  if (namespace === '')
    return [...errors, required(path.child('namespace'), 'must specify namespace for service account')];
  return [
    ...errors,
    ...nameIsDNSLabel(namespace, false).map((message) => invalid(path.child('namespace'), namespace, message)),
  ];
}

function isSubjectKind(kind: string): kind is keyof typeof subjectFields {
  return Object.hasOwn(subjectFields, kind);
}

function validateSubject(subject: Readonly<Subject>, path: FieldPath): FieldErrors {
  const { kind = '' } = subject;
  if (!isSubjectKind(kind)) return [notSupported(path.child('kind'), kind, ['Group', 'ServiceAccount', 'User'])];
  const field = subjectFields[kind];
  const errors: FieldErrors = [];
  if (subject[field] === undefined)
    errors.push(required(path.child(field), `${field} is required when subject kind is '${kind}'`));
  else if (kind === 'ServiceAccount')
    errors.push(...validateServiceAccount(subject.serviceAccount ?? {}, path.child(field)));
  else if (!subject[field].name) errors.push(required(path.child(field, 'name')));
  for (const other of ['ServiceAccount', 'User', 'Group'] as const) {
    const otherField = subjectFields[other];
    if (other === kind || subject[otherField] === undefined) continue;
    errors.push(forbidden(path.child(otherField), `${otherField} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

function validateVerbs(given: readonly string[], path: FieldPath): FieldErrors {
  if (given.length === 0) return [required(path, 'verbs must contain at least one value')];
  if (given.includes('*'))
    return given.length > 1 ? [invalid(path, given, "if '*' is present, must not specify other verbs")] : [];
  return given.every((verb) => verbs.includes(verb)) ? [] : [notSupported(path, given, verbs)];
}

function validateWildcardList(
  list: readonly string[],
  path: FieldPath,
  whenEmpty: string,
  others: string,
): FieldErrors {
  if (list.length === 0) return [required(path, whenEmpty)];
  return list.length > 1 && list.includes('*')
    ? [invalid(path, list, `if '*' is present, must not specify other ${others}`)]
    : [];
}

function validateNamespaces(rule: Readonly<ResourceRule>, path: FieldPath): FieldErrors {
  const { namespaces = [], clusterScope = false } = rule;
  if (namespaces.length === 0 && !clusterScope) {
    return [required(path, 'resource rules that are not cluster scoped must supply at least one namespace')];
  }
  if (namespaces.includes('*')) {
    return namespaces.length > 1
      ? [invalid(path, namespaces, "if '*' is present, must not specify other namespaces")]
      : [];
  }
  return namespaces.flatMap((namespace, i) =>
    nameIsDNSLabel(namespace, false).map((message) =>
      invalid(path.index(i), namespace, `each member of this list must be '*' or a DNS-1123 label; ${message}`),
    ),
  );
}

function validateResourceRule(rule: Readonly<ResourceRule>, path: FieldPath): FieldErrors {
  const { apiGroups = [], resources = [] } = rule;
  return [
    ...validateVerbs(rule.verbs ?? [], path.child('verbs')),
    ...validateWildcardList(
      apiGroups,
      path.child('apiGroups'),
      'resource rules must supply at least one api group',
      'api groups',
    ),
    ...validateWildcardList(
      resources,
      path.child('resources'),
      'resource rules must supply at least one resource',
      'resources',
    ),
    ...validateNamespaces(rule, path.child('namespaces')),
  ];
}

function urlPathError(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcards = url.split('*').length - 1;
  if (wildcards > 1 || (wildcards === 1 && !url.endsWith('/*'))) return 'wildcard can only do suffix matching';
  return undefined;
}

function validateNonResourceRule(rule: Readonly<NonResourceRule>, path: FieldPath): FieldErrors {
  const { nonResourceURLs = [] } = rule;
  const at = path.child('nonResourceURLs');
  const errors = [
    ...validateVerbs(rule.verbs ?? [], path.child('verbs')),
    ...validateWildcardList(
      nonResourceURLs,
      at,
      'nonResourceURLs must contain at least one value',
      'non-resource URLs',
    ),
  ];
  if (nonResourceURLs.includes('*')) return errors;
  nonResourceURLs.forEach((url, i) => {
    const error = urlPathError(url);
    if (error !== undefined) errors.push(invalid(at.index(i), url, error));
  });
  return errors;
}

export function validateFlowSchemaRule(rule: Readonly<Rule>, path: FieldPath): FieldErrors {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const errors: FieldErrors = [];
  if (subjects.length === 0) errors.push(required(path.child('subjects'), 'subjects must contain at least one value'));
  errors.push(...subjects.flatMap((subject, i) => validateSubject(subject, path.child('subjects').index(i))));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  errors.push(...resourceRules.flatMap((each, i) => validateResourceRule(each, path.child('resourceRules').index(i))));
  errors.push(
    ...nonResourceRules.flatMap((each, i) => validateNonResourceRule(each, path.child('nonResourceRules').index(i))),
  );
  return errors;
}
