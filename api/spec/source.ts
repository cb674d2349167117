import { readFileSync, statSync } from 'node:fs';
import { readDirectory } from './directory.ts';
import { liftDocuments } from './lift.ts';
import type { Documents } from './openapi.ts';

export interface SourceOptions {
  readonly from?: string | undefined;
  readonly token?: string | undefined;
  readonly 'certificate-authority'?: string | undefined;
  readonly 'insecure-skip-tls-verify'?: boolean | undefined;
}

export interface Source {
  readonly documents: Documents;
  readonly release: string;
}

/** The release that the pinned client-node and the overlays describe. */
const ownRelease = 'v1.36.3';

/** Documents from where `--from` says; the installed client without it. */
export async function readSource(options: SourceOptions): Promise<Source> {
  const { from } = options;
  if (from === undefined) return { documents: await liftDocuments(), release: ownRelease };
  if (/^https?:/.test(from)) throw new Error('not yet');
  if (statSync(from).isDirectory()) return { documents: readDirectory(from), release: ownRelease };
  readFileSync(from);
  throw new Error('not yet');
}
