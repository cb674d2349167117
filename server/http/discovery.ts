import { createHash } from 'node:crypto';
import type { CatalogResource } from '../../api/catalog.ts';
import { apiVersionOf } from '../../api/object.ts';
import { groupsOf, type ServedGroup, type ServedGroupVersion } from '../../api/served.ts';
import type { ListedGroup } from '../aggregation/api-service.ts';
import { type DiscoveryForm, discoveryForm } from './discovery-accept.ts';
import { aggregatedGroup } from './discovery-aggregated.ts';
import { methodNotAllowed, notFoundPage, unknownResource } from './error-response.ts';
import type { ApiResponse } from './message.ts';
import { stringifyYaml } from './yaml.ts';

export interface DiscoveryOptions {
  /** What is served now: the same array as long as nothing changes, since answers are remembered by it. */
  served(): readonly ServedGroupVersion[];
  /** The groups of all APIServices in their order, the preferred version first; absent: the groups that are served. */
  groups?(): readonly ListedGroup[];
  /** Host and port under which clients reach the server. */
  serverAddress(): string;
}

export interface DiscoveryRequest {
  readonly method: string;
  readonly path: string;
  readonly accept: string;
  readonly ifNoneMatch: string;
  readonly pretty: boolean;
}

/** Answers /api, /apis and everything of one or two segments below; undefined for other paths. */
export type Discovery = (request: DiscoveryRequest) => ApiResponse | undefined;

/** As Go writes YAML: keys sorted, lists not indented, words that YAML 1.1 takes for booleans in quotes, one copy of everything. */
const yamlForm = {
  sortMapEntries: true,
  indentSeq: false,
  version: '1.1',
  aliasDuplicateObjects: false,
  lineWidth: 0,
} as const;

interface Aggregated {
  readonly body: object;
  readonly etag: string;
}

interface Snapshot {
  readonly served: readonly ServedGroupVersion[];
  readonly groups: readonly ServedGroup[];
  /** By `api` and `apis`, made when first asked for. */
  readonly aggregated: Map<string, Aggregated>;
}

const pathPattern = /^\/(?<root>apis?)(?:\/(?<first>[^/]+)(?:\/(?<second>[^/]+))?)?\/?$/;

export function createDiscovery(options: DiscoveryOptions): Discovery {
  let snapshot: Snapshot | undefined;
  const current = (): Snapshot => {
    const served = options.served();
    if (snapshot?.served !== served) snapshot = { served, groups: groupsOf(served), aggregated: new Map() };
    return snapshot;
  };
  return (request) => {
    const { root, first, second } = pathPattern.exec(request.path)?.groups ?? {};
    if (root === undefined || (root === 'api' && second !== undefined)) return undefined;
    if (first === undefined) return rootAnswer(root, request, current(), options);
    return root === 'api'
      ? versionAnswer('', first, request, current())
      : groupAnswer(first, second, request, { ...current(), listed: options.groups?.() ?? [] });
  };
}

function groupAnswer(
  group: string,
  version: string | undefined,
  request: DiscoveryRequest,
  { listed, ...snapshot }: Snapshot & { readonly listed: readonly ListedGroup[] },
): ApiResponse {
  const known = group === '' ? undefined : snapshot.groups.find((g) => g.group === group);
  if (version !== undefined)
    return known === undefined ? notFoundPage() : versionAnswer(group, version, request, snapshot);
  const found = listed.find((g) => g.group === group) ?? (known === undefined ? undefined : listedGroup(known));
  if (found === undefined || group === '') return notFoundPage();
  // Upstream's own group is a route as versions are; it answers for all others under any method.
  const routed = group === 'apiregistration.k8s.io';
  if (routed && request.method !== 'GET') throw methodNotAllowed();
  const form = discoveryForm(request.accept, { routed, aggregated: false });
  return encode({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(found) }, form, request.pretty);
}

function rootAnswer(
  root: string,
  request: DiscoveryRequest,
  snapshot: Snapshot,
  options: DiscoveryOptions,
): ApiResponse {
  const isCore = root === 'api';
  const form = discoveryForm(request.accept, {
    routed: isCore && request.method === 'GET',
    // Upstream's /apis/ is a path of its own.
    aggregated: request.path !== '/apis/',
  });
  if (form.aggregated) return aggregatedAnswer(root, request, form, snapshot);
  if (!isCore) {
    const groups = plainGroups(snapshot, options).map(apiGroup);
    return encode({ kind: 'APIGroupList', apiVersion: 'v1', groups }, form, request.pretty);
  }
  if (request.method !== 'GET') throw methodNotAllowed();
  const versions = snapshot.groups.find((g) => g.group === '')?.versions.map((gv) => gv.version) ?? [];
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: options.serverAddress() }];
  return encode({ kind: 'APIVersions', versions, serverAddressByClientCIDRs }, form, request.pretty);
}

function aggregatedAnswer(
  root: string,
  request: DiscoveryRequest,
  form: DiscoveryForm,
  snapshot: Snapshot,
): ApiResponse {
  if (root === 'api' && request.method !== 'GET') throw methodNotAllowed();
  const { body, etag } = aggregatedOf(root, snapshot);
  const headers = { 'cache-control': 'public', etag, vary: 'Accept' };
  if (request.ifNoneMatch === etag) return { status: 304, headers };
  const answer = encode(body, form, request.pretty);
  const type = `application/${form.format};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
  return { ...answer, headers: { ...headers, 'content-type': type } };
}

function aggregatedOf(root: string, snapshot: Snapshot): Aggregated {
  const known = snapshot.aggregated.get(root);
  if (known !== undefined) return known;
  const items = snapshot.groups.filter((g) => (g.group === '') === (root === 'api')).map(aggregatedGroup);
  const list = { metadata: {}, items };
  const hash = createHash('sha512').update(JSON.stringify(list)).digest('hex').toUpperCase();
  const made: Aggregated = {
    body: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', ...list },
    etag: `"${hash}"`,
  };
  snapshot.aggregated.set(root, made);
  return made;
}

function versionAnswer(group: string, version: string, request: DiscoveryRequest, { groups }: Snapshot): ApiResponse {
  const found = groups.find((g) => g.group === group)?.versions.find((gv) => gv.version === version);
  if (found === undefined) throw unknownResource();
  if (request.method !== 'GET') throw methodNotAllowed();
  const list = {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(found),
    resources: found.resources.flatMap(apiResources),
  };
  return encode(list, discoveryForm(request.accept, { routed: true, aggregated: false }), request.pretty);
}

function listedGroup({ group, versions }: ServedGroup): ListedGroup {
  return { group, versions: versions.map(({ version }) => version) };
}

/** The aggregator's own group has no APIService, and is first. */
function plainGroups({ groups }: Snapshot, options: DiscoveryOptions): readonly ListedGroup[] {
  const named = groups.filter(({ group }) => group !== '').map(listedGroup);
  if (options.groups === undefined) return named;
  const own = named.filter(({ group }) => group === 'apiregistration.k8s.io');
  return [...own, ...options.groups().filter(({ group }) => group !== '')];
}

function apiGroup({ group, versions }: ListedGroup) {
  const all = versions.map((version) => ({ groupVersion: apiVersionOf({ group, version }), version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

function apiResources(resource: CatalogResource): object[] {
  const { namespaced } = resource;
  const { shortNames, categories, storageVersionHash } = resource;
  const main = {
    name: resource.resource,
    singularName: resource.singular,
    namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    ...(storageVersionHash === undefined ? {} : { storageVersionHash }),
  };
  const subresources = (resource.subresources ?? []).map(({ name, group, version, kind, verbs }) => ({
    name: `${resource.resource}/${name}`,
    singularName: '',
    namespaced,
    ...(group === resource.group && version === resource.version ? {} : { group, version }),
    kind,
    verbs,
  }));
  return [main, ...subresources];
}

function encode(body: object, form: DiscoveryForm, pretty: boolean): ApiResponse {
  const headers = { 'content-type': `application/${form.format}` };
  if (form.format === 'yaml') return { status: 200, headers, body: stringifyYaml(body, yamlForm) };
  return { status: 200, headers, body: pretty ? JSON.stringify(body, undefined, 2) : `${JSON.stringify(body)}\n` };
}
