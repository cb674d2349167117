import type { Attributes } from '../authorizer.ts';

/** As Roles and ClusterRoles have them. */
export interface PolicyRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

function matches(names: readonly string[] | undefined, name: string): boolean {
  return names?.some((each) => each === '*' || each === name) ?? false;
}

/** Whether the rule allows what is asked, whatever the object's name. */
export function coversRequest(rule: PolicyRule, asked: Attributes): boolean {
  if (!matches(rule.verbs, asked.verb)) return false;
  if (!asked.isResource) return matchesPath(rule.nonResourceURLs, asked.path);
  return matches(rule.apiGroups, asked.group) && matchesResource(rule.resources, asked.resource, asked.subresource);
}

/** Upstream: RuleAllows. */
export function ruleAllows(rule: PolicyRule, asked: Attributes): boolean {
  return coversRequest(rule, asked) && (!asked.isResource || coversName(rule, asked.name));
}

export function coversName({ resourceNames = [] }: PolicyRule, name: string): boolean {
  return resourceNames.length === 0 || resourceNames.includes(name);
}

function matchesResource(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    resources?.some((each) => each === '*' || each === whole || (subresource !== '' && each === `*/${subresource}`)) ??
    false
  );
}

function matchesPath(urls: readonly string[] | undefined, path: string): boolean {
  return urls?.some((each) => each === '*' || coversPath(each, path)) ?? false;
}

function coversPath(owner: string, path: string): boolean {
  return owner === path || (owner.endsWith('*') && path.startsWith(owner.replace(/\*+$/, '')));
}

/** What of `wanted` the owner of `owned` does not have, in pieces of one verb, one resource and one name. Upstream: validation.Covers. */
export function missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(pieces).filter((piece) => !owned.some((rule) => ruleCovers(rule, piece)));
}

function pieces({
  verbs = [],
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): PolicyRule[] {
  const names = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ resourceNames: [name] }));
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((named) => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...named })),
      ),
    ),
  );
  const ofPaths = nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })));
  return [...ofResources, ...ofPaths];
}

function hasAll(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return owned.includes('*') || wanted.every((each) => owned.includes(each));
}

function ruleCovers(owner: PolicyRule, piece: PolicyRule): boolean {
  const { resourceNames: owned = [] } = owner;
  const { resourceNames: wanted = [] } = piece;
  return (
    hasAll(owner.verbs, piece.verbs) &&
    hasAll(owner.apiGroups, piece.apiGroups) &&
    (piece.resources ?? []).every((resource) => coversResource(owner.resources ?? [], resource)) &&
    (piece.nonResourceURLs ?? []).every((url) => owner.nonResourceURLs?.some((each) => coversPath(each, url))) &&
    (owned.length === 0 || (wanted.length > 0 && wanted.every((name) => owned.includes(name))))
  );
}

function coversResource(owned: readonly string[], resource: string): boolean {
  if (owned.includes('*') || owned.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && owned.includes(`*/${resource.slice(slash + 1)}`);
}

/** Rules of one resource that differ in their verbs alone become one. Upstream: CompactRules. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compact: PolicyRule[] = [];
  const simple = new Map<string, { readonly rule: PolicyRule; readonly verbs: string[] }>();
  for (const rule of rules) {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs = [] } = rule;
    const isSimple =
      nonResourceURLs.length === 0 && apiGroups.length === 1 && resources.length === 1 && resourceNames.length <= 1;
    if (!isSimple) {
      compact.push(rule);
      continue;
    }
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const known = simple.get(key);
    if (known === undefined) simple.set(key, { rule, verbs: [...verbs] });
    else known.verbs.push(...verbs);
  }
  return [...compact, ...[...simple.values()].map(({ rule, verbs }) => ({ ...rule, verbs }))];
}

/** Go's `%q` of a list. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}

/** A rule as escalation errors show it. Upstream: CompactString. */
export function ruleText(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const shown = parts.flatMap(([name, values = []]) => (values.length === 0 ? [] : [`${name}:${quotedList(values)}`]));
  return `{${shown.join(', ')}}`;
}
