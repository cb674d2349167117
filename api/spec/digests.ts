// Writes digests.json from a folder of official documents (api/openapi-spec/v3 of the Kubernetes repository): one hash of the
// normal form for each document, so that the lifted ones can be proven equal without keeping the official ones.
//   node api/spec/digests.ts FOLDER
import { writeFileSync } from 'node:fs';
import { readDirectory } from './directory.ts';
import { digest } from './normal-form.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node api/spec/digests.ts FOLDER');
const rows = [...readDirectory(folder)].map(([path, document]) => [path, digest(document)] as const);
const text = JSON.stringify(Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1))), null, 2);
writeFileSync(new URL('./digests.json', import.meta.url), `${text}\n`);
