import { setImmediate as turn } from 'node:timers/promises';
import type { Document } from '../../api/openapi.ts';
import { addDocument, emptySwagger, type Swagger } from './openapi-v2.ts';

/** What one document of version 3 adds to version 2, as JSON texts. */
interface Parts {
  readonly paths: readonly Part[];
  readonly definitions: readonly Part[];
  readonly parameters: readonly Part[];
}

type Part = readonly [name: string, json: string];

export interface PartSource {
  /** The same as long as the document is. */
  readonly hash: string;
  read(): Promise<Uint8Array>;
}

/** Makes OpenAPI v2 of many documents, and again when one of them has changed: the others' parts are kept. */
export type SwaggerAssembler = (sources: Iterable<PartSource>) => Promise<Uint8Array>;

export function createSwaggerAssembler(version: string): SwaggerAssembler {
  let kept = new Map<string, Parts>();
  // Types of Kubernetes' own, which all documents have, are kept once.
  const shared = new Map<string, string>();

  const partsOf = (record: Readonly<Record<string, unknown>>): Part[] =>
    Object.entries(record).map(([name, value]): Part => {
      const json = JSON.stringify(value);
      if (!name.startsWith('io.k8s.')) return [name, json];
      const known = shared.get(name);
      if (known === json) return [name, known];
      if (known === undefined) shared.set(name, json);
      return [name, json];
    });
  const convert = async (source: PartSource): Promise<Parts> => {
    const swagger = emptySwagger(version);
    addDocument(swagger, JSON.parse(Buffer.from(await source.read()).toString()) as Document);
    return {
      paths: Object.entries(swagger.paths).map(([name, value]): Part => [name, JSON.stringify(value)]),
      definitions: partsOf(swagger.definitions),
      parameters: partsOf(swagger.parameters),
    };
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
    const all = [...current.values()];
    return assemble(emptySwagger(version), {
      paths: all.flatMap(({ paths }) => paths),
      definitions: all.flatMap(({ definitions }) => definitions),
      parameters: all.flatMap(({ parameters }) => parameters),
    });
  };
}

/** Sorted; of one name the first counts. */
function joined(parts: readonly Part[]): string {
  const first = new Map<string, string>();
  for (const [name, json] of parts) if (!first.has(name)) first.set(name, json);
  const names = [...first.keys()].sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${first.get(name)}`).join(',')}}`;
}

function assemble(frame: Swagger, parts: Parts): Uint8Array {
  const members = Object.entries(frame).map(([key, value]) => {
    const text =
      key === 'paths' || key === 'definitions' || key === 'parameters' ? joined(parts[key]) : JSON.stringify(value);
    return `${JSON.stringify(key)}:${text}`;
  });
  return Buffer.from(`{${members.join(',')}}`);
}
