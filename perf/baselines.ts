import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from './results.ts';

/** Keeps the results without the samples, which fill megabytes. */
export function writeBaseline(folder: string, name: string, results: Results): string {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
    throw new Error(`${name} is no name of a baseline: a-z, 0-9, dots and dashes`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${results.date.slice(0, 10)}-${name}.json`);
  const servers = results.servers.map((server) => ({ ...server, samples: [] }));
  writeFileSync(path, `${JSON.stringify({ ...results, servers }, null, 2)}\n`);
  return path;
}

/** The newest by the date inside, among those with as many servers; undefined when there is none. */
export function newestBaseline(folder: string, servers: number): Results | undefined {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    // No folder, no baselines.
    return undefined;
  }
  return names
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Results)
    .filter((results) => results.servers.length === servers)
    .sort((a, b) => a.date.localeCompare(b.date))
    .at(-1);
}
