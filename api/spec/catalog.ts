import { createHash } from 'node:crypto';
import type { Catalog, CatalogGroupVersion, CatalogResource, CatalogSubresource } from '../catalog.ts';
import { groupResourceName } from '../object.ts';
import { type Documents, methods, type Operation, type PathItem } from '../openapi.ts';
import { readOverlay } from './overlay.ts';

interface CatalogOverlay {
  readonly groupVersions: readonly (readonly [string, 'off'?])[];
  readonly shortNames: Readonly<Record<string, readonly string[]>>;
  readonly categories: Readonly<Record<string, readonly string[]>>;
  readonly storageVersions: Readonly<Record<string, string>>;
  readonly storageVersionHashes: Readonly<Record<string, string>>;
  readonly unstored: readonly string[];
}

interface Found {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  kind: string;
  namespaced: boolean;
  readonly verbs: Set<string>;
  readonly subresources: Map<string, { group: string; version: string; kind: string; verbs: Set<string> }>;
}

const pathPattern =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>v[^/]+)\/(?<ns>namespaces\/\{namespace\}\/)?(?<resource>[^/{]+)(?<one>\/\{name\})?(?:\/(?<sub>[^/{]+))?$/;

const verbOfAction: Readonly<Record<string, string>> = {
  get: 'get',
  list: 'list',
  watch: 'watch',
  watchlist: 'watch',
  post: 'create',
  put: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'deletecollection',
};

const verbOfMethod: Readonly<Record<string, string>> = {
  get: 'get',
  post: 'create',
  put: 'update',
  patch: 'patch',
  delete: 'delete',
};

function operations(item: PathItem): [string, Operation][] {
  return methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [[method, operation] as [string, Operation]];
  });
}

function verbOf(method: string, operation: Operation): string | undefined {
  const action = operation['x-kubernetes-action'];
  // HEAD and OPTIONS of proxies are not verbs of their own.
  return action === 'connect' ? verbOfMethod[method] : verbOfAction[action ?? ''];
}

function foundIn(map: Map<string, Found>, groups: Readonly<Record<string, string | undefined>>): Found {
  const { group = '', version = '', resource = '' } = groups;
  const key = `${group}/${version}/${resource}`;
  const found: Found = map.get(key) ?? {
    group,
    version,
    resource,
    kind: '',
    namespaced: false,
    verbs: new Set(),
    subresources: new Map(),
  };
  map.set(key, found);
  return found;
}

function record(found: Found, groups: Readonly<Record<string, string | undefined>>, item: PathItem): void {
  if (groups['ns'] !== undefined) found.namespaced = true;
  for (const [method, operation] of operations(item)) {
    const verb = verbOf(method, operation);
    const gvk = operation['x-kubernetes-group-version-kind'];
    if (verb === undefined || gvk === undefined) continue;
    const sub = groups['sub'];
    if (sub === undefined) {
      found.verbs.add(verb);
      found.kind = gvk.kind;
      continue;
    }
    const entry = found.subresources.get(sub) ?? { ...gvk, verbs: new Set<string>() };
    found.subresources.set(sub, entry);
    entry.verbs.add(verb);
  }
}

function scan(documents: Documents): Map<string, Found> {
  const all = new Map<string, Found>();
  for (const document of documents.values()) {
    for (const [path, item] of Object.entries(document.paths)) {
      const watched = path.includes('/watch/');
      const groups = pathPattern.exec(path.replace('/watch/', '/'))?.groups;
      if (groups?.['resource'] === undefined || (watched && groups['sub'] !== undefined)) continue;
      record(foundIn(all, groups), groups, item);
    }
  }
  return all;
}

function stabilityRank(version: string): readonly [number, number, number] {
  const [, major = '0', level = '', minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  return [level === '' ? 2 : level === 'beta' ? 1 : 0, Number(major), Number(minor)];
}

/** Newest and most stable first: how upstream orders versions that nobody listed. */
function compareVersions(a: string, b: string): number {
  const [x, y] = [stabilityRank(a), stabilityRank(b)];
  return y[0] - x[0] || y[1] - x[1] || y[2] - x[2];
}

function groupVersionsOf(found: Iterable<Found>, overlay: CatalogOverlay): CatalogGroupVersion[] {
  const present = new Set([...found].map((f) => (f.group === '' ? f.version : `${f.group}/${f.version}`)));
  const listed = overlay.groupVersions.filter(([name]) => present.has(name));
  const names = new Set(listed.map(([name]) => name));
  const groupOf = (name: string) => (name.includes('/') ? (name.split('/')[0] ?? '') : '');
  const versionOf = (name: string) => name.split('/').at(-1) ?? '';
  const others = [...present]
    .filter((name) => !names.has(name))
    .sort((a, b) => groupOf(a).localeCompare(groupOf(b)) || compareVersions(versionOf(a), versionOf(b)));
  const all: [string, boolean][] = [
    ...listed.map(([name, off]): [string, boolean] => [name, off !== 'off']),
    ...others.map((name): [string, boolean] => [name, stabilityRank(versionOf(name))[0] === 2]),
  ];
  const seen = new Set<string>();
  const rank = new Map([...new Set(all.map(([name]) => groupOf(name)))].map((group, i) => [group, i]));
  all.sort(([a], [b]) => (rank.get(groupOf(a)) ?? 0) - (rank.get(groupOf(b)) ?? 0));
  return all.map(([name, enabled]) => {
    const group = groupOf(name);
    const preferred = !seen.has(group);
    seen.add(group);
    return { group, version: versionOf(name), enabled, preferred };
  });
}

function hashOf(groupVersion: string, kind: string): string {
  return createHash('sha256').update(`${groupVersion}/${kind}`).digest().subarray(0, 8).toString('base64');
}

function subresourcesOf(found: Found): CatalogSubresource[] {
  return [...found.subresources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, s]) => ({ name, group: s.group, version: s.version, kind: s.kind, verbs: [...s.verbs].sort() }));
}

/** Builds the catalog from the documents' operations; only names, categories and what is on by default are authored. */
export function catalogFrom(documents: Documents, release: string): Catalog {
  const overlay = readOverlay('catalog.yaml') as CatalogOverlay;
  const found = [...scan(documents).values()].filter((f) => f.kind !== '');
  const groupVersions = groupVersionsOf(found, overlay);
  const storage = (name: string, group: string, resource: string) => {
    const first = groupVersions.find(
      (gv) =>
        gv.group === group &&
        found.some((f) => f.group === group && f.version === gv.version && f.resource === resource),
    );
    return overlay.storageVersions[name] ?? `${group}/${first?.version}`;
  };
  const toResource = (f: Found): CatalogResource => {
    const name = groupResourceName(f);
    const stored = f.verbs.has('get') && !overlay.unstored.includes(name);
    const categories = Object.keys(overlay.categories).filter((c) => overlay.categories[c]?.includes(name));
    const shortNames = overlay.shortNames[name];
    const subresources = subresourcesOf(f);
    const hash = overlay.storageVersionHashes[name] ?? hashOf(storage(name, f.group, f.resource), f.kind);
    return {
      group: f.group,
      version: f.version,
      resource: f.resource,
      singular: f.kind.toLowerCase(),
      kind: f.kind,
      namespaced: f.namespaced,
      ...(shortNames === undefined ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
      verbs: [...f.verbs].sort(),
      ...(stored ? { storageVersionHash: hash } : {}),
      ...(subresources.length === 0 ? {} : { subresources }),
    };
  };
  const resources = groupVersions.flatMap((gv) =>
    found
      .filter((f) => f.group === gv.group && f.version === gv.version)
      .sort((a, b) => (a.resource < b.resource ? -1 : 1))
      .map(toResource),
  );
  return { release, groupVersions, resources };
}
