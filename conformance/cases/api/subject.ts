import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog, CatalogResource } from '../../../api/catalog.ts';
import type { CaseAnswer, CaseContext } from '../../runner/context.ts';
import { clusterFixtures } from './cluster-fixtures.ts';
import { coreFixtures } from './core-fixtures.ts';
import type { Fixture, Fixtures } from './fixture.ts';
import { workloadFixtures } from './workload-fixtures.ts';

const fixtures: Fixtures = { ...coreFixtures, ...workloadFixtures, ...clusterFixtures };

/** One served resource with a minimal object of it: what the generated cases are about. */
export interface Subject {
  readonly resource: CatalogResource;
  /** `deployments.apps`; with the version between when it is not the preferred one. */
  readonly id: string;
  /** `deployments.apps`, as messages say it. */
  readonly groupResource: string;
  readonly apiVersion: string;
  fixture(rand: string): Fixture;
}

/** The resources that a stock server serves, and for which there is a fixture. */
export function subjects(): Subject[] {
  const file = join(import.meta.dirname, '../../../api/generated/resources.json');
  const catalog = JSON.parse(readFileSync(file, 'utf8')) as Catalog;
  return catalog.resources.flatMap((resource) => {
    const { group, version, resource: plural } = resource;
    const gv = catalog.groupVersions.find((x) => x.group === group && x.version === version);
    const groupResource = group === '' ? plural : `${plural}.${group}`;
    const fixture = fixtures[groupResource];
    if (gv?.enabled !== true || fixture === undefined) return [];
    const id = gv.preferred ? groupResource : `${plural}.${version}.${group}`;
    return [{ resource, id, groupResource, apiVersion: group === '' ? version : `${group}/${version}`, fixture }];
  });
}

/** Where a subject's objects of one case are, and how to make one. */
export interface Place {
  readonly root: string;
  /** `/namespaces/x/pods`, below the root. */
  readonly tail: string;
  readonly collection: string;
  readonly everywhere: string;
  readonly name: string;
  readonly selector: string;
  object(name?: string, labels?: Readonly<Record<string, string>>): Record<string, unknown>;
}

export async function placeOf(c: CaseContext, { resource, apiVersion, fixture }: Subject): Promise<Place> {
  const { kind, namespaced, resource: plural, group } = resource;
  const root = group === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
  const tail = namespaced ? `/namespaces/${await c.namespace()}/${plural}` : `/${plural}`;
  const made = fixture(c.rand);
  const own = made.name?.(c.rand) ?? c.rand;
  const object = (name = own, labels = {}): Record<string, unknown> => ({
    apiVersion,
    kind,
    metadata: { ...made.metadata, name, labels: { conformance: c.rand, ...labels } },
    ...made.object,
  });
  const selector = `labelSelector=conformance%3D${c.rand}`;
  return { root, tail, collection: root + tail, everywhere: `${root}/${plural}`, name: own, selector, object };
}

/** Controllers of a whole cluster hold on to some objects by finalizers: they are let go, and the object is deleted. */
export async function remove(c: CaseContext, path: string): Promise<void> {
  await letGo(c, path);
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
  await c.delete(path, { body: options, has: { kind: (kind: unknown) => typeof kind === 'string' } });
}

export async function letGo(c: CaseContext, path: string): Promise<void> {
  const { status, body } = await c.get(path, { status: [200, 404], unstable: true });
  const held = status === 200 && Array.isArray((body as { metadata: { finalizers?: unknown } }).metadata.finalizers);
  if (held) await c.patch(path, { metadata: { finalizers: null } }, { status: [200, 404], unstable: true });
}

/** Reads, changes and writes until nobody else wrote between. */
export async function replace(
  c: CaseContext,
  path: string,
  change: (object: Record<string, unknown>) => void,
): Promise<CaseAnswer> {
  for (let tries = 0; ; tries++) {
    const object = structuredClone((await c.get(path, { unstable: true })).body) as Record<string, unknown>;
    change(object);
    const has = { kind: (kind: unknown) => typeof kind === 'string' };
    const answer = await c.put(path, object, { status: tries < 5 ? [200, 409] : 200, has });
    if (answer.status === 200) return answer;
  }
}

/** Gone, or on its way: graceful deletion and finalizers take their time. */
export async function expectGone(c: CaseContext, path: string, { groupResource, resource }: Subject): Promise<void> {
  await c.eventually(`${path} is gone`, async () => {
    const { status } = await c.get(path, { status: [200, 404], unstable: true });
    return status === 404;
  });
  const name = path.slice(path.lastIndexOf('/') + 1);
  await c.get(path, {
    status: 404,
    has: {
      kind: 'Status',
      reason: 'NotFound',
      message: `${groupResource} "${name}" not found`,
      'details.kind': resource.resource,
      code: 404,
    },
  });
}
