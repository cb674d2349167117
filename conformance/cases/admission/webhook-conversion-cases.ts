import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { startWebhookServer, type WebhookCall, type WebhookHandler } from '../../runner/webhook-server.ts';
import { allow, patch, withWebhooks } from './webhook-fixture.ts';

interface Gadget {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; labels?: object; uid?: string };
  spec?: Record<string, unknown>;
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

function versionOf(name: string, storage: boolean, field: object): object {
  const spec = { type: 'object', properties: field };
  return {
    name,
    served: true,
    storage,
    subresources: { status: {} },
    schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
  };
}

/** `size: 5` in v1 is `width: "5"` in v2. */
async function define(c: CaseContext, clientConfig: object): Promise<{ group: string; plural: string }> {
  const group = `${c.rand}.example.com`;
  const plural = 'gadgets';
  const path = `${definitions}/${plural}.${group}`;
  await c.post(
    definitions,
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural, singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
        versions: [
          versionOf('v1', true, { size: { type: 'integer' } }),
          versionOf('v2', false, { width: { type: 'string', default: '9' } }),
        ],
        conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } },
      },
    },
    { has: { 'spec.names.kind': 'Gadget' }, unstable: true },
  );
  await c.eventually('the definition is established', async () => {
    const { body } = await c.get(path, { unstable: true });
    const { conditions = [] } =
      (body as { status?: { conditions?: { type: string; status: string }[] | null } }).status ?? {};
    return (conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True');
  });
  for (const version of ['v1', 'v2'])
    await c.eventually(`${version} is served`, async () => {
      const { status } = await c.get(`/apis/${group}/${version}/namespaces/default/${plural}`, {
        status: [200, 404, 429],
        unstable: true,
      });
      return status === 200;
    });
  return { group, plural };
}

function convertOne(object: Gadget, apiVersion: string): Gadget {
  const { size, width } = object.spec ?? {};
  const spec = apiVersion.endsWith('/v2')
    ? size === undefined
      ? {}
      : { width: String(size) }
    : width === undefined
      ? {}
      : { size: Number(width) };
  return { ...object, apiVersion, spec };
}

interface ConversionRequest {
  readonly uid: string;
  readonly desiredAPIVersion: string;
  readonly objects: readonly Gadget[];
}

function requestOf(call: WebhookCall): ConversionRequest {
  return call.body['request'] as unknown as ConversionRequest;
}

function respond(call: WebhookCall, response: object): object {
  return {
    apiVersion: call.body['apiVersion'],
    kind: 'ConversionReview',
    response: { uid: requestOf(call).uid, ...response },
  };
}

function convert(call: WebhookCall): object {
  const { desiredAPIVersion, objects } = requestOf(call);
  const convertedObjects = objects.map((object) => convertOne(object, desiredAPIVersion));
  return respond(call, { result: { status: 'Success' }, convertedObjects });
}

async function converting(c: CaseContext): Promise<void> {
  await withWebhooks(c, async ({ server, ns }) => {
    server.handle('/convert', convert);
    const { group, plural } = await define(c, { url: server.url('/convert'), caBundle: server.caBundle });
    const at = (version: string): string => `/apis/${group}/${version}/namespaces/${ns}/${plural}`;
    const gadget = (version: string, name: string, spec: object) => ({
      apiVersion: `${group}/${version}`,
      kind: 'Gadget',
      metadata: { name, labels: { is: version } },
      spec,
    });
    await c.post(at('v1'), gadget('v1', 'one', { size: 5 }), { has: { 'spec.size': 5 } });
    await c.get(`${at('v2')}/one`, {
      has: { spec: { width: '5' }, apiVersion: `${group}/v2`, 'metadata.labels.is': 'v1' },
    });
    await c.post(at('v2'), gadget('v2', 'two', { width: '7' }), { has: { spec: { width: '7' } } });
    await c.get(`${at('v1')}/two`, { has: { spec: { size: 7 } } });
    await c.post(at('v2'), gadget('v2', 'three', {}), { has: { spec: { width: '9' } } });
    await c.patch(`${at('v2')}/one`, { spec: { width: '6' } }, { has: { spec: { width: '6' } } });
    await c.get(`${at('v1')}/one`, { has: { spec: { size: 6 } } });
    const list = await c.get(at('v2'), { has: { apiVersion: `${group}/v2`, kind: 'GadgetList' } });
    const { items } = list.body as { items: Gadget[] };
    c.equal(
      items.map(({ metadata, spec }) => [metadata?.name, spec?.['width']]),
      [
        ['one', '6'],
        ['three', '9'],
        ['two', '7'],
      ],
      'items',
    );
    await c.delete(`${at('v2')}/two`, { has: { status: 'Success' } });
    const [first] = server.calls('/convert');
    c.equal(first?.body['kind'], 'ConversionReview', 'kind of the review');
    c.equal(first?.query, 'timeout=30s', 'the deadline');
  });
}

/** What a faulty webhook does with the object, and why a read in the other version then fails. */
const faults: readonly { readonly answer: WebhookHandler; readonly why: string | RegExp }[] = [
  {
    answer: (call) => respond(call, { result: { status: 'Failure', message: 'cannot do that' } }),
    why: ' failed: cannot do that',
  },
  { answer: (call) => respond(call, { result: {} }), why: " failed: response.result.status was '', not 'Success'" },
  {
    answer: (call) => respond(call, { result: { status: 'Success' }, convertedObjects: [] }),
    why: ' returned 0 objects, expected 1',
  },
  {
    answer: (call) => ({ apiVersion: call.body['apiVersion'], kind: 'ConversionReview' }),
    why: ' failed: no response provided',
  },
  {
    answer: (call) => ({ ...convert(call), apiVersion: undefined }),
    why: / failed: expected webhook response of apiextensions.k8s.io\/v1, Kind=ConversionReview, got /,
  },
  {
    answer: (call) => respond(call, { uid: 'x', result: { status: 'Success' } }),
    why: / failed: expected response.uid="[-0-9a-f]{36}", got "x"$/,
  },
  {
    answer: (call) => respond(call, { result: { status: 'Success' }, convertedObjects: requestOf(call).objects }),
    why: ' returned invalid object at index 0: invalid groupVersion (expected {group}/v2, received {group}/v1)',
  },
  {
    answer: (call) => changed(call, (object) => ({ ...object, kind: 'Widget' })),
    why: ' returned invalid object at index 0: invalid kind (expected Gadget, received Widget)',
  },
  {
    answer: (call) => changed(call, (object) => ({ ...object, metadata: { ...object.metadata, name: 'other' } })),
    why: ' returned invalid object: must have the same name: faulty != other',
  },
  {
    answer: (call) => changed(call, (object) => ({ ...object, metadata: { ...object.metadata, uid: 'other' } })),
    why: / returned invalid object: must have the same UID: [-0-9a-f]{36} != other$/,
  },
  {
    answer: (call) => changed(call, (object) => ({ ...object, metadata: { ...object.metadata, labels: { a: 5 } } })),
    why: ' returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
  },
];

function changed(call: WebhookCall, change: (object: Gadget) => Gadget): object {
  const { desiredAPIVersion, objects } = requestOf(call);
  const convertedObjects = objects.map((object) => change(convertOne(object, desiredAPIVersion)));
  return respond(call, { result: { status: 'Success' }, convertedObjects });
}

async function faulty(c: CaseContext): Promise<void> {
  await withWebhooks(c, async ({ server, ns }) => {
    server.handle('/convert', convert);
    const { group, plural } = await define(c, { url: server.url('/convert'), caBundle: server.caBundle });
    const at = (version: string): string => `/apis/${group}/${version}/namespaces/${ns}/${plural}`;
    const object = { apiVersion: `${group}/v1`, kind: 'Gadget', metadata: { name: 'faulty' }, spec: { size: 5 } };
    const created = await c.post(
      at('v2'),
      { ...object, apiVersion: `${group}/v2`, metadata: { name: 'sound' }, spec: { width: '5' } },
      { unstable: true },
    );
    c.equal(created.at('spec.width'), '5', 'width');
    for (const { answer, why } of faults) {
      server.handle('/convert', answer);
      const title = `conversion webhook for ${group}/v2, Kind=Gadget`;
      const message =
        typeof why === 'string'
          ? `${title}${why.replace('{group}/v2', 'TO').replace('{group}/v1', 'FROM').replace('TO', `${group}/v1`).replace('FROM', `${group}/v2`)}`
          : new RegExp(`^${title.replaceAll('.', '\\.')}${why.source}`);
      await c.post(
        `${at('v2')}?dryRun=All`,
        { ...object, apiVersion: `${group}/v2`, spec: { width: '5' } },
        {
          status: 500,
          has: { message, reason: undefined },
          unstable: true,
        },
      );
    }
    server.handle('/convert', convert);
    await c.get(`${at('v2')}/sound`, { has: { spec: { width: '5' } } });
  });
}

async function admission(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    await using conversion = await startWebhookServer();
    conversion.handle('/convert', convert);
    const { group, plural } = await define(c, { url: conversion.url('/convert'), caBundle: conversion.caBundle });
    const rules = [{ operations: ['*'], apiGroups: [group], apiVersions: ['v2'], resources: [plural], scope: '*' }];
    const add = [{ op: 'replace', path: '/spec/width', value: '8' }];
    await w.install('Mutating', [
      { id: 'widens', everything: true, answer: (call) => patch(call, add), webhook: { rules } },
    ]);
    await w.install('Validating', [
      { id: 'watches', everything: true, answer: (call) => allow(call), webhook: { rules } },
      { id: 'exact', everything: true, answer: (call) => allow(call), webhook: { rules, matchPolicy: 'Exact' } },
    ]);
    await c.post(
      `/apis/${group}/v1/namespaces/${w.ns}/${plural}`,
      { apiVersion: `${group}/v1`, kind: 'Gadget', metadata: { name: 'one' }, spec: { size: 5 } },
      { has: { spec: { size: 8 }, apiVersion: `${group}/v1` } },
    );
    const [request = {}] = w.requests('watches');
    const { apiVersion, spec } = request['object'] as Gadget;
    c.equal([apiVersion, spec], [`${group}/v2`, { width: '8' }], 'the object as the webhook wants it');
    c.equal(request['requestKind'], { group, version: 'v1', kind: 'Gadget' }, 'the kind of the request');
    c.equal(w.requests('exact'), [], 'calls for another version');
  });
}

const webhooks: Pick<Case, 'needs' | 'proves'> = {
  needs: ['loopback'],
  proves: 'CustomResourceConversionWebhook',
};

export const webhookConversionCases: readonly Case[] = [
  { id: 'admission/conversion/objects are converted between versions', run: converting, ...webhooks },
  { id: 'admission/conversion/answers are checked', run: faulty, ...webhooks },
  { id: 'admission/conversion/admission webhooks get the version they want', run: admission, ...webhooks },
];
