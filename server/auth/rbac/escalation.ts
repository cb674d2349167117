import { semanticEqual } from '../../../api/equal.ts';
import type { Api, KubeObject } from '../../../api/object.ts';
import { forbiddenError, notFoundError, StatusError } from '../../../api/status.ts';
import type { UserInfo } from '../../registry/strategy.ts';
import type { Authorizer, ResourceAttributes } from '../authorizer.ts';
import type { RoleRef } from './bindings.ts';
import type { RbacAuthorizer } from './rbac-authorizer.ts';
import { compactRules, missingRules, type PolicyRule, quotedList, ruleText } from './rules.ts';

type ClusterRole = Api<'io.k8s.api.rbac.v1.ClusterRole'>;
type RoleBinding = Api<'io.k8s.api.rbac.v1.RoleBinding'>;

const group = 'rbac.authorization.k8s.io';
const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export interface RbacWrite {
  /** `roles`, `clusterrolebindings` … */
  readonly resource: string;
  readonly user: UserInfo;
  /** Of the request: both may be ''. */
  readonly namespace: string;
  readonly name: string;
  readonly object: Readonly<KubeObject>;
  readonly old: Readonly<KubeObject> | undefined;
}

export interface EscalationDeps {
  readonly rbac: RbacAuthorizer;
  /** All authorizers: who may `escalate` or `bind` may be said by any. */
  readonly authorizer: Authorizer;
}

const resources = new Set(['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings']);

export function isEscalationProne(of: string, resource: string): boolean {
  return of === group && resources.has(resource);
}

/** Nobody gives what they do not have themselves. Throws Forbidden; NotFound for a role that a binding names. Upstream: policybased storage. */
export async function checkEscalation(deps: EscalationDeps, write: RbacWrite): Promise<void> {
  if (write.user.groups.includes('system:masters')) return;
  if (write.old !== undefined && changesOnlyForCollector(write.object, write.old)) return;
  if (write.resource === 'roles' || write.resource === 'clusterroles') await checkRole(deps, write);
  else await checkBinding(deps, write);
}

async function checkRole(deps: EscalationDeps, write: RbacWrite): Promise<void> {
  const { resource, namespace, name, object, old } = write;
  if (await mayDo(deps, write, { verb: 'escalate', resource, namespace, name })) return;
  const { rules = [] } = object as ClusterRole;
  refuseMissing(deps, write, rules as readonly PolicyRule[]);
  if (!gathers(object) && (old === undefined || !gathers(old))) return;
  if (missingText(deps, write, fullAuthority) !== undefined) {
    throw forbidden(write, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

function gathers(role: Readonly<ClusterRole>): boolean {
  return (role.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

async function checkBinding(deps: EscalationDeps, write: RbacWrite): Promise<void> {
  const { roleRef = {} } = write.object as RoleBinding;
  const { kind, name = '' } = roleRef;
  if (kind === 'Role' || kind === 'ClusterRole') {
    const resource = kind === 'Role' ? 'roles' : 'clusterroles';
    if (await mayDo(deps, write, { verb: 'bind', resource, namespace: write.namespace, name })) return;
  }
  refuseMissing(deps, write, rulesOf(deps, roleRef, write));
}

function rulesOf({ rbac }: EscalationDeps, ref: RoleRef, { namespace, resource }: RbacWrite): readonly PolicyRule[] {
  try {
    return rbac.rulesOfRole(ref, namespace);
  } catch (error) {
    if (ref.kind === 'Role' || ref.kind === 'ClusterRole') {
      // Upstream names the binding's resource with the role's name.
      throw notFoundError({ group, resource }, ref.name ?? '');
    }
    throw new StatusError('', (error as Error).message);
  }
}

async function mayDo(
  { authorizer }: EscalationDeps,
  { user }: RbacWrite,
  asked: Pick<ResourceAttributes, 'verb' | 'resource' | 'namespace' | 'name'>,
): Promise<boolean> {
  const attributes = { isResource: true, user, group, version: '*', subresource: '', ...asked } as const;
  return (await authorizer.authorize(attributes)).decision === 'allow';
}

function refuseMissing(deps: EscalationDeps, write: RbacWrite, rules: readonly PolicyRule[]): void {
  const text = missingText(deps, write, rules);
  if (text !== undefined) throw forbidden(write, text);
}

function missingText({ rbac }: EscalationDeps, write: RbacWrite, rules: readonly PolicyRule[]): string | undefined {
  const { user, namespace } = write;
  const owned = rbac.policyRulesFor(user, namespace);
  const missing = missingRules(owned.rules, rules);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(compactRules(missing).map(ruleText))].toSorted();
  const who = `user ${JSON.stringify(user.username)} (groups=${quotedList(user.groups)})`;
  const errors = owned.errors.length === 0 ? '' : `; resolution errors: [${owned.errors.join(' ')}]`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${errors}`;
}

function forbidden({ resource, object }: RbacWrite, text: string): StatusError {
  return forbiddenError({ group, resource }, object.metadata?.name ?? '', text);
}

/** Owners and finalizers: what the garbage collector needs to change is no one's escalation. */
function changesOnlyForCollector(object: Readonly<KubeObject>, old: Readonly<KubeObject>): boolean {
  const { ownerReferences, finalizers, managedFields } = old.metadata ?? {};
  const metadata = { ...object.metadata, ownerReferences, finalizers, managedFields };
  return semanticEqual({ ...object, metadata }, old);
}
