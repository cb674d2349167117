import { FieldPath, fieldErrorMessage } from '../../api/field-error.ts';
import { isDomainPrefixedPath } from '../../api/names.ts';
import { StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';
import {
  type Attributes,
  type Authorizer,
  forbiddenByAuthorizer,
  type ResourceAttributes,
  requireAllowed,
} from './authorizer.ts';
import type { WantedUser } from './impersonation-headers.ts';
import {
  anonymousUser,
  authenticatedGroup,
  nodeNameKey,
  serviceAccountGroups,
  splitNodeUsername,
  splitServiceAccountUsername,
  unauthenticatedGroup,
} from './service-account.ts';

/** One way of being allowed to impersonate; they are tried in order. Upstream: KEP 5284, and `legacy` what was there before. */
interface Mode {
  readonly name: 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info' | 'legacy';
  applies(wanted: WantedUser, requestor: UserInfo): boolean;
}

const modes: readonly Mode[] = [
  {
    name: 'associated-node',
    applies: (wanted, requestor) =>
      isUsernameOnly(wanted) &&
      splitServiceAccountUsername(requestor.username) !== undefined &&
      splitNodeUsername(wanted.username) !== undefined &&
      requestor.extra?.[nodeNameKey]?.length === 1 &&
      requestor.extra[nodeNameKey][0] === splitNodeUsername(wanted.username),
  },
  {
    name: 'arbitrary-node',
    applies: (wanted) => isUsernameOnly(wanted) && splitNodeUsername(wanted.username) !== undefined,
  },
  {
    name: 'serviceaccount',
    applies: (wanted) => isUsernameOnly(wanted) && splitServiceAccountUsername(wanted.username) !== undefined,
  },
  {
    name: 'user-info',
    applies: ({ username }) =>
      splitNodeUsername(username) === undefined && splitServiceAccountUsername(username) === undefined,
  },
  { name: 'legacy', applies: () => true },
];

/**
 * The user that the request acts as from now on. `attributes` are those of the request itself, with the requestor as user. Throws Forbidden:
 * what the first applicable mode had against it.
 */
export async function impersonate(
  authorizer: Authorizer,
  wanted: WantedUser,
  attributes: Attributes,
): Promise<UserInfo> {
  let first: StatusError | undefined;
  for (const mode of modes) {
    if (!mode.applies(wanted, attributes.user)) continue;
    try {
      return await impersonateBy(mode, authorizer, wanted, attributes);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      first ??= error;
    }
  }
  throw first ?? new Error('all impersonation modes failed');
}

async function impersonateBy(
  mode: Mode,
  authorizer: Authorizer,
  wanted: WantedUser,
  attributes: Attributes,
): Promise<UserInfo> {
  const isLegacy = mode.name === 'legacy';
  const user = mode.name === 'associated-node' ? withoutExtraValues(attributes.user) : attributes.user;
  if (!isLegacy) {
    await requireAllowed(authorizer, { ...attributes, user, verb: `impersonate-on:${mode.name}:${attributes.verb}` });
  }
  const base: ResourceAttributes = {
    isResource: true,
    user,
    verb: isLegacy ? 'impersonate' : `impersonate:${mode.name}`,
    group: isLegacy ? '' : authenticationGroup,
    version: 'v1',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  };
  await requireAllowed(authorizer, usernameAttributes(mode, wanted.username, base));
  if (wanted.uid !== '') {
    await requireAllowed(authorizer, { ...base, group: authenticationGroup, resource: 'uids', name: wanted.uid });
  }
  await requireGroups(authorizer, wanted.groups, { ...base, resource: 'groups' }, isLegacy);
  await requireExtra(
    authorizer,
    wanted.extra,
    { ...base, group: authenticationGroup, resource: 'userextras' },
    isLegacy,
  );
  return actualUser(wanted, isLegacy);
}

const authenticationGroup = 'authentication.k8s.io';

function usernameAttributes(mode: Mode, username: string, base: ResourceAttributes): ResourceAttributes {
  const node = mode.name === 'legacy' ? undefined : splitNodeUsername(username);
  // One decision holds for all nodes: that it is the requestor's own was seen before.
  if (node !== undefined) return { ...base, resource: 'nodes', name: mode.name === 'associated-node' ? '*' : node };
  const account = splitServiceAccountUsername(username);
  return account === undefined
    ? { ...base, resource: 'users', name: username }
    : { ...base, resource: 'serviceaccounts', ...account };
}

// From so many on, one question about all of them is tried first.
const manyChecks = 4;

async function requireGroups(
  authorizer: Authorizer,
  groups: readonly string[],
  base: ResourceAttributes,
  isLegacy: boolean,
): Promise<void> {
  if (!isLegacy) {
    if (groups.includes('')) throw forbiddenByAuthorizer(base, 'impersonating the empty string group is not allowed');
    const masters = 'system:masters';
    if (groups.includes(masters)) {
      throw forbiddenByAuthorizer({ ...base, name: masters }, `impersonating the ${masters} group is not allowed`);
    }
    if (groups.length >= manyChecks && (await isAllowed(authorizer, { ...base, name: '*' }))) return;
  }
  for (const name of groups) await requireAllowed(authorizer, { ...base, name });
}

async function requireExtra(
  authorizer: Authorizer,
  extra: WantedUser['extra'],
  base: ResourceAttributes,
  isLegacy: boolean,
): Promise<void> {
  const pairs = Object.entries(extra).flatMap(([key, values]) =>
    values.map((value) => ({ subresource: key, name: value })),
  );
  if (!isLegacy) {
    const fault = Object.entries(extra)
      .map(extraFault)
      .find((text) => text !== undefined);
    if (fault !== undefined) throw forbiddenByAuthorizer(base, fault);
    const isMany = pairs.length >= manyChecks || Object.keys(extra).length >= manyChecks;
    if (isMany && (await isAllowed(authorizer, { ...base, subresource: '*', name: '*' }))) return;
  }
  for (const pair of pairs) await requireAllowed(authorizer, { ...base, ...pair });
}

function extraFault([key, values]: readonly [string, readonly string[]]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed';
  const errors = isDomainPrefixedPath(FieldPath.of('extra', 'key'), key).map(fieldErrorMessage);
  if (errors.length > 0) {
    const text = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`;
    return `impersonating an invalid key in extra is not allowed: ${text}`;
  }
  if (key !== key.toLowerCase())
    return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
  if (values.length === 0) return 'impersonating empty values in extra is not allowed';
  return values.includes('') ? 'impersonating the empty string value in extra is not allowed' : undefined;
}

async function isAllowed(authorizer: Authorizer, attributes: Attributes): Promise<boolean> {
  return (await authorizer.authorize(attributes)).decision === 'allow';
}

function actualUser({ username, uid, groups, extra }: WantedUser, isLegacy: boolean): UserInfo {
  let actual = groups;
  if (groups.length === 0) {
    const account = splitServiceAccountUsername(username);
    if (account !== undefined) actual = serviceAccountGroups(account.namespace);
    else if (!isLegacy && splitNodeUsername(username) !== undefined) actual = ['system:nodes'];
  }
  const own = username === anonymousUser ? unauthenticatedGroup : authenticatedGroup;
  const isComplete = actual.includes(own) || actual.includes(unauthenticatedGroup);
  return {
    username,
    ...(uid === '' ? {} : { uid }),
    groups: isComplete ? actual : [...actual, own],
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function isUsernameOnly({ uid, groups, extra }: WantedUser): boolean {
  return uid === '' && groups.length === 0 && Object.keys(extra).length === 0;
}

/** What the authorizer may know of a node's own service account: which keys, not which values. */
function withoutExtraValues(user: UserInfo): UserInfo {
  return {
    ...user,
    extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(user.extra ?? {}).toSorted() },
  };
}
