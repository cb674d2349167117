import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';

export type RoleBinding = Api<'io.k8s.api.rbac.v1.RoleBinding'>;
export type ClusterRoleBinding = Api<'io.k8s.api.rbac.v1.ClusterRoleBinding'>;
type Binding = RoleBinding | ClusterRoleBinding;
type Subject = Api<'io.k8s.api.rbac.v1.Subject'>;

const rbacGroup = 'rbac.authorization.k8s.io';
const roleRefPath = FieldPath.of('roleRef');
const subjectsPath = FieldPath.of('subjects');

function applyDefaults(binding: Binding): void {
  binding.roleRef ??= {};
  binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
  }
}

function validateRoleRef(binding: Readonly<Binding>, kinds: readonly string[]): FieldErrors {
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  const errors: FieldErrors = [];
  if (apiGroup !== rbacGroup) errors.push(notSupported(roleRefPath.child('apiGroup'), apiGroup, [rbacGroup]));
  if (!kinds.includes(kind)) errors.push(notSupported(roleRefPath.child('kind'), kind, kinds));
  if (name === '') errors.push(required(roleRefPath.child('name')));
  else for (const message of isPathSegmentName(name)) errors.push(invalid(roleRefPath.child('name'), name, message));
  return errors;
}

function validateSubject(subject: Readonly<Subject>, namespaced: boolean, path: FieldPath): FieldErrors {
  const { kind = '', name = '', apiGroup = '', namespace = '' } = subject;
  const errors: FieldErrors = [];
  if (name === '') errors.push(required(path.child('name')));
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') {
        for (const message of nameIsDNSSubdomain(name, false)) errors.push(invalid(path.child('name'), name, message));
      }
      if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
      if (!namespaced && namespace === '') errors.push(required(path.child('namespace')));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup) errors.push(notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]));
      break;
    default:
      errors.push(notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

function bindingStrategy<T extends Binding>(
  resource: string,
  namespaced: boolean,
  roleKinds: readonly string[],
): Strategy<T> {
  const validate = (binding: Readonly<T>): FieldErrors => [
    ...validateRoleRef(binding, roleKinds),
    ...(binding.subjects ?? []).flatMap((subject, i) => validateSubject(subject, namespaced, subjectsPath.index(i))),
  ];
  return {
    resource: `${resource}.${rbacGroup}`,
    allowCreateOnUpdate: true,
    validateName: isPathSegmentName,
    applyDefaults,
    validateCreate: validate,
    validateUpdate: (binding, old) => {
      const errors = validate(binding);
      if (semanticEqual(binding.roleRef, old.roleRef)) return errors;
      const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
      errors.push(invalid(roleRefPath, { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef'));
      return errors;
    },
  };
}

export const roleBindings = bindingStrategy<RoleBinding>('rolebindings', true, ['Role', 'ClusterRole']);
export const clusterRoleBindings = bindingStrategy<ClusterRoleBinding>('clusterrolebindings', false, ['ClusterRole']);
