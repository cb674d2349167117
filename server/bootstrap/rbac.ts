import type { KubeObject } from '../../api/object.ts';
import type { ClusterRoleBinding, RoleBinding } from '../resources/rbac/bindings.ts';
import type { ClusterRole, PolicyRule, Role } from '../resources/rbac/roles.ts';
import type { BootstrapObject } from './bootstrap-object.ts';
import { aggregateRoles, clusterRoleTable, namespacedRoleTable } from './cluster-role-table.ts';
import { controllerRoleTable } from './controller-role-table.ts';
import { parseRoleTable, type RoleRow } from './role-table.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
const controllerPrefix = 'system:controller:';

type Subject = NonNullable<RoleBinding['subjects']>[number];

function metadata(name: string, labels: Readonly<Record<string, string>> = {}): NonNullable<KubeObject['metadata']> {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function aggregateLabel(role: string | undefined): Record<string, string> {
  return role === undefined ? {} : { [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' };
}

function clusterRole({ name, partOf, rules }: RoleRow, prefix = ''): ClusterRole {
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: metadata(prefix + name, aggregateLabel(partOf)),
    rules: [...rules],
  };
}

function clusterRoles(): ClusterRole[] {
  return [
    ...Object.entries(aggregateRoles).map(([name, partOf]) => ({
      apiVersion,
      kind: 'ClusterRole',
      metadata: metadata(name, aggregateLabel(partOf)),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateLabel(name) }] },
    })),
    ...parseRoleTable(clusterRoleTable).map((row) => clusterRole(row)),
    ...parseRoleTable(controllerRoleTable).map((row) => clusterRole(row, controllerPrefix)),
  ];
}

function user(name: string): Subject {
  return { kind: 'User', apiGroup: group, name };
}

function members(name: string): Subject {
  return { kind: 'Group', apiGroup: group, name };
}

function serviceAccount(name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
}

/** Cluster role to who has it; bindings are named like their role. */
const clusterSubjects: Readonly<Record<string, readonly Subject[]>> = {
  'cluster-admin': [members('system:masters')],
  'system:basic-user': [members('system:authenticated')],
  'system:discovery': [members('system:authenticated')],
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-dns': [serviceAccount('kube-dns')],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:monitoring': [members('system:monitoring')],
  // Nodes are authorized one by one; the binding stays for those who add subjects to it.
  'system:node': [],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:public-info-viewer': [members('system:authenticated'), members('system:unauthenticated')],
  'system:service-account-issuer-discovery': [members('system:serviceaccounts')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
};

function clusterRoleBinding(role: string, subjects: readonly Subject[]): ClusterRoleBinding {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadata(role),
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    ...(subjects.length === 0 ? {} : { subjects: [...subjects] }),
  };
}

function clusterRoleBindings(): ClusterRoleBinding[] {
  return [
    ...Object.entries(clusterSubjects).map(([role, subjects]) => clusterRoleBinding(role, subjects)),
    ...parseRoleTable(controllerRoleTable).map(({ name }) =>
      clusterRoleBinding(controllerPrefix + name, [serviceAccount(name)]),
    ),
  ];
}

interface NamespacedBinding {
  readonly namespace: string;
  readonly name: string;
  readonly role?: string;
  readonly subjects: readonly Subject[];
}

const namespacedBindings: readonly NamespacedBinding[] = [
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    subjects: [serviceAccount('bootstrap-signer')],
  },
  {
    namespace: 'kube-system',
    name: 'system::extension-apiserver-authentication-reader',
    role: 'extension-apiserver-authentication-reader',
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-controller-manager',
    subjects: [
      user('system:kube-controller-manager'),
      serviceAccount('kube-controller-manager'),
      serviceAccount('leader-election-controller'),
    ],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-scheduler',
    subjects: [user('system:kube-scheduler'), serviceAccount('kube-scheduler')],
  },
  ...['bootstrap-signer', 'cloud-provider', 'token-cleaner'].map((name) => ({
    namespace: 'kube-system',
    name: controllerPrefix + name,
    subjects: [serviceAccount(name)],
  })),
];

function namespacedRoles(): Role[] {
  return parseRoleTable(namespacedRoleTable).map((row) => {
    const [namespace = '', name = ''] = row.name.split('/');
    return { apiVersion, kind: 'Role', metadata: { ...metadata(name), namespace }, rules: [...row.rules] };
  });
}

function roleBindings(): RoleBinding[] {
  return namespacedBindings.map(({ namespace, name, role = name, subjects }) => ({
    apiVersion,
    kind: 'RoleBinding',
    metadata: { ...metadata(name), namespace },
    roleRef: { apiGroup: group, kind: 'Role', name: role },
    subjects: [...subjects],
  }));
}

function rows(plural: string, objects: readonly KubeObject[]): BootstrapObject[] {
  return objects.map((object) => ({
    resource: `${plural}.${group}`,
    namespace: object.metadata?.namespace ?? '',
    object,
  }));
}

/** What every node may do, whatever runs on it. */
export function nodeRules(): readonly PolicyRule[] {
  return parseRoleTable(clusterRoleTable).find(({ name }) => name === 'system:node')?.rules ?? [];
}

/** The default roles and bindings; those that exist are reconciled: see `reconcileRbac`. */
export function rbacObjects(): BootstrapObject[] {
  return [
    ...rows('clusterroles', clusterRoles()),
    ...rows('clusterrolebindings', clusterRoleBindings()),
    ...rows('roles', namespacedRoles()),
    ...rows('rolebindings', roleBindings()),
  ];
}
