import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, type Documents, documentPathOf } from '../openapi.ts';

/** Documents from a folder of `*_openapi.json` files, named as in the official repository. */
export function readDirectory(folder: string): Documents {
  const documents: Documents = new Map();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('_openapi.json')) continue;
    documents.set(documentPathOf(name), JSON.parse(readFileSync(join(folder, name), 'utf8')) as Document);
  }
  return documents;
}
