import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const json = 'application/json-patch+json';
const strategic = 'application/strategic-merge-patch+json';

async function deployment(c: CaseContext): Promise<string> {
  const path = `/apis/apps/v1/namespaces/${await c.namespace()}/deployments`;
  const containers = [
    { name: 'one', image: 'registry.example.com/one:1', env: [{ name: 'A', value: '1' }] },
    { name: 'two', image: 'registry.example.com/two:1' },
  ];
  const spec = {
    replicas: 0,
    selector: { matchLabels: { app: 'd' } },
    template: { metadata: { labels: { app: 'd' } }, spec: { containers } },
  };
  await c.post(
    path,
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec },
    { has: { 'metadata.generation': 1 } },
  );
  return `${path}/d`;
}

const pod = 'spec.template.spec';

async function mergesByKey(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  const containers = [
    { name: 'two', env: [{ name: 'B', value: '2' }] },
    { name: 'three', image: 'registry.example.com/three:1' },
  ];
  await c.patch(
    path,
    { spec: { template: { spec: { containers } } } },
    {
      type: strategic,
      has: {
        [`${pod}.containers[0].name`]: 'one',
        [`${pod}.containers[1].image`]: 'registry.example.com/two:1',
        [`${pod}.containers[1].env[0].name`]: 'B',
        [`${pod}.containers[2].name`]: 'three',
        'metadata.generation': 2,
      },
    },
  );
  await c.patch(
    path,
    { spec: { template: { spec: { containers: [{ name: 'one', $patch: 'delete' }] } } } },
    {
      type: strategic,
      has: { [`${pod}.containers[0].name`]: 'two', [`${pod}.containers[2]`]: undefined },
    },
  );
  const replaced = { containers: [{ $patch: 'replace' }, { name: 'four', image: 'registry.example.com/four:1' }] };
  await c.patch(
    path,
    { spec: { template: { spec: replaced } } },
    { type: strategic, has: { [`${pod}.containers[0].name`]: 'four', [`${pod}.containers[1]`]: undefined } },
  );
}

async function replacesLists(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  const containers = [{ name: 'only', image: 'registry.example.com/only:1' }];
  await c.patch(
    path,
    { spec: { template: { spec: { containers } } } },
    { has: { [`${pod}.containers[0].name`]: 'only', [`${pod}.containers[1]`]: undefined } },
  );
  await c.patch(path, { spec: { strategy: null } }, { has: { 'spec.strategy.type': 'RollingUpdate' } });
}

async function jsonOperations(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  const at = '/spec/template/spec/containers';
  const operations = [
    { op: 'test', path: `${at}/0/name`, value: 'one' },
    { op: 'add', path: `${at}/0/env/-`, value: { name: 'C', value: '3' } },
    { op: 'copy', from: `${at}/0/env/0/value`, path: `${at}/0/env/1/value` },
    { op: 'remove', path: `${at}/1` },
    { op: 'add', path: '/metadata/annotations', value: { 'example.com/a': 'x' } },
  ];
  await c.patch(path, operations, {
    type: json,
    has: { [`${pod}.containers[0].env[1]`]: { name: 'C', value: '1' }, [`${pod}.containers[1]`]: undefined },
  });
  await c.patch(path, [{ op: 'remove', path: '/metadata/annotations/example.com~1a' }], {
    type: json,
    has: { 'metadata.annotations["example.com/a"]': undefined },
  });
  await c.patch(path, [{ op: 'test', path: '/spec/replicas', value: 7 }], {
    type: json,
    status: 422,
    has: { reason: 'Invalid' },
  });
  await c.patch(path, [{ op: 'remove', path: '/spec/none' }], { type: json, status: 422, has: { reason: 'Invalid' } });
}

async function unchanged(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  const before = await c.get(path, { has: { kind: 'Deployment' } });
  const revision = before.at('metadata.resourceVersion');
  for (const type of ['application/merge-patch+json', strategic])
    await c.patch(
      path,
      { spec: { replicas: 0 } },
      { type, has: { 'metadata.resourceVersion': revision, 'metadata.generation': 1 } },
    );
}

async function preconditions(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  const before = await c.get(path, { has: { kind: 'Deployment' } });
  const stale = { metadata: { resourceVersion: before.at('metadata.resourceVersion'), labels: { a: 'b' } } };
  await c.patch(path, stale, { has: { 'metadata.labels.a': 'b' } });
  const message =
    'Operation cannot be fulfilled on deployments.apps "d": the object has been modified; please apply your changes to the latest version and try again';
  await c.patch(path, { ...stale, spec: { replicas: 1 } }, { status: 409, has: { reason: 'Conflict', message } });
}

async function types(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  await c.patch(path, {}, { type: 'application/json', status: 415, has: { reason: 'UnsupportedMediaType' } });
  await c.patch(path, [], { status: 400, has: { kind: 'Status' } });
  await c.call('PATCH', path, {
    rawBody: '{"a":',
    type: 'application/merge-patch+json',
    status: 400,
    has: { reason: 'BadRequest' },
  });
}

async function unknownFields(c: CaseContext): Promise<void> {
  const path = await deployment(c);
  const body = { spec: { nothing: 1 } };
  const strict = await c.patch(`${path}?fieldValidation=Strict`, body, {
    status: 422,
    has: { reason: 'Invalid', message: /strict decoding error: unknown field "spec.nothing"/ },
  });
  c.equal(strict.warnings, [], 'warnings');
  const warned = await c.patch(`${path}?fieldValidation=Warn`, body, { has: { 'spec.nothing': undefined } });
  c.equal(warned.warnings, ['299 - "unknown field \\"spec.nothing\\""'], 'warnings');
  const ignored = await c.patch(`${path}?fieldValidation=Ignore`, body, { has: { 'spec.nothing': undefined } });
  c.equal(ignored.warnings, [], 'warnings');
}

const merge = 'Update API objects in place using kubectl patch';

export const patchCases: readonly Case[] = [
  { id: 'patch/deployments/strategic merge goes by keys of lists', proves: merge, run: mergesByKey },
  { id: 'patch/deployments/merge replaces lists', proves: merge, run: replacesLists },
  { id: 'patch/deployments/JSON operations are carried out in order', proves: merge, run: jsonOperations },
  {
    id: 'patch/deployments/nothing changed is nothing written',
    needs: ['quiet'],
    proves: 'Kubernetes API concepts: resource versions',
    run: unchanged,
  },
  {
    id: 'patch/deployments/a revision is a precondition',
    needs: ['quiet'],
    proves: 'Kubernetes API concepts: resource versions',
    run: preconditions,
  },
  { id: 'patch/deployments/other media types are refused', proves: merge, run: types },
  {
    id: 'patch/deployments/unknown fields are told as asked',
    proves:
      '[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object [Conformance]',
    run: unknownFields,
  },
];
