import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { resourceWatchCases } from './resource-watch-cases.ts';
import { expectGone, letGo, placeOf, remove, replace, type Subject, subjects } from './subject.ts';

const uid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const revision = /^[1-9]\d*$/;

async function lifecycle(c: CaseContext, subject: Subject): Promise<void> {
  const { resource, apiVersion, groupResource } = subject;
  const { kind, namespaced } = resource;
  const { collection, everywhere, name, selector, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  const is = { kind, apiVersion, 'metadata.name': name };
  const made = await c.post(collection, object(), {
    has: { ...is, 'metadata.uid': uid, 'metadata.resourceVersion': revision, 'metadata.labels.conformance': c.rand },
  });
  await c.post(collection, object(), {
    status: 409,
    has: { reason: 'AlreadyExists', message: `${groupResource} "${name}" already exists`, 'details.name': name },
  });
  await c.get(path, { has: { ...is, 'metadata.uid': made.at('metadata.uid') } });
  const listed = { kind: `${kind}List`, apiVersion, 'items[0].metadata.name': name, 'items.length': 1 };
  await c.get(`${collection}?${selector}`, { has: listed });
  if (namespaced) await c.get(`${everywhere}?${selector}`, { has: listed });
  const stale = structuredClone(made.body) as { metadata: { labels: Record<string, string> } };
  const put = await replace(c, path, (now) => {
    (now['metadata'] as { labels: Record<string, string> }).labels['changed'] = 'yes';
  });
  c.equal(put.at('metadata.labels.changed'), 'yes', 'the label of the replaced object');
  c.ok(
    Number(put.at('metadata.resourceVersion')) > Number(made.at('metadata.resourceVersion')),
    'resourceVersion grows',
  );
  stale.metadata.labels['changed'] = 'no';
  await c.put(path, stale, {
    status: 409,
    has: {
      reason: 'Conflict',
      message: /the object has been modified; please apply your changes to the latest version/,
    },
  });
  await remove(c, path);
  await expectGone(c, path, subject);
}

async function patches(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  await c.post(collection, object(), { has: { 'metadata.name': name } });
  await c.patch(path, { metadata: { labels: { a: '1', b: '1' } } }, { has: { 'metadata.labels.a': '1' } });
  await c.patch(
    path,
    { metadata: { labels: { a: null } } },
    {
      has: { 'metadata.labels': { conformance: c.rand, b: '1' } },
    },
  );
  await c.patch(path, [{ op: 'replace', path: '/metadata/labels/b', value: '2' }], {
    type: 'application/json-patch+json',
    has: { 'metadata.labels.b': '2' },
  });
  await c.patch(
    path,
    { metadata: { labels: { d: '4' }, annotations: { 'example.com/a': 'b' } } },
    {
      type: 'application/strategic-merge-patch+json',
      has: { 'metadata.labels': { conformance: c.rand, b: '2', d: '4' }, 'metadata.annotations["example.com/a"]': 'b' },
    },
  );
  await c.patch(
    path,
    { metadata: { name: 'other' } },
    {
      status: 400,
      has: {
        reason: 'BadRequest',
        message: `the name of the object (other) does not match the name on the URL (${name})`,
      },
    },
  );
  await remove(c, path);
}

async function apply(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  const type = 'application/apply-patch+yaml';
  const managers = (value: unknown): boolean =>
    Array.isArray(value) && value.some(({ manager, operation }) => manager === 'conformance' && operation === 'Apply');
  await c.patch(`${path}?fieldManager=conformance`, object(), {
    type,
    status: 201,
    has: { 'metadata.name': name, 'metadata.managedFields': managers },
  });
  await c.patch(`${path}?fieldManager=conformance`, object(name, { e: '5' }), {
    type,
    has: { 'metadata.labels.e': '5' },
  });
  await c.patch(`${path}?fieldManager=conformance`, object(), {
    type,
    has: { 'metadata.labels': { conformance: c.rand } },
  });
  await remove(c, path);
}

async function deleteCollection(c: CaseContext, subject: Subject): Promise<void> {
  const { resource } = subject;
  const { collection, name, selector, object } = await placeOf(c, subject);
  await c.post(collection, object(name, { group: 'a' }), { has: { 'metadata.name': name } });
  const path = `${collection}/${name}`;
  await letGo(c, path);
  await c.delete(`${collection}?${selector}%2Cgroup%3Dnone&propagationPolicy=Background`, {
    has: { kind: (kind: unknown) => kind === 'Status' || kind === `${resource.kind}List` },
  });
  await c.get(path, { has: { 'metadata.name': name } });
  await c.delete(`${collection}?${selector}&propagationPolicy=Background`, {
    has: { kind: (kind: unknown) => kind === 'Status' || kind === `${resource.kind}List` },
  });
  await expectGone(c, path, subject);
}

async function dryRun(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  await c.post(`${collection}?dryRun=All`, object(), { has: { 'metadata.name': name, 'metadata.uid': uid } });
  await c.get(path, { status: 404, has: { reason: 'NotFound' } });
  await c.post(collection, object(), { has: { 'metadata.name': name } });
  await c.patch(
    `${path}?dryRun=All`,
    { metadata: { labels: { dry: 'yes' } } },
    { has: { 'metadata.labels.dry': 'yes' } },
  );
  await letGo(c, path);
  await c.delete(`${path}?dryRun=All&propagationPolicy=Background`, { has: { kind: /./ } });
  await c.get(path, { has: { 'metadata.labels': { conformance: c.rand } } });
  await remove(c, path);
}

async function otherForms(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, selector, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  await c.post(collection, object(), { has: { 'metadata.name': name } });
  const as = (form: string) => ({ Accept: `application/json;as=${form};g=meta.k8s.io;v=v1` });
  const table = {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    columnDefinitions: (all: unknown) => Array.isArray(all) && all.some((column) => column.name === 'Name'),
    'rows[0].cells': (cells: unknown) => Array.isArray(cells) && cells.includes(name),
  };
  await c.get(path, { headers: as('Table'), has: table });
  await c.get(`${collection}?${selector}`, { headers: as('Table'), has: { ...table, 'rows.length': 1 } });
  await c.get(path, {
    headers: as('PartialObjectMetadata'),
    has: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', 'metadata.name': name, spec: undefined },
  });
  await c.get(`${collection}?${selector}`, {
    headers: as('PartialObjectMetadataList'),
    has: { kind: 'PartialObjectMetadataList', 'items[0].metadata.name': name, 'items[0].spec': undefined },
  });
  const yaml = await c.get(path, {
    headers: { Accept: 'application/yaml' },
    has: { kind: subject.resource.kind, 'metadata.name': name },
  });
  c.equal(yaml.contentType, 'application/yaml', 'media type');
  await remove(c, path);
}

async function status(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  const { status: change } = subject.fixture(c.rand);
  await c.post(collection, object(), { has: { 'metadata.name': name } });
  await c.get(`${path}/status`, { has: { 'metadata.name': name } });
  await c.patch(`${path}/status`, change?.patch ?? { metadata: { annotations: { 'example.com/status': 'patched' } } }, {
    has: change === undefined ? { 'metadata.name': name } : { [change.path]: change.value },
  });
  const put = await replace(c, `${path}/status`, () => undefined);
  c.equal(put.at('metadata.name'), name, 'name');
  if (change !== undefined) await c.get(`${path}/status`, { has: { [change.path]: change.value } });
  await remove(c, path);
}

async function approval(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  await c.post(collection, object(), { has: { 'metadata.name': name } });
  await c.get(`${path}/approval`, { has: { 'metadata.name': name } });
  const conditions = [{ type: 'Approved', status: 'True', reason: 'R', message: 'm' }];
  await c.patch(`${path}/approval`, { status: { conditions } }, { has: { 'status.conditions[0].type': 'Approved' } });
  await replace(c, `${path}/approval`, () => undefined);
  await remove(c, path);
}

async function scale(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  await c.post(collection, object(), { has: { 'spec.replicas': 0 } });
  const is = { kind: 'Scale', apiVersion: 'autoscaling/v1', 'metadata.name': name };
  const found = await c.get(`${path}/scale`, { has: { ...is, 'status.selector': `app=${c.rand}` } });
  // Without a revision: controllers may write between.
  const wanted = {
    ...(found.body as object),
    metadata: { name, namespace: found.at('metadata.namespace') },
    spec: { replicas: 1 },
  };
  await c.put(`${path}/scale`, wanted, { has: { ...is, 'spec.replicas': 1 } });
  await c.get(path, { has: { 'spec.replicas': 1 } });
  await c.patch(
    `${path}/scale`,
    { spec: { replicas: 0 } },
    { has: { ...is, 'spec.replicas': (n: unknown) => n === undefined || n === 0 } },
  );
  await remove(c, path);
}

const behaviours = [
  { name: 'is created, read, listed, replaced and deleted', run: lifecycle },
  { name: 'takes merge, JSON and strategic merge patches', run: patches },
  { name: 'is applied by the server', run: apply },
  { name: 'is deleted as a collection', run: deleteCollection, verb: 'deletecollection' },
  { name: 'is left alone by dry runs', run: dryRun },
  { name: 'is shown as table, metadata and YAML', run: otherForms },
  { name: 'has a status of its own', run: status, subresource: 'status' },
  { name: 'is scaled', run: scale, subresource: 'scale' },
  { name: 'is approved', run: approval, subresource: 'approval' },
] as const;

// Their controllers write the whole status whenever they please.
const contested = new Set([
  'daemonsets.apps',
  'deployments.apps',
  'horizontalpodautoscalers.autoscaling',
  'jobs.batch',
  'persistentvolumeclaims',
  'persistentvolumes',
  'poddisruptionbudgets.policy',
  'replicasets.apps',
  'replicationcontrollers',
  'resourcequotas',
  'statefulsets.apps',
]);

/** What every resource can do, for every resource. */
export function resourceCases(): Case[] {
  return subjects().flatMap((subject) => {
    const { resource, id, apiVersion } = subject;
    const free = subject.fixture('z00000000').free ?? [];
    const base = { groupVersion: apiVersion, free };
    const generated = behaviours.flatMap((behaviour): Case[] => {
      const { name, run } = behaviour;
      if ('verb' in behaviour && !resource.verbs.includes(behaviour.verb)) return [];
      if ('subresource' in behaviour && !resource.subresources?.some((s) => s.name === behaviour.subresource))
        return [];
      return [
        {
          id: `api/${id}/${name}`,
          proves: 'Kubernetes API concepts: standard verbs',
          ...base,
          ...(run === status && contested.has(id) ? { needs: ['quiet'] as const } : {}),
          run: (c) => run(c, subject),
        },
      ];
    });
    return [...generated, ...resourceWatchCases(subject, base)];
  });
}
