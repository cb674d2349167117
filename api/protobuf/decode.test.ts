import { readFileSync } from 'node:fs';
import t from 'tap';
import { createDecoder } from '../schema/decode.ts';
import { createNullFiller } from '../schema/null-filler.ts';
import type { SchemaDocument } from '../schema/schema.ts';
import { createProtobufReader, type ProtobufDocument } from './decode.ts';

const generated = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../generated/${name}.json`, import.meta.url), 'utf8')) as T;
const schema = generated<SchemaDocument>('schema');
const reader = createProtobufReader(generated<ProtobufDocument>('protobuf'), schema);
const decoder = createDecoder(schema);
const fillNulls = createNullFiller(schema);

/** One random object as upstream's library encodes it: as protobuf and as JSON. */
interface Encoded {
  readonly gvk: string;
  readonly pb: string;
  readonly json: Record<string, unknown>;
}

const objects = readFileSync(new URL('./objects.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Encoded);

const typeNames = new Map(
  Object.entries(schema.types).flatMap(([name, type]) =>
    (type.gvk ?? []).map(([group, version, kind]) => [`${group === '' ? '' : `${group}/`}${version} ${kind}`, name]),
  ),
);
const fromBase64 = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

await t.test('protobuf and JSON of one object decode to the same, and to what upstream prints', async (t) => {
  t.ok(objects.length > 20, 'the recorded objects are there');
  for (const { gvk, pb, json } of objects) {
    const typeName = typeNames.get(gvk) ?? '';
    const envelope = reader.readEnvelope(fromBase64(pb));
    t.equal(`${envelope.apiVersion} ${envelope.kind}`, gvk);
    const { object, unknown } = decoder.decode(typeName, reader.readMessage(typeName, envelope.raw));
    t.strictSame(unknown, [], `${gvk}: every field has its place`);
    Object.assign(object, { apiVersion: envelope.apiVersion, kind: envelope.kind });
    const fromJson = decoder.decode(typeName, structuredClone(json)).object;
    t.strictSame(object, fromJson, `${gvk}: the same from both`);
    fillNulls(typeName, object);
    t.strictSame(object, json, `${gvk}: as upstream prints it`);
  }
});

await t.test('any truncation is refused and none is taken for something else', async (t) => {
  const [pod] = objects;
  const { raw } = reader.readEnvelope(fromBase64(pod?.pb ?? ''));
  let refused = 0;
  const step = Math.max(1, Math.floor(raw.length / 500));
  for (let length = raw.length - 1; length > 0; length -= step) {
    try {
      reader.readMessage('io.k8s.api.core.v1.Pod', raw.subarray(0, length));
    } catch (error) {
      t.equal((error as Error).name, 'DecodeError');
      refused += 1;
    }
  }
  // Only the boundaries between the three top-level fields make shorter messages.
  t.ok(refused >= Math.floor((raw.length - 1) / step) - 3);
});

await t.test('packed and unpacked lists are the same', async (t) => {
  const name = 'io.k8s.api.core.v1.PodSecurityContext';
  const unpacked = reader.readMessage(name, Uint8Array.of(0x20, 1, 0x20, 2));
  const packed = reader.readMessage(name, Uint8Array.of(0x22, 2, 1, 2));
  t.strictSame(unpacked, { supplementalGroups: [1, 2] });
  t.strictSame(packed, unpacked);
});

await t.test('a type without protobuf form is undefined', async (t) => {
  t.equal(reader.readMessage('io.k8s.example.Foo', new Uint8Array()), undefined);
});
