import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './api-client.ts';
import { type Subject, settleMs } from './measure.ts';
import { unmetNeeds } from './needs.ts';
import type { Options } from './options.ts';
import { makeNamespaces } from './preload.ts';
import { Sampler } from './sampling.ts';
import { openServer } from './servers.ts';

export interface Opening {
  readonly options: Options;
  /** What is opened is closed with it. */
  readonly servers: AsyncDisposableStack;
  readonly begin: number;
  readonly say: (text: string) => void;
}

async function versionOf(client: ApiClient): Promise<string | undefined> {
  const { status, text } = await client.send('GET', '/version');
  return status === 200 ? (JSON.parse(text) as { gitVersion?: string }).gitVersion : undefined;
}

/** Opens a server and takes what it uses before it holds anything. */
export async function openSubject(what: string, { options, servers, begin, say }: Opening): Promise<Subject> {
  const server = servers.use(await openServer(what, options.flag));
  const client = servers.use(new ApiClient(server.access));
  const { name, readyMs, access } = server;
  say(`${name} at ${access.url}${readyMs === undefined ? '' : `, ready after ${readyMs.toFixed(0)} ms`}`);
  const sampler = new Sampler(server.pids, begin);
  await sleep(settleMs);
  const idleBytes = sampler.usage()?.rssBytes;
  await makeNamespaces(client);
  const [unmet, version] = [await unmetNeeds(client, options.scenarios), await versionOf(client)];
  return { name, server, client, sampler, idleBytes, unmet, version, loads: [], stored: 0 };
}
