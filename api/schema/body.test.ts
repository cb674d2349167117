import { readFileSync } from 'node:fs';
import t from 'tap';
import { createProtobufReader, type ProtobufDocument } from '../protobuf/decode.ts';
import { StatusError } from '../status.ts';
import { parseYaml } from '../yaml.ts';
import { applyFieldValidation, createBodyDecoder } from './body.ts';
import { createDecoder } from './decode.ts';
import type { SchemaDocument } from './schema.ts';

const generated = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../generated/${name}.json`, import.meta.url), 'utf8')) as T;
const schema = generated<SchemaDocument>('schema');
const bodies = createBodyDecoder({
  readYaml: parseYaml,
  schema,
  decoder: createDecoder(schema),
  protobuf: createProtobufReader(generated<ProtobufDocument>('protobuf'), schema),
});

/** A request and what kube-apiserver 1.36.3 said of its body. */
interface Answer {
  readonly gvk: readonly [string, string, string];
  readonly type: string;
  readonly body?: string;
  readonly base64?: string;
  readonly fieldValidation?: string;
  readonly code?: number;
  readonly message?: string;
  readonly warnings?: readonly string[];
}

const answers = readFileSync(new URL('./body-answers.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Answer);
const utf8 = new TextEncoder();
const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };

function answerTo(answer: Answer) {
  const [group, version, kind] = answer.gvk;
  const bytes =
    answer.base64 === undefined ? utf8.encode(answer.body) : Uint8Array.from(Buffer.from(answer.base64, 'base64'));
  try {
    const decoded = bodies.decodeRequestBody(answer.type, bytes, { group, version, kind });
    return { warnings: applyFieldValidation(decoded, kind, answer.fieldValidation ?? '') };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.code, message: error.message };
  }
}

function statusOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

await t.test('bodies are accepted, warned of and refused as kube-apiserver does', async (t) => {
  t.ok(answers.length > 300, 'the recorded answers are there');
  for (const answer of answers) {
    const expected =
      answer.code === undefined
        ? { warnings: answer.warnings ?? [] }
        : { code: answer.code, message: answer.message ?? '' };
    t.strictSame(answerTo(answer), expected, `${answer.type} ${(answer.body ?? answer.base64 ?? '').slice(0, 100)}`);
  }
});

await t.test('a body gets the kind and version that it leaves out', async (t) => {
  const { object, gvk } = bodies.decodeRequestBody('', utf8.encode('{"metadata":{"name":"a"}}'), configMap);
  t.strictSame(object, { metadata: { name: 'a' }, kind: 'ConfigMap', apiVersion: 'v1' });
  t.strictSame(gvk, configMap);
});

await t.test('a body above the limit is too large', async (t) => {
  const read = () => bodies.decodeRequestBody('', utf8.encode('{"data":{"a":"1"}}'), configMap, { maxBytes: 10 });
  t.equal(statusOf(read), '413 Request entity too large: limit is 10');
});

await t.test('nesting beyond the limit is refused in both languages', async (t) => {
  const deep = '['.repeat(10_001) + ']'.repeat(10_001);
  t.match(
    statusOf(() => bodies.decodeRequestBody('application/json', utf8.encode(deep), configMap)),
    "json parse error: invalid character '[' exceeded max depth (5b5b",
  );
  t.match(
    statusOf(() => bodies.decodeRequestBody('application/yaml', utf8.encode(`a: ${deep}`), configMap)),
    'yaml: exceeded max depth of 10000 (613a20',
  );
});

await t.test('aliases that blow up are refused', async (t) => {
  const levels = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg']) {
    levels.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]`);
  }
  t.match(
    statusOf(() => bodies.decodeRequestBody('application/yaml', utf8.encode(levels.join('\n')), configMap)),
    'yaml: document contains excessive aliasing',
  );
});

await t.test('DeleteOptions are read without strictness and refused without ceremony', async (t) => {
  const read = (body: string) => bodies.decodeDeleteOptions('application/json', utf8.encode(body));
  t.match(read('{"kind":"DeleteOptions","apiVersion":"apps/v1","foo":1,"gracePeriodSeconds":0}').object, {
    gracePeriodSeconds: 0,
  });
  t.strictSame(read('{"foo":1,"foo":2}').strictErrors, []);
  t.equal(
    statusOf(() => read('{"kind":"Pod","apiVersion":"v1"}')),
    '400 no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  );
  t.equal(
    statusOf(() => read('{"gracePeriodSeconds":"x"}')),
    '400 json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
  );
  t.equal(
    statusOf(() => read('{')),
    "400 couldn't get version/kind; json parse error: unexpected end of JSON input",
  );
});

await t.test('a custom resource keeps what no schema knows, but its metadata is typed', async (t) => {
  const gvk = { group: 'example.com', version: 'v1', kind: 'Foo' };
  const body =
    '{"apiVersion":"example.com/v1","kind":"Foo","metadata":{"name":"a","labels":{},"x":1},"spec":{"a":null,"n":1.0,"a":2,"big":9007199254740993}}';
  const { object, strictErrors } = bodies.decodeCustomResource('application/json', utf8.encode(body), gvk);
  t.strictSame(object, {
    metadata: { name: 'a' },
    spec: { a: 2, n: 1, big: 9007199254740993n },
    kind: 'Foo',
    apiVersion: 'example.com/v1',
  });
  t.strictSame(strictErrors, ['duplicate field "spec.a"', 'unknown field "metadata.x"']);
});
