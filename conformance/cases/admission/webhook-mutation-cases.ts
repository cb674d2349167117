import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { allow, type Check, configMap, failing, patch, runChecks, withWebhooks } from './webhook-fixture.ts';

const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const internal = (message: string) => ({
  status: 500,
  has: { reason: 'InternalError', message: `Internal error occurred: ${message}` },
});

function patching(id: string, operations: unknown, expected: Pick<Check, 'status' | 'has'>): Check {
  return { id, answer: (call) => patch(call, operations), ...expected };
}

const invalid = 'received invalid webhook response: ';
const undecodable = 'received undecodable patch in webhook response: ';
const encoded = (text: string): string => Buffer.from(text).toString('base64');

const patches: readonly Check[] = [
  patching('adds', [add('/data/x', 'y')], { has: { data: { a: 'b', x: 'y' } } }),
  patching('empty', [], { has: { data: { a: 'b' } } }),
  patching('null', null, { has: { data: { a: 'b' } } }),
  patching('unknown', [add('/nosuch', 5)], { has: { data: { a: 'b' } } }),
  patching('renames', [{ op: 'replace', path: '/metadata/name', value: 'other' }], {
    has: { 'metadata.name': 'other' },
  }),
  patching('kindless', [{ op: 'remove', path: '/kind' }], { has: { kind: 'ConfigMap' } }),
  patching(
    'whole',
    [{ op: 'replace', path: '', value: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'q' } } }],
    {
      has: { 'metadata.name': 'q', data: undefined },
    },
  ),
  patching('moves', [{ op: 'replace', path: '/metadata/namespace', value: 'other' }], {
    status: 400,
    has: { message: 'the namespace of the provided object does not match the namespace sent on the request' },
  }),
  patching('invalid', [add('/data/b d', 'y')], {
    status: 422,
    has: { reason: 'Invalid', 'details.causes[0].field': 'data[b d]' },
  }),
  patching(
    'version',
    [{ op: 'replace', path: '/apiVersion', value: 'v9' }],
    internal('no kind "ConfigMap" is registered for version "v9" in scheme "pkg/runtime/scheme.go:111"'),
  ),
  patching(
    'mistyped',
    [add('/data/x', 5)],
    internal('json: cannot unmarshal number into Go struct field ConfigMap.data of type string'),
  ),
  patching('frob', [{ op: 'frob', path: '/data/x' }], internal('Unexpected kind: frob')),
  patching(
    'replace',
    [{ op: 'replace', path: '/nope/x', value: 1 }],
    internal('replace operation does not apply: doc is missing path: /nope/x: missing value'),
  ),
  patching(
    'add',
    [add('/nope/x', 1)],
    internal('add operation does not apply: doc is missing path: "/nope/x": missing value'),
  ),
  patching(
    'remove',
    [{ op: 'remove', path: '/data/zz' }],
    internal("error in remove for path: '/data/zz': Unable to remove nonexistent key: zz: missing value"),
  ),
  patching(
    'test',
    [{ op: 'test', path: '/data/a', value: 'zz' }],
    internal('testing value /data/a failed: test failed'),
  ),
  patching(
    'copy',
    [{ op: 'copy', from: '/nope/x', path: '/data/x' }],
    internal('copy operation does not apply: doc is missing from path: /nope/x: missing value'),
  ),
  patching(
    'move',
    [{ op: 'move', from: '/metadata/finalizers/0', path: '/data/x' }],
    internal('move operation does not apply: doc is missing from path: /metadata/finalizers/0: missing value'),
  ),
  {
    // The patch is no failed call: the policy does not soften it.
    id: 'strict',
    answer: (call) => patch(call, [{ op: 'frob' }]),
    webhook: { failurePolicy: 'Ignore' },
    ...internal('Unexpected kind: frob'),
  },
  failing('untyped', `${invalid}webhook returned response.patch but not response.patchType`, {
    answer: (call) => allow(call, { patch: encoded('[]') }),
  }),
  failing('typed', `${invalid}webhook returned response.patchType but not response.patch`, {
    answer: (call) => allow(call, { patchType: 'JSONPatch' }),
  }),
  failing('blank', `${invalid}webhook returned invalid response.patchType of ""`, {
    answer: (call) => patch(call, [], { patchType: '' }),
  }),
  failing('merge', 'unsupported patch type "Merge"', {
    answer: (call) => patch(call, [add('/data/x', 'y')], { patchType: 'Merge' }),
  }),
  failing('base64', 'failed to call webhook: illegal base64 data at input byte 0', {
    answer: (call) => allow(call, { patchType: 'JSONPatch', patch: '***' }),
  }),
  failing('nope', `${undecodable}invalid character 'o' in literal null (expecting 'u')`, {
    answer: (call) => allow(call, { patchType: 'JSONPatch', patch: encoded('nope') }),
  }),
  failing('object', `${undecodable}json: cannot unmarshal object into Go value of type jsonpatch.Patch`, {
    answer: (call) => patch(call, { op: 'add' }),
  }),
  failing('number', `${undecodable}json: cannot unmarshal number into Go value of type jsonpatch.Operation`, {
    answer: (call) => patch(call, [5]),
  }),
  {
    id: 'beta',
    answer: () => ({ response: { allowed: true, patch: encoded(JSON.stringify([add('/data/x', 'y')])) } }),
    webhook: { admissionReviewVersions: ['v1beta1'] },
    has: { data: { a: 'b', x: 'y' } },
  },
];

async function managers(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    await w.install('Mutating', [
      {
        id: 'fields',
        answer: (call) => patch(call, [add('/metadata/managedFields', [{ manager: 'x', operation: 'Nope' }])]),
      },
    ]);
    const answer = await c.post(`/api/v1/namespaces/${w.ns}/configmaps`, configMap('x', { check: 'fields' }), {
      has: { 'metadata.managedFields[0].operation': 'Update' },
    });
    const text =
      '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: operation must be `Apply` or `Update`';
    c.equal(answer.warnings, [`299 - "${text}"`], 'warnings');
  });
}

/** Each appends its letter; the data tells who ran, and how often. */
const append = (letter: string) => (call: Parameters<typeof patch>[0]) => {
  const { object } = call.body['request'] as { object: { data: { log?: string } } };
  return patch(call, [add('/data/log', `${object.data.log ?? ''}${letter}`)]);
};
const once = (letter: string) => (call: Parameters<typeof patch>[0]) => {
  const { object } = call.body['request'] as { object: { data: Record<string, string> } };
  return object.data[letter] === undefined ? patch(call, [add(`/data/${letter}`, 'seen')]) : allow(call);
};

async function order(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const named = (id: string, letter: string) => ({
      id,
      answer: append(letter),
      webhook: { objectSelector: { matchLabels: { order: 'yes' } } },
    });
    await w.install('Mutating', [named('third', 'c'), named('fourth', 'd')], `${c.rand}-b`);
    await w.install('Mutating', [named('fifth', 'e')], `${c.rand}-c`);
    await w.install('Mutating', [named('first', 'a'), named('second', 'b')], `${c.rand}-a`);
    const maps = `/api/v1/namespaces/${w.ns}/configmaps`;
    await c.post(maps, configMap('x', { order: 'yes' }), { has: { 'data.log': 'abcde' } });
    await c.patch(`${maps}/x`, { data: { log: '' } }, { has: { 'data.log': 'abcde' } });
  });
}

async function reinvocation(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const again = { reinvocationPolicy: 'IfNeeded' };
    const selected = (label: string) => ({ objectSelector: { matchLabels: { [label]: 'yes' } } });
    await w.install('Mutating', [
      { id: 'a-never', answer: append('a'), webhook: selected('never') },
      { id: 'b-never', answer: append('b'), webhook: selected('never') },
      { id: 'a-again', answer: append('a'), webhook: { ...again, ...selected('again') } },
      { id: 'b-again', answer: append('b'), webhook: { ...again, ...selected('again') } },
      { id: 'a-first', answer: append('a'), webhook: { ...again, ...selected('first') } },
      { id: 'b-first', answer: append('b'), webhook: selected('first') },
      { id: 'a-calm', answer: once('k'), webhook: { ...again, ...selected('calm') } },
      { id: 'b-calm', answer: (call) => allow(call), webhook: { ...again, ...selected('calm') } },
    ]);
    const create = (label: string, log: unknown) =>
      c.post(`/api/v1/namespaces/${w.ns}/configmaps`, configMap(label, { [label]: 'yes' }), {
        has: { 'data.log': log },
      });
    await create('never', 'ab');
    await create('again', 'abab');
    await create('first', 'aba');
    await create('calm', undefined);
    c.equal(w.requests('a-calm').length, 1, 'calls of a webhook after which nobody changed the object');
    c.equal(w.requests('b-calm').length, 1, 'calls of a webhook that saw the last change');
  });
}

async function defaults(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const container = { name: 'added', image: 'registry.example.com/added' };
    const isDeployment = {
      rules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }],
    };
    const sidecar = add('/spec/template/spec/containers/-', container);
    await w.install('Mutating', [
      { id: 'sidecar', answer: (call) => patch(call, [sidecar]), webhook: isDeployment },
      { id: 'unset', answer: (call) => patch(call, [{ op: 'remove', path: '/spec/replicas' }]), webhook: isDeployment },
    ]);
    await w.install('Validating', [
      { id: 'sees', answer: (call) => allow(call), everything: true, webhook: isDeployment },
    ]);
    const deployment = (check: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: check, labels: { check } },
      spec: {
        replicas: 3,
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'main', image: 'registry.example.com/none:1' }] },
        },
      },
    });
    const path = `/apis/apps/v1/namespaces/${w.ns}/deployments?dryRun=All`;
    await c.post(path, deployment('sidecar'), {
      has: {
        'spec.template.spec.containers[1].imagePullPolicy': 'Always',
        'spec.template.spec.containers[1].terminationMessagePath': '/dev/termination-log',
      },
    });
    await c.post(path, deployment('unset'), { has: { 'spec.replicas': 1 } });
    const [first] = w.requests('sees') as { object: { spec: { template: { spec: { containers: unknown[] } } } } }[];
    c.equal(first?.object.spec.template.spec.containers.length, 2, 'containers as the validating webhook sees them');
  });
}

const webhooks: Pick<Case, 'needs' | 'proves'> = { needs: ['loopback'], proves: 'AdmissionWebhook' };

export const webhookMutationCases: readonly Case[] = [
  {
    id: 'admission/webhooks/patches change the object or say why not',
    run: (c) => withWebhooks(c, (w) => runChecks(c, w, 'Mutating', patches)),
    ...webhooks,
  },
  { id: 'admission/webhooks/wrong managedFields are taken back', run: managers, ...webhooks },
  { id: 'admission/webhooks/mutations run in the order of configurations', run: order, ...webhooks },
  { id: 'admission/webhooks/mutations run again when needed', run: reinvocation, ...webhooks },
  { id: 'admission/webhooks/what a patch leaves out is defaulted', run: defaults, ...webhooks },
];
