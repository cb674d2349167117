import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseJsonForDecoding } from '../json.ts';
import { normalizeBase64 } from './base64.ts';
import { createDecoder } from './decode.ts';
import { normalizeMicroTime, normalizeTime } from './go-time.ts';
import { createNullFiller } from './null-filler.ts';
import type { SchemaDocument } from './schema.ts';

const schema = JSON.parse(readFileSync(new URL('../generated/schema.json', import.meta.url), 'utf8')) as SchemaDocument;
const decoder = createDecoder(schema);
const fillNulls = createNullFiller(schema);

function decode(typeName: string, text: string) {
  const { value, repeated } = parseJsonForDecoding(text);
  return decoder.decode(`io.k8s.api.${typeName}`, value, repeated);
}

const container = (fields: string) => `{"spec":{"containers":[{${fields}}]}}`;
function decodedContainer(fields: string): unknown {
  const { object } = decode('core.v1.Pod', container(fields));
  return (object['spec'] as { containers: unknown[] }).containers[0];
}

await t.test('fields that Go always writes appear, empty optional ones go', async (t) => {
  t.strictSame(decode('core.v1.Pod', '{}').object, { metadata: {}, spec: {}, status: {} });
  t.strictSame(decodedContainer('"image":"","command":[],"env":null'), { name: '', resources: {} });
  t.strictSame(decode('core.v1.ConfigMap', '{"metadata":{"labels":{},"annotations":null},"data":{}}').object, {
    metadata: {},
  });
});

await t.test('a pointer keeps the zero it was given', async (t) => {
  const { object } = decode('apps.v1.Deployment', '{"spec":{"replicas":0,"paused":false,"minReadySeconds":0}}');
  t.equal((object['spec'] as { replicas?: number }).replicas, 0);
  t.notOk('paused' in (object['spec'] as object));
  t.strictSame(decodedContainer('"name":"a","securityContext":{},"livenessProbe":null'), {
    name: 'a',
    securityContext: {},
    resources: {},
  });
});

await t.test('null elements become zero values', async (t) => {
  t.strictSame(decode('core.v1.Secret', '{"data":{"a":null}}').object, { metadata: {}, data: { a: '' } });
  t.strictSame(decodedContainer('"command":[null,"x"]'), { name: '', command: ['', 'x'], resources: {} });
  t.strictSame(decode('core.v1.Pod', '{"spec":{"containers":[null]}}').object['spec'], {
    containers: [{ name: '', resources: {} }],
  });
});

await t.test('quantities become canonical, numbers among them', async (t) => {
  const limits = '"cpu":0.5,"memory":"1024Mi","a":1,"b":1e3,"c":"0.5","d":null,"e":1.0';
  t.strictSame(decodedContainer(`"name":"a","resources":{"limits":{${limits}}}`), {
    name: 'a',
    resources: { limits: { cpu: '500m', memory: '1Gi', a: '1', b: '1e3', c: '500m', d: '0', e: '1' } },
  });
});

await t.test('integers stay exact to 64 bits', async (t) => {
  const seconds = (n: string) =>
    (
      decode('core.v1.Pod', `{"spec":{"terminationGracePeriodSeconds":${n}}}`).object['spec'] as Record<string, unknown>
    )['terminationGracePeriodSeconds'];
  t.equal(seconds('9007199254740991'), 9007199254740991);
  t.equal(seconds('9223372036854775807'), 9223372036854775807n);
  t.throws(() => seconds('9223372036854775808'), { name: 'DecodeError' });
});

await t.test('strict errors come in the order of the document, once each, with indices', async (t) => {
  const { unknown, object } = decode(
    'core.v1.Pod',
    '{"x":1,"metadata":{"name":"a","name":"b"},"spec":{"containers":[{"name":"a"},{"y":{"y":1,"y":2}}],"z":1},"x":2}',
  );
  t.strictSame(unknown, [
    'unknown field "x"',
    'duplicate field "metadata.name"',
    'unknown field "spec.containers[1].y"',
    'unknown field "spec.z"',
  ]);
  t.equal((object['metadata'] as { name: string }).name, 'b');
  t.notOk('x' in object);
});

await t.test('a struct given twice is merged, as Go does', async (t) => {
  const { object } = decode('core.v1.ConfigMap', '{"metadata":{"name":"a"},"metadata":{"labels":{"b":"c"}}}');
  t.strictSame(object['metadata'], { name: 'a', labels: { b: 'c' } });
});

await t.test('a value that its type refuses wins over a wrong type before it', async (t) => {
  t.throws(() => decode('core.v1.Pod', '{"metadata":{"name":1,"creationTimestamp":"x"}}'), {
    message: 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  });
});

await t.test('keys named like the prototype are data', async (t) => {
  const { object } = decode('core.v1.ConfigMap', '{"data":{"__proto__":"1","constructor":"2"},"__proto__":{"a":1}}');
  t.strictSame(Object.entries(object['data'] as object), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
  t.equal(Object.getPrototypeOf(object), Object.prototype);
});

await t.test('nulls that Go prints are filled in before encoding only', async (t) => {
  const { object } = decode('rbac.v1.Role', '{"rules":null}');
  t.strictSame(object, { metadata: {} });
  fillNulls('io.k8s.api.rbac.v1.Role', object);
  t.strictSame(object, { metadata: {}, rules: null });
  const slice = decode('discovery.v1.EndpointSlice', '{"endpoints":[{"addresses":["1.2.3.4"]}],"addressType":"IPv4"}');
  fillNulls('io.k8s.api.discovery.v1.EndpointSlice', slice.object);
  t.strictSame(slice.object['ports'], null);
  t.strictSame(slice.object['endpoints'], [{ addresses: ['1.2.3.4'], conditions: {} }]);
});

await t.test('schemas of custom resources keep their unions and lose what nobody knows', async (t) => {
  const { value, repeated } = parseJsonForDecoding(
    '{"additionalProperties":{"type":"string","x":1},"items":[{"type":"a"}],"additionalItems":false,"default":null,"enum":[null,1.5],"y":1,"dependencies":{"a":1,"b":["c"]},"not":{"items":"x"}}',
  );
  const name = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
  const { object, unknown } = decoder.decode(name, value, repeated);
  t.strictSame(object, {
    additionalProperties: { type: 'string' },
    items: [{ type: 'a' }],
    additionalItems: false,
    enum: [null, 1.5],
    dependencies: { a: [], b: ['c'] },
    not: {},
  });
  t.strictSame(unknown, ['unknown field "y"']);
});

await t.test('times are UTC with whole seconds, micro times with six digits', async (t) => {
  t.equal(normalizeTime('2020-01-01T00:00:00Z'), '2020-01-01T00:00:00Z');
  t.equal(normalizeTime('2020-01-01T00:30:00.999+01:00'), '2019-12-31T23:30:00Z');
  t.equal(normalizeTime('2024-02-29T1:00:00Z'), '2024-02-29T01:00:00Z');
  t.equal(normalizeTime('0001-01-01T00:00:00Z'), '');
  t.equal(normalizeTime('0050-06-01T00:00:00Z'), '0050-06-01T00:00:00Z');
  t.equal(normalizeMicroTime('2020-01-01T00:00:00.123456-02:00'), '2020-01-01T02:00:00.123456Z');
  t.throws(() => normalizeTime('2023-02-29T00:00:00Z'), {
    message: 'parsing time "2023-02-29T00:00:00Z": day out of range',
  });
});

await t.test('base64 loses line breaks and spare bits', async (t) => {
  t.equal(normalizeBase64('YW\r\nJj'), 'YWJj');
  t.equal(normalizeBase64('YR=='), 'YQ==');
  t.equal(normalizeBase64('YWJ='), 'YWI=');
  t.equal(normalizeBase64(''), '');
  t.throws(() => normalizeBase64('YQ'), { message: 'illegal base64 data at input byte 0' });
  const long = 'YWJj'.repeat(50_000);
  t.equal(normalizeBase64(long), long);
});
