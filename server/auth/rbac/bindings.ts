import type { Api, KubeObject } from '../../../api/object.ts';
import type { ClusterReader, UserInfo } from '../../registry/strategy.ts';
import { serviceAccountUsername } from '../service-account.ts';
import type { PolicyRule } from './rules.ts';

type Binding = Api<'io.k8s.api.rbac.v1.RoleBinding'>;
type Role = Api<'io.k8s.api.rbac.v1.Role'>;
export type RoleRef = NonNullable<Binding['roleRef']>;
type Subject = NonNullable<Binding['subjects']>[number];

const group = 'rbac.authorization.k8s.io';

/** A role that a user has by a binding. */
export interface Grant {
  readonly rules: readonly PolicyRule[];
  /** `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"` */
  readonly source: string;
}

export interface Granted {
  readonly grants: readonly Grant[];
  /** Roles that bindings name and nobody made. */
  readonly errors: readonly string[];
}

/** The bindings of one namespace, or those of the cluster, by whom they are for. Made anew when one of them or a role changes. */
export interface Bindings {
  grantedTo(user: UserInfo): Granted;
}

/** Throws an Error in the lister's words when the role is not there. */
export function rulesOfRole(
  reader: ClusterReader,
  { kind = '', name = '' }: RoleRef,
  namespace: string,
): readonly PolicyRule[] {
  if (kind !== 'Role' && kind !== 'ClusterRole')
    throw new Error(`unsupported role reference kind: ${JSON.stringify(kind)}`);
  const isCluster = kind === 'ClusterRole';
  const role = reader.get<Role & KubeObject>(
    `${isCluster ? 'clusterroles' : 'roles'}.${group}`,
    isCluster ? '' : namespace,
    name,
  );
  if (role === undefined) throw new Error(`${kind.toLowerCase()}.${group} ${JSON.stringify(name)} not found`);
  return (role.rules ?? []) as readonly PolicyRule[];
}

interface Entry {
  /** The place among the bindings, and of the subject in its binding. */
  readonly binding: number;
  readonly subject: number;
}

/** `namespace` is '' for the bindings of the cluster. */
export function readBindings(reader: ClusterReader, namespace: string): Bindings {
  const bindings =
    namespace === ''
      ? reader.list<Binding & KubeObject>(`clusterrolebindings.${group}`)
      : reader.list<Binding & KubeObject>(`rolebindings.${group}`, namespace);
  const bySubject = new Map<string, Entry[]>();
  bindings.forEach(({ subjects = [] }, binding) => {
    subjects.forEach((one, subject) => {
      const key = keyOf(one, namespace);
      if (key === undefined) return;
      const known = bySubject.get(key);
      if (known === undefined) bySubject.set(key, [{ binding, subject }]);
      else known.push({ binding, subject });
    });
  });
  const roles = new Map<string, readonly PolicyRule[] | Error>();
  const rulesOf = (ref: RoleRef): readonly PolicyRule[] | Error => {
    const key = `${ref.kind}/${ref.name}`;
    let rules = roles.get(key);
    if (rules === undefined) {
      rules = attempt(() => rulesOfRole(reader, ref, namespace));
      roles.set(key, rules);
    }
    return rules;
  };
  return {
    grantedTo(user) {
      const first = new Map<number, number>();
      for (const key of [`User ${user.username}`, ...user.groups.map((name) => `Group ${name}`)]) {
        for (const { binding, subject } of bySubject.get(key) ?? []) {
          first.set(binding, Math.min(first.get(binding) ?? subject, subject));
        }
      }
      const grants: Grant[] = [];
      const errors: string[] = [];
      for (const [at, subject] of [...first].toSorted(([a], [b]) => a - b)) {
        const binding = bindings[at];
        const found = binding?.subjects?.[subject];
        if (binding === undefined || found === undefined) continue;
        const rules = rulesOf(binding.roleRef ?? {});
        if (rules instanceof Error) errors.push(rules.message);
        else grants.push({ rules, source: describe(binding, found, namespace) });
      }
      return { grants, errors };
    },
  };
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}

/** Service accounts are users by another name. */
function keyOf({ kind = '', name = '', namespace: own = '' }: Subject, bindingNamespace: string): string | undefined {
  if (kind === 'User' || kind === 'Group') return `${kind} ${name}`;
  const namespace = own === '' ? bindingNamespace : own;
  if (kind !== 'ServiceAccount' || namespace === '') return undefined;
  return `User ${serviceAccountUsername({ namespace, name })}`;
}

function describe({ metadata, roleRef = {} }: Readonly<Binding>, subject: Subject, namespace: string): string {
  const quote = (text: string): string => JSON.stringify(text);
  const name = metadata?.name ?? '';
  const binding =
    namespace === '' ? `ClusterRoleBinding ${quote(name)}` : `RoleBinding ${quote(`${name}/${namespace}`)}`;
  const where = subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace;
  const whom = subject.kind === 'ServiceAccount' ? `${subject.name ?? ''}/${where}` : (subject.name ?? '');
  return `${binding} of ${roleRef.kind ?? ''} ${quote(roleRef.name ?? '')} to ${subject.kind ?? ''} ${quote(whom)}`;
}
