import { nameIsDNSLabel, nameIsDNSSubdomain } from '../../api/names.ts';
import type { UserInfo } from '../registry/strategy.ts';

export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousUser = 'system:anonymous';

/** Keys of `extra`. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';
export const nodeNameKey = 'authentication.kubernetes.io/node-name';
export const nodeUidKey = 'authentication.kubernetes.io/node-uid';
export const podNameKey = 'authentication.kubernetes.io/pod-name';
export const podUidKey = 'authentication.kubernetes.io/pod-uid';

const usernamePrefix = 'system:serviceaccount:';
const nodeUsernamePrefix = 'system:node:';

export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

export function serviceAccountUsername({ namespace, name }: NamespacedName): string {
  return `${usernamePrefix}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** Undefined for usernames that are not a service account's. */
export function splitServiceAccountUsername(username: string): NamespacedName | undefined {
  if (!username.startsWith(usernamePrefix)) return undefined;
  const [namespace = '', name = '', ...rest] = username.slice(usernamePrefix.length).split(':');
  if (rest.length > 0 || nameIsDNSLabel(namespace, false).length > 0) return undefined;
  return nameIsDNSSubdomain(name, false).length > 0 ? undefined : { namespace, name };
}

/** The node's name of `system:node:NAME`. */
export function splitNodeUsername(username: string): string | undefined {
  if (!username.startsWith(nodeUsernamePrefix)) return undefined;
  const name = username.slice(nodeUsernamePrefix.length);
  return nameIsDNSSubdomain(name, false).length > 0 ? undefined : name;
}

/** The user with `system:authenticated`, which each user but the anonymous one belongs to. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.username === anonymousUser) return user;
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}
