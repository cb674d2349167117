import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog, CatalogResource } from '../../../api/catalog.ts';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

interface Group {
  readonly name: string;
  readonly versions: readonly { groupVersion: string; version: string }[];
  readonly preferredVersion: { groupVersion: string };
}

interface Described {
  readonly name: string;
  readonly singularName: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
}

function catalog(): Catalog {
  return JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../api/generated/resources.json'), 'utf8'),
  ) as Catalog;
}

const rootOf = ({ group, version }: Pick<CatalogResource, 'group' | 'version'>): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

async function groups(c: CaseContext): Promise<void> {
  const { body } = await c.get('/apis', { has: { kind: 'APIGroupList' }, unstable: true });
  const found = new Map((body as { groups: readonly Group[] }).groups.map((group) => [group.name, group]));
  for (const { group, version, enabled, preferred } of catalog().groupVersions) {
    if (!enabled || group === '') continue;
    const versions = found.get(group)?.versions.map((one) => one.version) ?? [];
    c.ok(versions.includes(version), `${group}/${version} is among the groups`);
    if (!preferred) continue;
    c.equal(found.get(group)?.preferredVersion.groupVersion, `${group}/${version}`, `preferred version of ${group}`);
    c.equal(versions[0], version, `first version of ${group}`);
  }
}

async function names(c: CaseContext): Promise<void> {
  const { groupVersions, resources } = catalog();
  for (const gv of groupVersions) {
    if (!gv.enabled) continue;
    const { body } = await c.get(rootOf(gv), { has: { kind: 'APIResourceList' } });
    const described = new Map((body as { resources: readonly Described[] }).resources.map((one) => [one.name, one]));
    for (const wanted of resources.filter(({ group, version }) => group === gv.group && version === gv.version)) {
      const found = described.get(wanted.resource);
      const where = `${rootOf(gv)} ${wanted.resource}`;
      c.equal(found?.singularName, wanted.singular, `singularName of ${where}`);
      c.equal(found?.namespaced, wanted.namespaced, `namespaced of ${where}`);
      c.equal(found?.shortNames ?? [], wanted.shortNames ?? [], `shortNames of ${where}`);
      c.equal(found?.categories ?? [], wanted.categories ?? [], `categories of ${where}`);
      for (const { name } of wanted.subresources ?? [])
        c.ok(described.has(`${wanted.resource}/${name}`), `${where}/${name} is described`);
    }
  }
}

/** Clients keep a document for good under the hash of its address. */
async function hashes(c: CaseContext): Promise<void> {
  const { body } = await c.get('/openapi/v3', {
    has: { 'paths["api/v1"].serverRelativeURL': /hash=/ },
    unstable: true,
  });
  const { paths } = body as { paths: Readonly<Record<string, { serverRelativeURL: string }>> };
  for (const path of ['api', 'apis', 'version', 'apis/apps', 'apis/apps/v1', 'apis/node.k8s.io/v1']) {
    const address = paths[path]?.serverRelativeURL ?? '';
    const hash = new URL(address, 'https://server').searchParams.get('hash');
    const { headers } = await c.get(address, { has: { openapi: '3.0.0' }, unstable: true });
    c.equal(headers['etag'], `"${hash}"`, `ETag of ${path}`);
    c.equal(headers['cache-control'], 'public, immutable', `Cache-Control of ${path}`);
    const other = await c.get(`/openapi/v3/${path}?hash=00`, { status: 301, unstable: true });
    c.equal(other.headers['location'], address, `where another hash of ${path} leads`);
  }
}

const topic = 'Kubernetes API concepts: discovery';

export const discoveryDetailCases: readonly Case[] = [
  { id: 'discovery/groups/none is missing', proves: topic, run: groups },
  { id: 'discovery/resources/each has its names, categories and subresources', proves: topic, run: names },
  { id: 'discovery/openapi/hashes name the documents', proves: 'Kubernetes API concepts: OpenAPI V3', run: hashes },
];
