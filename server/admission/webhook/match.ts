import type { KubeObject } from '../../../api/object.ts';
import type { LabelMatcher } from '../../../api/selectors.ts';
import { forbiddenError, notFoundError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { AdmissionRequest } from '../plugin.ts';
import { type ObjectVersions, placeOf, type VersionedPlace } from '../versions.ts';
import type { MatchCondition, Webhook } from './configuration.ts';
import { matchesRule } from './rules.ts';

/** What conditions are asked about: the objects in the version that the webhook wants. */
export interface ConditionInput {
  readonly request: AdmissionRequest;
  readonly place: VersionedPlace;
  readonly object: Readonly<KubeObject> | undefined;
  readonly oldObject: Readonly<KubeObject> | undefined;
}

export type ConditionOutcome = 'match' | 'skip' | { readonly error: string };

/** Evaluates matchConditions; compiled once for each list of them. */
export type ConditionMatcher = (
  conditions: readonly MatchCondition[],
  options: { readonly ignoresFailures: boolean; readonly name: string },
  input: ConditionInput,
) => Promise<ConditionOutcome> | ConditionOutcome;

export interface MatchDeps {
  readonly reader: ClusterReader;
  readonly versions: ObjectVersions;
  readonly conditions: ConditionMatcher;
}

/** The object as it is now: what earlier webhooks made of it included. */
export interface Seen {
  readonly object: Readonly<KubeObject> | undefined;
  /** In the version of a place. */
  at(place: VersionedPlace): Promise<Omit<ConditionInput, 'request' | 'place'>>;
}

/** The place for which the webhook wants to be called; undefined: not at all. */
export async function matchWebhook(
  deps: MatchDeps,
  webhook: Webhook,
  request: AdmissionRequest,
  seen: Seen,
): Promise<VersionedPlace | undefined> {
  const { objectSelector } = webhook;
  if (!objectSelector.isEverything && !selectsObject(objectSelector, request, seen)) return undefined;
  const namespace = selectsNamespace(deps.reader, webhook.namespaceSelector, request);
  if (namespace === false) return undefined;
  const place = matchedPlace(deps.versions, webhook, request);
  if (place === undefined) return undefined;
  // Only now it matters that there is no such namespace.
  if (namespace === 'missing') throw notFoundError({ group: '', resource: 'namespaces' }, request.namespace);
  if (webhook.conditions.length === 0) return place;
  const input = { request, place, ...(await seen.at(place)) };
  const outcome = await deps.conditions(webhook.conditions, webhook, input);
  if (outcome === 'match') return place;
  if (outcome === 'skip') return undefined;
  throw forbiddenError({ group: request.group, resource: request.resource }, request.name, outcome.error);
}

export function selectsObject(
  selector: LabelMatcher,
  { oldObject }: AdmissionRequest,
  { object }: Pick<Seen, 'object'>,
): boolean {
  const selects = (each: Readonly<KubeObject> | undefined): boolean =>
    each !== undefined && selector.matches(each.metadata?.labels);
  return selects(object) || selects(oldObject);
}

export function selectsNamespace(
  reader: ClusterReader,
  selector: LabelMatcher,
  { resource, subresource, operation, namespace, object }: AdmissionRequest,
): boolean | 'missing' {
  if (namespace === '' && resource !== 'namespaces') return true;
  if (selector.isEverything) return true;
  if (resource === 'namespaces' && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'))
    return selector.matches(object?.metadata?.labels);
  const found = reader.get('namespaces', '', namespace);
  return found === undefined ? 'missing' : selector.matches(found.metadata?.labels);
}

function matchedPlace(
  versions: ObjectVersions,
  { rules, matchesEquivalents }: Webhook,
  request: AdmissionRequest,
): VersionedPlace | undefined {
  const { group, version, resource } = request;
  if (rules.some((rule) => matchesRule(rule, request, { group, version, resource }))) return placeOf(request);
  if (!matchesEquivalents) return undefined;
  const own = placeOf(request);
  const equivalents = versions.equivalents(own);
  for (const rule of rules) {
    const found = equivalents.find((place) => matchesRule(rule, request, place.resource));
    if (found !== undefined) return found;
  }
  return undefined;
}
