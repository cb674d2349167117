import { semanticEqual } from '../../api/equal.ts';
import type { KubeObject } from '../../api/object.ts';
import type { RoleBinding } from '../resources/rbac/bindings.ts';
import type { ClusterRole, PolicyRule } from '../resources/rbac/roles.ts';

type Subject = NonNullable<RoleBinding['subjects']>[number];

/** What to do with an existing default role or binding: `recreate` deletes it first, since its roleRef cannot be changed. */
export type Reconciliation =
  | { readonly action: 'keep' }
  | { readonly action: 'update' | 'recreate'; readonly object: KubeObject };

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

function isIn(wanted: string, list: readonly string[] | undefined): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted));
}

function coversResource(wanted: string, resources: readonly string[] | undefined): boolean {
  const slash = wanted.indexOf('/');
  return (
    isIn(wanted, resources) || (slash >= 0 && resources !== undefined && resources.includes(`*${wanted.slice(slash)}`))
  );
}

function coversUrl(wanted: string, urls: readonly string[] | undefined): boolean {
  return urls?.some((url) => url === wanted || (url.endsWith('*') && wanted.startsWith(url.slice(0, -1)))) ?? false;
}

/** Both rules are of one verb and one thing: see `singles`. */
function covers(owner: Readonly<PolicyRule>, wanted: Readonly<PolicyRule>): boolean {
  const [verb = ''] = wanted.verbs ?? [];
  if (!isIn(verb, owner.verbs)) return false;
  const [url] = wanted.nonResourceURLs ?? [];
  if (url !== undefined) return coversUrl(url, owner.nonResourceURLs);
  const [name] = wanted.resourceNames ?? [];
  const namesFit =
    (owner.resourceNames ?? []).length === 0 || (name !== undefined && owner.resourceNames?.includes(name) === true);
  return (
    namesFit &&
    isIn(wanted.apiGroups?.[0] ?? '', owner.apiGroups) &&
    coversResource(wanted.resources?.[0] ?? '', owner.resources)
  );
}

/** Splits a rule into rules of one verb, group, resource and name each. */
function singles(rule: Readonly<PolicyRule>): PolicyRule[] {
  const { verbs = [], nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  const byUrl = nonResourceURLs.flatMap((url) =>
    verbs.map((verb): PolicyRule => ({ verbs: [verb], nonResourceURLs: [url] })),
  );
  const byResource = apiGroups.flatMap((apiGroup) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => {
        const single: PolicyRule = { verbs: [verb], apiGroups: [apiGroup], resources: [resource] };
        return resourceNames.length === 0
          ? [single]
          : resourceNames.map((name) => ({ ...single, resourceNames: [name] }));
      }),
    ),
  );
  return [...byResource, ...byUrl];
}

/** The parts of `wanted` that no single rule of `owned` allows. */
export function uncoveredRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singles).filter((single) => !owned.some((owner) => covers(owner, single)));
}

function subjectId({ kind = '', apiGroup = '', namespace = '', name = '' }: Subject): string {
  return JSON.stringify([kind, apiGroup, namespace, name]);
}

function withMissingMetadata(existing: KubeObject, wanted: Readonly<KubeObject>): KubeObject {
  const metadata = { ...existing.metadata };
  metadata.labels = { ...metadata.labels, ...wanted.metadata?.labels };
  metadata.annotations = { ...metadata.annotations, ...wanted.metadata?.annotations };
  return { ...existing, metadata };
}

function reconcileRole(existing: Readonly<ClusterRole>, wanted: Readonly<ClusterRole>): ClusterRole {
  const role: ClusterRole = withMissingMetadata(structuredClone(existing), wanted);
  if (wanted.aggregationRule !== undefined) {
    const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
    const missing = (wanted.aggregationRule.clusterRoleSelectors ?? []).filter(
      (each) => !selectors.some((own) => semanticEqual(own, each)),
    );
    if (missing.length > 0)
      role.aggregationRule = { clusterRoleSelectors: [...selectors, ...structuredClone(missing)] };
    return role;
  }
  const missing = uncoveredRules(role.rules ?? [], wanted.rules ?? []);
  if (missing.length > 0) role.rules = [...(role.rules ?? []), ...missing];
  return role;
}

function reconcileBinding(existing: Readonly<RoleBinding>, wanted: Readonly<RoleBinding>): RoleBinding {
  const binding: RoleBinding = withMissingMetadata(structuredClone(existing), wanted);
  const ids = new Set((binding.subjects ?? []).map(subjectId));
  const missing = (wanted.subjects ?? []).filter((subject) => !ids.has(subjectId(subject)));
  if (missing.length > 0) binding.subjects = [...(binding.subjects ?? []), ...structuredClone(missing)];
  return binding;
}

/** Adds to an existing default role or binding what it lacks; what it has beyond that stays, and one marked against it is kept as it is. */
export function reconcileRbac(existing: Readonly<KubeObject>, wanted: Readonly<KubeObject>): Reconciliation {
  if (existing.metadata?.annotations?.[autoUpdate] === 'false') return { action: 'keep' };
  const isBinding = Object.hasOwn(wanted, 'roleRef');
  if (isBinding && !semanticEqual((existing as RoleBinding).roleRef, (wanted as RoleBinding).roleRef)) {
    return { action: 'recreate', object: structuredClone(wanted) };
  }
  const object = isBinding ? reconcileBinding(existing, wanted as RoleBinding) : reconcileRole(existing, wanted);
  return semanticEqual(object, existing) ? { action: 'keep' } : { action: 'update', object };
}
