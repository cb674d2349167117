import { type GroupResource, StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';

/** What is asked for, as authorizers see it. */
export type Attributes = ResourceAttributes | NonResourceAttributes;

export interface ResourceAttributes {
  readonly isResource: true;
  readonly user: UserInfo;
  readonly verb: string;
  readonly group: string;
  /** `*` where the question names none. */
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Upstream's AuthorizeWithSelectors: what the request restricts itself to. */
  readonly fieldSelector?: readonly FieldSelectorRequirement[];
  readonly labelSelector?: readonly LabelSelectorRequirement[];
}

export interface NonResourceAttributes {
  readonly isResource: false;
  readonly user: UserInfo;
  readonly verb: string;
  readonly path: string;
}

export interface FieldSelectorRequirement {
  readonly field: string;
  readonly op: '=' | '!=';
  readonly value: string;
}

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface Decision {
  /** `noOpinion` from the last authorizer asked refuses, as `deny` does at once. */
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
  /** What went wrong on the way; the decision stands all the same. */
  readonly error?: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface Rules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  readonly incomplete: boolean;
  readonly error?: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision | Promise<Decision>;
  /** What a user may do in a namespace, for SelfSubjectRulesReview. */
  rulesFor(user: UserInfo, namespace: string): Rules | Promise<Rules>;
}

/** `--authorization-mode=AlwaysAllow`. */
export const alwaysAllow: Authorizer = {
  authorize: () => ({ decision: 'allow', reason: '' }),
  rulesFor: () => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }),
};

/** The Forbidden answer to a request that no authorizer allowed. */
export function forbiddenByAuthorizer(attributes: Attributes, reason: string): StatusError {
  const why = sanitized(refusal(attributes)) + (reason === '' ? '' : `: ${reason}`);
  if (!attributes.isResource) return new StatusError('Forbidden', `forbidden: ${why}`, { details: {} });
  const { group, resource, name } = attributes;
  const named = name === '' ? qualified(attributes) : `${qualified(attributes)} ${JSON.stringify(name)}`;
  return new StatusError('Forbidden', `${named} is forbidden: ${why}`, {
    details: { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource },
  });
}

/** Throws Forbidden unless the authorizer allows. */
export async function requireAllowed(authorizer: Authorizer, attributes: Attributes): Promise<void> {
  const { decision, reason, error } = await authorizer.authorize(attributes);
  if (decision === 'allow') return;
  throw forbiddenByAuthorizer(attributes, [error ?? '', reason].filter((part) => part !== '').join(': '));
}

function refusal(attributes: Attributes): string {
  const { user, verb } = attributes;
  const who = `User ${JSON.stringify(user.username)} cannot ${verb}`;
  if (!attributes.isResource) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = JSON.stringify(subresource === '' ? resource : `${resource}/${subresource}`);
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${what} in API group ${JSON.stringify(group)} ${where}`;
}

// Nothing that a browser could take for HTML.
function sanitized(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function qualified({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}
