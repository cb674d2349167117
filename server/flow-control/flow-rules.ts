import type { UserInfo } from '../registry/strategy.ts';
import type { FlowSchema } from '../resources/flowcontrol/flow-schemas.ts';

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];
type Subject = NonNullable<Rule['subjects']>[number];

/** What of a request decides about its flow. */
export interface RequestDigest {
  readonly user: UserInfo;
  readonly verb: string;
  /** Of requests that address no resource. */
  readonly path: string;
  readonly target: ResourceTarget | undefined;
}

export interface ResourceTarget {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** '' is the cluster scope; of a namespace it is its own name. */
  readonly namespace: string;
}

const accountPrefix = 'system:serviceaccount:';

function contains(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && ((list.length === 1 && list[0] === '*') || list.includes(value));
}

function matchesSubject(user: UserInfo, subject: Subject): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user?.name === '*' || subject.user?.name === user.username;
    case 'Group': {
      const wanted = subject.group?.name;
      return wanted !== undefined && (wanted === '*' || user.groups.includes(wanted));
    }
    case 'ServiceAccount': {
      if (subject.serviceAccount === undefined) return false;
      const { namespace = '', name = '' } = subject.serviceAccount;
      const prefix = `${accountPrefix}${namespace}:`;
      return name === '*' ? user.username.startsWith(prefix) : user.username === prefix + name;
    }
    default:
      return false;
  }
}

function matchesResource(verb: string, target: ResourceTarget, { resourceRules = [] }: Rule): boolean {
  const { group, resource, subresource, namespace } = target;
  const name = subresource === '' ? resource : `${resource}/${subresource}`;
  return resourceRules.some(
    (rule) =>
      contains(rule.verbs, verb) &&
      contains(rule.resources, name) &&
      contains(rule.apiGroups, group) &&
      (namespace === '' ? rule.clusterScope === true : contains(rule.namespaces, namespace)),
  );
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function matchesNonResource(verb: string, path: string, { nonResourceRules = [] }: Rule): boolean {
  return nonResourceRules.some(
    (rule) =>
      contains(rule.verbs, verb) && (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern ?? '', path)),
  );
}

export function matchesFlowSchema({ user, verb, path, target }: RequestDigest, flowSchema: FlowSchema): boolean {
  return (flowSchema.spec?.rules ?? []).some(
    (rule) =>
      (rule.subjects ?? []).some((subject) => matchesSubject(user, subject)) &&
      (target === undefined ? matchesNonResource(verb, path, rule) : matchesResource(verb, target, rule)),
  );
}

/** Whether the namespace of a request can make a difference to where it goes. */
export function dependsOnNamespace({ spec = {} }: FlowSchema): boolean {
  const isListed = (namespaces: readonly string[] = []): boolean => namespaces.some((name) => name !== '*');
  return (
    spec.distinguisherMethod?.type === 'ByNamespace' ||
    (spec.rules ?? []).some(({ resourceRules = [] }) => resourceRules.some((rule) => isListed(rule.namespaces)))
  );
}

/** In the order in which they are tried. */
export function inMatchingOrder(schemas: readonly FlowSchema[]): FlowSchema[] {
  const nameOf = ({ metadata }: FlowSchema): string => metadata?.name ?? '';
  const precedence = ({ spec }: FlowSchema): number => spec?.matchingPrecedence ?? 0;
  return [...schemas].sort((a, b) => precedence(a) - precedence(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
}
