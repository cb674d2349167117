import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

function refer(owner: Owner, blockOwnerDeletion = true): object {
  return { ...owner, blockOwnerDeletion };
}

async function configMaps(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/configmaps`;
}

/** A ConfigMap that says who owns it; answers with how others refer to it. */
async function thing(c: CaseContext, name: string, owners: readonly object[] = [], more: object = {}): Promise<Owner> {
  const metadata = { name, ownerReferences: owners, ...more };
  const made = await c.post(await configMaps(c), { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: made.textAt('metadata.uid') };
}

async function remove(c: CaseContext, path: string, propagationPolicy: string): Promise<void> {
  await c.delete(path, { body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy } });
}

async function awaitGone(c: CaseContext, path: string): Promise<void> {
  await c.eventually(`${path} is gone`, async () => {
    return (await c.get(path, { status: [200, 404], unstable: true })).status === 404;
  });
}

async function background(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const top = await thing(c, 'top');
  const middle = await thing(c, 'middle', [refer(top)]);
  await thing(c, 'bottom', [refer(middle, false)]);
  await thing(c, 'stranger');
  await remove(c, `${maps}/top`, 'Background');
  await c.get(`${maps}/top`, { status: 404 });
  await awaitGone(c, `${maps}/middle`);
  await awaitGone(c, `${maps}/bottom`);
  await c.get(`${maps}/stranger`);
}

async function foreground(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const top = await thing(c, 'top');
  await thing(c, 'held', [refer(top)], { finalizers: ['conformance.example.com/hold'] });
  await thing(c, 'free', [refer(top)]);
  await remove(c, `${maps}/top`, 'Foreground');
  await awaitGone(c, `${maps}/free`);
  await c.eventually('the held one is being deleted', async () => {
    return (await c.get(`${maps}/held`, { unstable: true })).at('metadata.deletionTimestamp') !== undefined;
  });
  await c.get(`${maps}/top`, { has: { 'metadata.finalizers': ['foregroundDeletion'] } });
  await c.patch(`${maps}/held`, { metadata: { finalizers: null } });
  await awaitGone(c, `${maps}/top`);
  await c.get(`${maps}/held`, { status: 404 });
}

async function orphans(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const top = await thing(c, 'top');
  const other = await thing(c, 'other');
  await thing(c, 'child', [refer(top), refer(other)]);
  await remove(c, `${maps}/top`, 'Orphan');
  await awaitGone(c, `${maps}/top`);
  await c.get(`${maps}/child`, { has: { 'metadata.ownerReferences': [refer(other)] } });
}

async function severalOwners(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const leaving = await thing(c, 'leaving');
  const staying = await thing(c, 'staying');
  await thing(c, 'child', [refer(leaving), refer(staying, false)]);
  await remove(c, `${maps}/leaving`, 'Foreground');
  await awaitGone(c, `${maps}/leaving`);
  await c.get(`${maps}/child`, { has: { 'metadata.ownerReferences': [refer(staying, false)] } });
}

async function absentOwner(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const other = await thing(c, 'owner');
  const uid = '00000000-0000-4000-8000-000000000000';
  await thing(c, 'child', [refer({ ...other, uid })]);
  await awaitGone(c, `${maps}/child`);
  await c.get(`${maps}/owner`);
}

async function circle(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const first = await thing(c, 'first');
  const second = await thing(c, 'second', [refer(first)]);
  const third = await thing(c, 'third', [refer(second)]);
  await c.patch(`${maps}/first`, { metadata: { ownerReferences: [refer(third)] } });
  await remove(c, `${maps}/second`, 'Foreground');
  for (const name of ['first', 'second', 'third']) await awaitGone(c, `${maps}/${name}`);
}

async function otherNamespace(c: CaseContext): Promise<void> {
  const maps = await configMaps(c);
  const namespace = await c.namespace();
  const other = `conformance-other-${c.rand}`;
  await c.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: other } });
  const made = await c.post(`/api/v1/namespaces/${other}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'owner' },
  });
  const uid = made.textAt('metadata.uid');
  // Informers of the two namespaces need not tell in this order.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await thing(c, 'child', [refer({ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid })]);
  await awaitGone(c, `${maps}/child`);
  const message = `ownerRef [v1/ConfigMap, namespace: ${namespace}, name: owner, uid: ${uid}] does not exist in namespace "${namespace}"`;
  await c.eventually('an event complains', async () => {
    const selector = encodeURIComponent('reason=OwnerRefInvalidNamespace');
    const { body } = await c.get(`/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`, {
      unstable: true,
    });
    const { items } = body as { items: { message: string; type: string; source: { component: string } }[] };
    return items.some(
      (event) =>
        event.message === message &&
        event.type === 'Warning' &&
        event.source.component === 'garbage-collector-controller',
    );
  });
}

async function customOwners(c: CaseContext): Promise<void> {
  const group = `${c.rand}.example.com`;
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await c.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `owners.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'owners', singular: 'owner', kind: 'Owner', listKind: 'OwnerList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
  const path = `/apis/${group}/v1/namespaces/${await c.namespace()}/owners`;
  const apiVersion = `${group}/v1`;
  const made = { apiVersion, kind: 'Owner', metadata: { name: 'top' } };
  await c.eventually('the resource is served', async () => {
    return (await c.post(path, made, { status: [201, 404], unstable: true })).status === 201;
  });
  const top = { apiVersion, kind: 'Owner', name: 'top', uid: (await c.get(`${path}/top`)).textAt('metadata.uid') };
  await c.post(path, { apiVersion, kind: 'Owner', metadata: { name: 'child', ownerReferences: [refer(top)] } });
  await thing(c, 'map', [refer(top)]);
  await remove(c, `${path}/top`, 'Foreground');
  await waitLonger(c, `${path}/top`);
  await c.get(`${path}/child`, { status: 404 });
  await c.get(`${await configMaps(c)}/map`, { status: 404 });
}

/** Other clusters look for new resources twice a minute. */
async function waitLonger(c: CaseContext, path: string): Promise<void> {
  for (let i = 0; i < 80; i++) {
    if ((await c.get(path, { status: [200, 404], unstable: true })).status === 404) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await c.get(path, { status: 404 });
}

const needs = ['controllers'] as const;

export const ownershipCases: readonly Case[] = [
  {
    id: 'housekeeping/garbage-collector/in the background dependents go after their owner',
    proves: 'Garbage collector should delete pods created by rc when not orphaning',
    needs,
    run: background,
  },
  {
    id: 'housekeeping/garbage-collector/in the foreground an owner waits for those who block it',
    proves: 'Garbage collector should keep the rc around until all its pods are deleted if the deleteOptions says so',
    needs,
    run: foreground,
  },
  {
    id: 'housekeeping/garbage-collector/orphans stay and lose the owner',
    proves: 'Garbage collector should orphan pods created by rc if delete options say so',
    needs,
    run: orphans,
  },
  {
    id: 'housekeeping/garbage-collector/one owner that stays is enough',
    proves: "Garbage collector should not delete dependents that have both valid owner and owner that's waiting",
    needs,
    run: severalOwners,
  },
  {
    id: 'housekeeping/garbage-collector/an owner of another uid is none',
    needs,
    run: absentOwner,
  },
  {
    id: 'housekeeping/garbage-collector/a circle of owners is no obstacle',
    proves: 'Garbage collector should not be blocked by dependency circle',
    needs,
    run: circle,
  },
  {
    id: 'housekeeping/garbage-collector/an owner in another namespace is none',
    needs,
    run: otherNamespace,
  },
  {
    id: 'housekeeping/garbage-collector/custom resources own and are owned',
    proves: 'Garbage collector should support cascading deletion of custom resources',
    needs,
    run: customOwners,
  },
];
