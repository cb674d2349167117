import { readFileSync, statSync } from 'node:fs';
import type { Documents } from '../openapi.ts';
import { type ClusterOptions, readCluster } from './cluster.ts';
import { readDirectory } from './directory.ts';
import { liftDocuments } from './lift.ts';
import { documentsFromSwagger, type Swagger } from './swagger.ts';

export interface SourceOptions extends ClusterOptions {
  readonly from?: string | undefined;
  readonly release?: string | undefined;
}

export interface Source {
  readonly documents: Documents;
  /** `v1.36.3` */
  readonly release: string;
}

/** The release that the pinned client-node and the overlays describe. */
const ownRelease = 'v1.36.3';

/** Documents from where `--from` says; the installed client without it. */
export async function readSource({ from, ...options }: SourceOptions): Promise<Source> {
  const release = options.release ?? ownRelease;
  if (from === undefined) return { documents: await liftDocuments(), release };
  if (/^https:/.test(from)) return readCluster(from, options);
  if (statSync(from).isDirectory()) return { documents: readDirectory(from), release };
  return { documents: documentsFromSwagger(JSON.parse(readFileSync(from, 'utf8')) as Swagger), release };
}
