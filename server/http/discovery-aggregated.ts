import type { CatalogResource, CatalogSubresource } from '../../api/catalog.ts';
import type { ServedGroup, ServedGroupVersion } from '../../api/served.ts';

interface Owner {
  readonly group: string;
  readonly version: string;
  readonly builtIn?: boolean;
}

function responseKind(kind: Owner & { readonly kind: string }, owner: Owner) {
  const isOwn = owner.builtIn && kind.group === owner.group && kind.version === owner.version;
  return { group: isOwn ? '' : kind.group, version: isOwn ? '' : kind.version, kind: kind.kind };
}

function subresource(sub: CatalogSubresource, owner: Owner) {
  return { subresource: sub.name, responseKind: responseKind(sub, owner), verbs: sub.verbs };
}

function resource(r: CatalogResource, { builtIn = false }: ServedGroupVersion) {
  const owner = { group: r.group, version: r.version, builtIn };
  const { shortNames, categories, subresources } = r;
  return {
    resource: r.resource,
    responseKind: responseKind(r, owner),
    scope: r.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: r.singular,
    verbs: r.verbs,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    ...(subresources === undefined ? {} : { subresources: subresources.map((sub) => subresource(sub, owner)) }),
  };
}

function version(gv: ServedGroupVersion) {
  if (gv.remote !== undefined) return { ...gv.remote, version: gv.version, freshness: gv.freshness ?? 'Current' };
  return {
    version: gv.version,
    ...(gv.resources.length === 0 ? {} : { resources: gv.resources.map((r) => resource(r, gv)) }),
    freshness: gv.freshness ?? 'Current',
  };
}

/** One group as apidiscovery.k8s.io/v2 shows it. */
export function aggregatedGroup({ group, versions }: ServedGroup) {
  return { metadata: group === '' ? {} : { name: group }, versions: versions.map(version) };
}
