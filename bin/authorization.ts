import type { KubeObject } from '../api/object.ts';
import { type Authorizer, alwaysAllow } from '../server/auth/authorizer.ts';
import { allowMasters, unionOf } from '../server/auth/authorizers.ts';
import { createNodeAuthorizer } from '../server/auth/node/node-authorizer.ts';
import { createNodePods, type NodePods } from '../server/auth/node/node-pods.ts';
import { createRbacAuthorizer, type RbacAuthorizer } from '../server/auth/rbac/rbac-authorizer.ts';
import { anonymousUser, unauthenticatedGroup } from '../server/auth/service-account.ts';
import { nodeRules } from '../server/bootstrap/rbac.ts';
import type { UserInfo } from '../server/registry/strategy.ts';
import type { ServerParts } from '../server/server.ts';

/** `--authorization-mode`, in the order in which they are asked. */
export type AuthorizationMode = 'AlwaysAllow' | 'AlwaysDeny' | 'Node' | 'RBAC';

export interface Authorization extends Disposable {
  readonly authorizer: Authorizer;
  /** Absent: everyone may do everything, and needs no permission. */
  readonly enforced: boolean;
  readonly rbac: RbacAuthorizer | undefined;
  /** Who asks without credentials; absent: such requests are refused. */
  readonly anonymous: UserInfo | undefined;
}

export interface AuthorizationOptions {
  readonly modes: readonly AuthorizationMode[];
  readonly anonymousAuth: boolean;
}

const alwaysDeny: Authorizer = {
  authorize: () => ({ decision: 'noOpinion', reason: 'Everything is forbidden.' }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

/** Who may do what. */
export function openAuthorization(
  { modes, anonymousAuth }: AuthorizationOptions,
  parts: Pick<ServerParts, 'reader' | 'resources'>,
): Authorization {
  const isOpen = modes.includes('AlwaysAllow');
  const stops: (() => void)[] = [];
  const rbac = modes.includes('RBAC') ? watchedRbac(parts, stops) : undefined;
  const authorizerOf: Readonly<Record<AuthorizationMode, () => Authorizer>> = {
    AlwaysAllow: () => alwaysAllow,
    AlwaysDeny: () => alwaysDeny,
    RBAC: () => rbac ?? alwaysDeny,
    Node: () =>
      createNodeAuthorizer({ reader: parts.reader, rules: remembered(nodeRules), pods: watchedPods(parts, stops) }),
  };
  const enforced = !(modes.length === 1 && isOpen);
  return {
    authorizer: enforced ? unionOf([allowMasters, ...modes.map((mode) => authorizerOf[mode]())]) : alwaysAllow,
    enforced,
    rbac,
    anonymous: anonymousAuth && !isOpen ? { username: anonymousUser, groups: [unauthenticatedGroup] } : undefined,
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
    },
  };
}

function watchedRbac({ reader, resources }: Pick<ServerParts, 'reader' | 'resources'>, stops: (() => void)[]) {
  const rbac = createRbacAuthorizer(reader);
  for (const resource of ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']) {
    const stop = resources
      .stored(`${resource}.rbac.authorization.k8s.io`)
      ?.cache.listen({}, ({ entry }) => rbac.changed(entry.namespace));
    if (stop !== undefined) stops.push(stop);
  }
  return rbac;
}

function remembered<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Nobody counts what pods refer to before the first node asks. */
function watchedPods(
  { reader, resources }: Pick<ServerParts, 'reader' | 'resources'>,
  stops: (() => void)[],
): () => NodePods {
  let pods: NodePods | undefined;
  return () => {
    if (pods !== undefined) return pods;
    const made = createNodePods(reader.list<KubeObject>('pods'));
    pods = made;
    const { cache } = resources.stored('pods') ?? {};
    const stop = cache?.listen({}, ({ type, entry }) => {
      if (type === 'put') made.put(cache.objectOf(entry));
      else made.remove(entry.namespace, entry.name);
    });
    if (stop !== undefined) stops.push(stop);
    return made;
  };
}
