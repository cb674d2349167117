import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { allSchemas, type DocumentIndex, fileNameOf } from '../openapi.ts';
import { catalogFrom } from './catalog.ts';
import { readGoFields } from './go-fields.ts';
import { readPropertyRows } from './properties.ts';
import { protobufMessages } from './protobuf.ts';
import { runtimeSchema } from './runtime-schema.ts';
import { toServed } from './served.ts';
import { readSource } from './source.ts';
import { typeDeclarations } from './types.ts';

const usage = `npm run generate [-- --from FOLDER|FILE|URL [--token TOKEN] [--certificate-authority FILE] [--insecure-skip-tls-verify]] [--release v1.X.Y] [--output FOLDER]

Without --from: from the installed @kubernetes/client-node. FOLDER: OpenAPI v3 documents named as in the official repository;
FILE: an official swagger.json; URL: a cluster, e.g. https://127.0.0.1:6443. --release says which release files are of.
--output names another folder than api/generated.`;

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    release: { type: 'string' },
    output: { type: 'string' },
    token: { type: 'string' },
    'certificate-authority': { type: 'string' },
    'insecure-skip-tls-verify': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

async function generate(): Promise<void> {
  const { documents: official, release } = await readSource(values);
  const rows = readPropertyRows();
  const documents = new Map([...official].map(([path, document]) => [path, toServed(document, release, rows)]));
  const schemas = allSchemas(documents);
  const declarations = typeDeclarations(schemas);
  const folder =
    values.output === undefined
      ? new URL('../generated/', import.meta.url)
      : pathToFileURL(`${resolve(values.output)}/`);
  rmSync(new URL('openapi/', folder), { recursive: true, force: true });
  mkdirSync(new URL('openapi/v3/', folder), { recursive: true });
  const index: Record<string, { file: string; hash: string }> = {};
  for (const [path, document] of documents) {
    const bytes = JSON.stringify(document);
    const file = `v3/${fileNameOf(path)}`;
    // Clients see this hash in the index, so it is that of the bytes they get.
    index[path] = { file, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
    writeFileSync(new URL(`openapi/${file}`, folder), bytes);
  }
  const write = (name: string, value: unknown) => writeFileSync(new URL(name, folder), JSON.stringify(value));
  write('openapi/index.json', { release, documents: index } satisfies DocumentIndex);
  write('schema.json', runtimeSchema(schemas, readGoFields(), release));
  write('resources.json', catalogFrom(documents, release));
  write('protobuf.json', protobufMessages());
  writeFileSync(new URL('types.gen.ts', folder), await declarations);
}

if (values.help) process.stdout.write(`${usage}\n`);
else await generate();
