import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Document, Schema } from '../../api/openapi.ts';
import { type ByteSink, createByteSink } from './byte-sink.ts';
import { addDocument, emptySwagger, type Swagger, type SwaggerParameter, type SwaggerPathItem } from './openapi-v2.ts';
import { swaggerFrame, swaggerMembers } from './openapi-v2-protobuf.ts';
import { type Packed, pack, packNow, unpackNow } from './packed.ts';
import { messageHead } from './protobuf-writer.ts';

const sections = ['paths', 'definitions', 'parameters'] as const;
type Section = (typeof sections)[number];

/** Where the JSON of one member lies in the bytes of its document; a name alone is one of the types that all share. */
type Part =
  | readonly [section: Section, name: string, start: number, end: number]
  | readonly [section: Section, name: string];

/** What one document of version 3 adds to version 2. */
interface Parts {
  readonly index: readonly Part[];
  readonly bytes: Packed;
}

export interface PartSource {
  /** The same as long as the document is. */
  readonly hash: string;
  read(): Promise<Uint8Array>;
}

export interface AssembledSwagger {
  readonly json: Packed;
  /** Upper-case hex SHA-512 of the JSON. */
  readonly hash: string;
  protobuf(): Promise<Packed>;
}

/** Makes OpenAPI v2 of many documents, and again when one of them has changed: the others' parts are kept. */
export type SwaggerAssembler = (sources: Iterable<PartSource>) => Promise<AssembledSwagger>;

type Members = Readonly<Record<Section, ReadonlyMap<string, Uint8Array | string>>>;

/** How many members are encoded until others get their turn. */
const membersATurn = 200;

export function createSwaggerAssembler(version: string): SwaggerAssembler {
  let kept = new Map<string, Parts>();
  // Types of Kubernetes' own, which all documents have, are kept once.
  const shared = new Map<string, string>();

  const convert = async (source: PartSource): Promise<Parts> => {
    const swagger = emptySwagger(version);
    addDocument(swagger, JSON.parse(Buffer.from(await source.read()).toString()) as Document);
    const index: Part[] = [];
    const sink = createByteSink();
    for (const section of sections) {
      for (const [name, value] of Object.entries(swagger[section])) {
        const json = JSON.stringify(value);
        if (section === 'definitions' && name.startsWith('io.k8s.')) {
          const known = shared.get(name);
          if (known === undefined) shared.set(name, json);
          if (known === undefined || known === json) {
            index.push([section, name]);
            continue;
          }
        }
        const start = sink.length;
        sink.write(json);
        index.push([section, name, start, sink.length]);
      }
    }
    return { index, bytes: packNow(sink.bytes()) };
  };
  return async (sources) => {
    const current = new Map<string, Parts>();
    for (const source of sources) {
      let parts = kept.get(source.hash);
      if (parts === undefined) {
        parts = await convert(source);
        // Thousands of documents take seconds: others get their turn.
        await turn();
      }
      current.set(source.hash, parts);
    }
    kept = current;
    const json = jsonOf(emptySwagger(version), membersOf(current.values(), shared));
    return {
      json: await pack(json),
      hash: createHash('sha512').update(json).digest('hex').toUpperCase(),
      protobuf: async () => pack(await protobufOf(emptySwagger(version), membersOf(current.values(), shared))),
    };
  };
}

/** Sorted; of one name the first counts. */
function membersOf(all: Iterable<Parts>, shared: ReadonlyMap<string, string>): Members {
  const found = { paths: new Map(), definitions: new Map(), parameters: new Map() } as Record<
    Section,
    Map<string, Uint8Array | string>
  >;
  for (const { index, bytes } of all) {
    const unpacked = unpackNow(bytes);
    for (const [section, name, start, end] of index) {
      if (found[section].has(name)) continue;
      const member = start === undefined ? shared.get(name) : unpacked.subarray(start, end);
      if (member !== undefined) found[section].set(name, member);
    }
  }
  const sorted = (members: ReadonlyMap<string, Uint8Array | string>) =>
    new Map([...members].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    paths: sorted(found.paths),
    definitions: sorted(found.definitions),
    parameters: sorted(found.parameters),
  };
}

function jsonOf(frame: Swagger, members: Members): Buffer {
  const sink = createByteSink();
  for (const [i, [key, value]] of Object.entries(frame).entries()) {
    sink.write(`${i === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    const section = sections.find((each) => each === key);
    if (section === undefined) sink.write(JSON.stringify(value));
    else writeRecord(sink, members[section]);
  }
  sink.write('}');
  return sink.bytes();
}

function writeRecord(sink: ByteSink, members: ReadonlyMap<string, Uint8Array | string>): void {
  let separator = '';
  sink.write('{');
  for (const [name, json] of members) {
    sink.write(`${separator}${JSON.stringify(name)}:`);
    sink.write(json);
    separator = ',';
  }
  sink.write('}');
}

/** One member is an object at a time: all at once would be many times their bytes. */
async function protobufOf(frame: Swagger, members: Members): Promise<Uint8Array> {
  const { before, after } = swaggerFrame(frame);
  const whole = createByteSink();
  whole.write(before, 'latin1');
  let count = 0;
  for (const section of sections) {
    const { field, encode } = swaggerMembers[section];
    const own = createByteSink();
    for (const [name, json] of members[section]) {
      const text = typeof json === 'string' ? json : Buffer.from(json.buffer, json.byteOffset, json.length).toString();
      own.write(encode(name, JSON.parse(text) as SwaggerPathItem & Schema & SwaggerParameter), 'latin1');
      if (++count % membersATurn === 0) await turn();
    }
    whole.write(messageHead(field, own.length), 'latin1');
    whole.write(own.bytes());
  }
  whole.write(after, 'latin1');
  return whole.bytes();
}
