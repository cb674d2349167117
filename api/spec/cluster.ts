import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Document, Documents } from '../openapi.ts';

export interface ClusterOptions {
  readonly token?: string | undefined;
  readonly 'certificate-authority'?: string | undefined;
  readonly 'insecure-skip-tls-verify'?: boolean | undefined;
}

interface Index {
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
}

async function fetchJson(url: URL, options: ClusterOptions): Promise<unknown> {
  const ca = options['certificate-authority'];
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const request = get(
      url,
      {
        headers: {
          accept: 'application/json',
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        },
        ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
        rejectUnauthorized: options['insecure-skip-tls-verify'] !== true,
      },
      resolve,
    );
    request.once('error', reject);
  });
  const body = await text(response);
  if (response.statusCode !== 200)
    throw new Error(`${url.href} answered ${response.statusCode}: ${body.slice(0, 300)}`);
  return JSON.parse(body);
}

/** Documents and release of a running cluster. */
export async function readCluster(
  address: string,
  options: ClusterOptions,
): Promise<{ documents: Documents; release: string }> {
  const base = address.replace(/\/(openapi\/v3\/?)?$/, '');
  const index = (await fetchJson(new URL(`${base}/openapi/v3`), options)) as Index;
  const version = (await fetchJson(new URL(`${base}/version`), options)) as { gitVersion: string };
  const documents: Documents = new Map();
  for (const [path, { serverRelativeURL }] of Object.entries(index.paths)) {
    documents.set(path, (await fetchJson(new URL(serverRelativeURL, base), options)) as Document);
  }
  return { documents, release: version.gitVersion };
}
