import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { type Defined, define } from './definition-fixture.ts';
import { largeDefinition } from './large-definition.ts';

const spec = { type: 'object', properties: { color: { type: 'string' }, size: { type: 'integer', default: 3 } } };

function version(name: string, storage: boolean, more: object = {}): object {
  return {
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
    ...more,
  };
}

function widget({ group }: Defined, name: string, color: string, more: object = {}): object {
  return { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec: { color }, ...more };
}

async function watchInVersions(c: CaseContext): Promise<void> {
  const defined = await define(c, { kind: 'Widget', versions: [version('v1', true), version('v2', false)] });
  const one = defined.collection('v1');
  for (const name of ['v1', 'v2']) {
    const events = await c.watch(`${defined.collection(name)}?watch=true`, {
      until: ['ADDED', 'MODIFIED', 'DELETED'],
      during: async () => {
        await c.post(one, widget(defined, name, 'red'), { has: { 'spec.size': 3 } });
        const blue = { spec: { color: 'blue' } };
        await c.patch(`${defined.collection('v2')}/${name}`, blue, { has: { 'spec.color': 'blue' } });
        await c.delete(`${one}/${name}`, { has: { status: 'Success' } });
      },
    });
    const versions = events.map((event) => event.at('apiVersion'));
    c.equal(versions, Array(3).fill(`${defined.group}/${name}`), `versions in a watch of ${name}`);
    c.equal(
      events.map((event) => event.at('spec.color')),
      ['red', 'blue', 'blue'],
      'what the events hold',
    );
  }
}

async function watchSelection(c: CaseContext): Promise<void> {
  const selectable = { selectableFields: [{ jsonPath: '.spec.color' }] };
  const defined = await define(c, { kind: 'Widget', versions: [version('v1', true, selectable)] });
  const widgets = defined.collection('v1');
  const events = await c.watch(`${widgets}?watch=true&fieldSelector=spec.color%3Dred`, {
    until: ['ADDED', 'DELETED', 'ADDED'],
    during: async () => {
      await c.post(widgets, widget(defined, 'a', 'red'), { has: { 'spec.color': 'red' } });
      await c.post(widgets, widget(defined, 'b', 'blue'), { has: { 'spec.color': 'blue' } });
      await c.patch(`${widgets}/a`, { spec: { color: 'blue' } }, { has: { 'spec.color': 'blue' } });
      await c.patch(`${widgets}/b`, { spec: { color: 'red' } }, { has: { 'spec.color': 'red' } });
    },
  });
  c.equal(
    events.map((event) => event.at('metadata.name')),
    ['a', 'a', 'b'],
    'objects that enter and leave the selection',
  );
}

async function schemaChanges(c: CaseContext): Promise<void> {
  const defined = await define(c, { kind: 'Widget', versions: [version('v1', true)] });
  const widgets = defined.collection('v1');
  await c.post(widgets, widget(defined, 'a', 'red'), { has: { 'spec.size': 3 } });
  const place = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
  const steps = [
    { op: 'add', path: `${place}/weight`, value: { type: 'integer', default: 7 } },
    { op: 'remove', path: `${place}/color` },
  ];
  await c.call('PATCH', defined.path, {
    body: steps,
    type: 'application/json-patch+json',
    has: { 'spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.weight.default': 7 },
  });
  await c.eventually('stored objects read by the new schema', async () => {
    const { body } = await c.get(`${widgets}/a`, { unstable: true });
    return (body as { spec?: { weight?: number } }).spec?.weight === 7;
  });
  await c.get(`${widgets}/a`, { has: { spec: { size: 3, weight: 7 } } });
  await c.get(widgets, { has: { 'items[0].spec': { size: 3, weight: 7 } } });
}

async function deletion(c: CaseContext): Promise<void> {
  const defined = await define(c, { kind: 'Widget', versions: [version('v1', true)] });
  const widgets = defined.collection('v1');
  await c.post(widgets, widget(defined, 'a', 'red'), { has: { 'metadata.name': 'a' } });
  await c.watch(`${widgets}?watch=true`, {
    until: ['ADDED', 'DELETED'],
    during: async () => {
      await c.delete(defined.path, { has: { 'metadata.finalizers': ['customresourcecleanup.apiextensions.k8s.io'] } });
    },
  });
  await c.eventually('the definition is gone', async () => {
    return (await c.get(defined.path, { status: [200, 404], unstable: true })).status === 404;
  });
  await c.eventually('so is the group', async () => {
    return (await c.get(`/apis/${defined.group}`, { status: [200, 404], unstable: true })).status === 404;
  });
  await c.get(widgets, { status: 404, has: { '': /404 page not found/ } });
  await define(c, { kind: 'Widget', versions: [version('v1', true)] });
  await c.get(widgets, { has: { items: [] } });
}

async function restart(c: CaseContext): Promise<void> {
  const defined = await define(c, { kind: 'Widget', versions: [version('v1', true), version('v2', false)] });
  await c.post(defined.collection('v1'), widget(defined, 'a', 'red'), { has: { 'metadata.name': 'a' } });
  await c.restart();
  await c.get(`${defined.collection('v2')}/a`, { has: { apiVersion: `${defined.group}/v2`, 'spec.color': 'red' } });
  await c.post(defined.collection('v1'), widget(defined, 'b', 'red'), { has: { 'spec.size': 3 } });
  await c.get(`/apis/${defined.group}`, { has: { 'preferredVersion.version': 'v2' } });
}

function large(seed: number): (c: CaseContext) => Promise<void> {
  return async (c) => {
    const { kind, versions, lines } = largeDefinition(seed);
    c.ok(lines > 2000, `the definition has ${lines} lines`);
    const defined = await define(c, { kind, versions });
    const objects = defined.collection('v1');
    const object = { apiVersion: `${defined.group}/v1`, kind, metadata: { name: 'a' } };
    const made = await c.post(objects, { ...object, spec: {}, other: 1 }, { has: { 'metadata.generation': 1 } });
    c.equal(made.warnings.length, 1, 'warnings of a field that nobody knows');
    await c.get(`${defined.collection('v1beta1')}/a`, { has: { apiVersion: `${defined.group}/v1beta1` } });
    const members = Object.entries((made.at('spec') ?? {}) as Record<string, unknown>);
    const [text = ''] = members.find(([, value]) => String(value).startsWith('text-')) ?? [];
    await c.patch(`${objects}/a`, { spec: { [text]: 7 } }, { status: 422, has: { reason: 'Invalid' } });
    await c.patch(`${objects}/a`, { spec: { [text]: null } }, { has: { 'metadata.generation': 1 } });
    await c.call('PATCH', `${objects}/a?fieldManager=one&force=true`, {
      body: { ...object, spec: { [text]: 'text' } },
      type: 'application/apply-patch+yaml',
      has: { [`spec.${text}`]: 'text' },
    });
    const path = `/openapi/v3/apis/${defined.group}/v1`;
    await c.eventually('OpenAPI shows it', async () => {
      return (await c.get(path, { status: [200, 404], unstable: true })).status === 200;
    });
    await c.patch(
      defined.path,
      { spec: { names: { shortNames: ['lg'] } } },
      { has: { 'spec.names.shortNames': ['lg'] } },
    );
    await c.get(`${objects}/a`, { has: { 'metadata.generation': 2 } });
  };
}

/** Custom resources as their clients see them come, change and go. */
export const customResourceCases: readonly Case[] = [
  {
    id: 'extension/custom-resources/a watch shows objects in the version that it asks for',
    run: watchInVersions,
  },
  {
    id: 'extension/custom-resources/a watch by a selectable field sees objects enter and leave',
    proves: 'CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector',
    run: watchSelection,
  },
  {
    id: 'extension/custom-resources/stored objects are read by the newest schema',
    proves: 'custom resource defaulting for requests and from storage works',
    run: schemaChanges,
  },
  {
    id: 'extension/custom-resources/a definition takes its objects with it and may come again',
    proves: 'Simple CustomResourceDefinition creating/deleting custom resource definition objects works',
    run: deletion,
  },
  { id: 'extension/custom-resources/definitions and objects survive a restart', needs: ['restart'], run: restart },
  ...[1, 2, 3].map(
    (seed): Case => ({
      id: `extension/custom-resources/a large definition is served, number ${seed}`,
      run: large(seed),
    }),
  ),
];
