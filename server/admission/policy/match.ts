import type { Api, KubeObject } from '../../../api/object.ts';
import { type LabelMatcher, labelSelectorMatcher } from '../../../api/selectors.ts';
import { notFoundError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { MatchResources } from '../../resources/admissionregistration/match-resources.ts';
import type { AdmissionRequest } from '../plugin.ts';
import { type ObjectVersions, placeOf, type VersionedPlace } from '../versions.ts';
import { selectsNamespace, selectsObject } from '../webhook/match.ts';
import { type CompiledRule, compileRule, matchesRule } from '../webhook/rules.ts';

type NamedRule = Api<'io.k8s.api.admissionregistration.v1.NamedRuleWithOperations'>;

interface CompiledNamedRule {
  readonly rule: CompiledRule;
  /** Empty: any. */
  readonly names: ReadonlySet<string>;
}

/** matchConstraints of a policy or matchResources of a binding, made ready once. */
export interface CompiledMatch {
  readonly namespaceSelector: LabelMatcher;
  readonly objectSelector: LabelMatcher;
  readonly included: readonly CompiledNamedRule[];
  readonly excluded: readonly CompiledNamedRule[];
  readonly matchesEquivalents: boolean;
}

export interface MatchDeps {
  readonly reader: ClusterReader;
  readonly versions: ObjectVersions;
}

function compileNamedRule(rule: Readonly<NamedRule>): CompiledNamedRule {
  return { rule: compileRule(rule), names: new Set(rule.resourceNames) };
}

export function compileMatch(match: Readonly<MatchResources>): CompiledMatch {
  return {
    namespaceSelector: labelSelectorMatcher(match.namespaceSelector),
    objectSelector: labelSelectorMatcher(match.objectSelector),
    included: (match.resourceRules ?? []).map(compileNamedRule),
    excluded: (match.excludeResourceRules ?? []).map(compileNamedRule),
    matchesEquivalents: match.matchPolicy !== 'Exact',
  };
}

function placeByRules(
  { versions }: MatchDeps,
  rules: readonly CompiledNamedRule[],
  request: AdmissionRequest,
  matchesEquivalents: boolean,
): VersionedPlace | undefined {
  const own = placeOf(request);
  const matches = ({ rule, names }: CompiledNamedRule, place: VersionedPlace): boolean =>
    matchesRule(rule, request, place.resource) && (names.size === 0 || names.has(request.name));
  if (rules.some((rule) => matches(rule, own))) return own;
  if (!matchesEquivalents || rules.length === 0) return undefined;
  const equivalents = versions.equivalents(own);
  for (const rule of rules) {
    const found = equivalents.find((place) => matches(rule, place));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As what the request matches; undefined: not at all. Throws what makes that unknowable. */
export function matchRequest(
  deps: MatchDeps,
  match: CompiledMatch,
  request: AdmissionRequest,
): VersionedPlace | undefined {
  const namespace = selectsNamespace(deps.reader, match.namespaceSelector, request);
  if (namespace === false) return undefined;
  const { objectSelector, included, excluded, matchesEquivalents } = match;
  const seen: { object: Readonly<KubeObject> | undefined } = { object: request.object };
  if (!objectSelector.isEverything && !selectsObject(objectSelector, request, seen)) return undefined;
  if (placeByRules(deps, excluded, request, matchesEquivalents) !== undefined) return undefined;
  const place = included.length === 0 ? placeOf(request) : placeByRules(deps, included, request, matchesEquivalents);
  if (place !== undefined && namespace === 'missing')
    throw notFoundError({ group: '', resource: 'namespaces' }, request.namespace);
  return place;
}
