import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { seededRandom } from '../api/seeded-random.ts';
import { type SpawnedServer, spawnServer } from './spawned-server.ts';

// KUBEFACADE_CRASHES=50 for a longer run.
const rounds = Number(process.env['KUBEFACADE_CRASHES'] ?? 20);
const writers = 8;
const names = 6;
const path = '/api/v1/namespaces/default/configmaps';

interface KubeConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly uid: string };
  readonly data?: { readonly n?: string };
}

/** What one writer knows of its objects. `unsure`: the last write of it was never answered. */
interface Known {
  revision: number;
  n: number;
  exists: boolean;
  unsure: boolean;
}

interface Seen {
  readonly revision: number;
  readonly text: string;
}

/** Everything that was promised or shown, over all rounds. */
interface Ledger {
  readonly objects: Map<string, Known>;
  /** Revision → what was acknowledged under it. */
  readonly acknowledged: Map<number, string>;
  readonly watched: Seen[][];
  readonly complaints: string[];
}

async function write(server: SpawnedServer, ledger: Ledger, writer: number, random: () => number): Promise<void> {
  const name = `w${writer}-${Math.floor(random() * names)}`;
  const known = ledger.objects.get(name) ?? { revision: 0, n: 0, exists: false, unsure: false };
  ledger.objects.set(name, known);
  const n = known.n + 1;
  const body = { metadata: { name, labels: { crash: 'yes' } }, data: { n: String(n) } };
  const choice = !known.exists ? 'POST' : random() < 0.2 ? 'DELETE' : random() < 0.5 ? 'PUT' : 'PATCH';
  known.unsure = true;
  const answer = await server.ask(
    choice,
    choice === 'POST' ? path : `${path}/${name}`,
    choice === 'DELETE' ? undefined : body,
  );
  if (answer.status >= 300) {
    ledger.complaints.push(`${choice} ${name}: ${answer.status} ${answer.body.slice(0, 200)}`);
    return;
  }
  known.unsure = false;
  known.exists = choice !== 'DELETE';
  if (choice === 'DELETE') return;
  known.n = n;
  known.revision = Number((JSON.parse(answer.body) as KubeConfigMap).metadata.resourceVersion);
  const before = ledger.acknowledged.get(known.revision);
  if (before !== undefined) ledger.complaints.push(`revision ${known.revision} went to ${before} and to ${name}`);
  ledger.acknowledged.set(known.revision, `${name} ${n}`);
}

/** Records what a watch shows, from the last revision it has seen on, until the connection breaks. */
async function watch(server: SpawnedServer, seen: Seen[]): Promise<void> {
  const from = seen.at(-1)?.revision ?? 1;
  const req = server.open('GET', `${path}?watch=1&resourceVersion=${from}&labelSelector=crash`);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  for await (const line of createInterface({ input: res })) {
    if (!line.endsWith('}')) return;
    const { type, object } = JSON.parse(line) as { type: string; object: KubeConfigMap };
    if (type === 'ERROR') throw new Error(line);
    const { name, resourceVersion } = object.metadata;
    seen.push({ revision: Number(resourceVersion), text: `${type} ${name} ${object.data?.n}` });
  }
}

// Broken connections are what this is about.
const ignore = (): void => undefined;

async function crashRound(data: string, ledger: Ledger, random: () => number): Promise<void> {
  const server = await spawnServer(data);
  try {
    await checkStored(server, ledger);
    const watches = ledger.watched.map((seen) => watch(server, seen).catch(ignore));
    let running = true;
    const work = Array.from({ length: writers }, async (_, writer) => {
      while (running) await write(server, ledger, writer, random).catch(() => (running = false));
    });
    await new Promise((resolve) => setTimeout(resolve, 60 + random() * 240));
    server.child.kill('SIGKILL');
    await Promise.all([...work, ...watches, server.ended]);
  } finally {
    server.child.kill('SIGKILL');
    server.agent.destroy();
    await server.ended;
  }
}

/** Every acknowledged write is there; one without an answer is there whole or not at all. */
async function checkStored(server: SpawnedServer, { objects, complaints }: Ledger): Promise<void> {
  const { body } = await server.ask('GET', `${path}?labelSelector=crash`);
  const stored = new Map(
    (JSON.parse(body) as { items: KubeConfigMap[] }).items.map((item) => [item.metadata.name, item]),
  );
  for (const [name, known] of objects) {
    const found = stored.get(name);
    stored.delete(name);
    const n = Number(found?.data?.n ?? 0);
    const revision = Number(found?.metadata.resourceVersion ?? 0);
    const isAsKnown =
      known.exists === (found !== undefined) && (!known.exists || (n === known.n && revision === known.revision));
    const isOneAhead =
      known.unsure && (found === undefined ? known.exists : n === known.n + 1 && revision > known.revision);
    if (!isAsKnown && !isOneAhead) complaints.push(`${name}: knew ${JSON.stringify(known)}, found ${n} at ${revision}`);
    Object.assign(known, { exists: found !== undefined, unsure: false });
    if (found !== undefined) Object.assign(known, { n, revision });
  }
  for (const name of stored.keys()) complaints.push(`${name} was never written`);
}

function checkWatches(t: Test, { watched, acknowledged }: Ledger): void {
  const [first = [], ...others] = watched;
  for (const seen of watched) {
    const backwards = seen.filter(({ revision }, i) => i > 0 && revision <= (seen[i - 1]?.revision ?? 0));
    t.same(backwards, [], 'each event once, in the order of revisions');
    const shown = new Map(seen.map(({ revision, text }) => [revision, text]));
    const missing = [...acknowledged].filter(([revision, what]) => !shown.get(revision)?.endsWith(` ${what}`));
    t.same(missing, [], 'every acknowledged write was shown under its revision');
  }
  for (const seen of others) t.same(seen, first, 'all watches saw the same');
}

t.test(
  `${rounds} times killed under load, it loses nothing that it promised and no watch misses or repeats anything`,
  { timeout: 60_000 + rounds * 10_000 },
  async (t) => {
    const data = await mkdtemp(join(tmpdir(), 'kubefacade-crash-'));
    t.teardown(() => rm(data, { recursive: true, force: true }));
    const random = seededRandom(20260102);
    const ledger: Ledger = { objects: new Map(), acknowledged: new Map(), watched: [[], [], []], complaints: [] };
    for (let round = 1; round <= rounds; round++) {
      await crashRound(data, ledger, random);
      t.same(ledger.complaints.splice(0), [], `round ${round}: ${ledger.acknowledged.size} writes acknowledged so far`);
    }
    const server = await spawnServer(data);
    await checkStored(server, ledger);
    t.same(ledger.complaints, [], 'in the end');
    // A last event tells that a resumed watch has caught up.
    await server.ask('POST', path, { metadata: { name: 'last', labels: { crash: 'yes' } } });
    const reading = ledger.watched.map((seen) => watch(server, seen).catch(ignore));
    while (ledger.watched.some((seen) => seen.at(-1)?.text.startsWith('ADDED last') !== true))
      await new Promise((resolve) => setTimeout(resolve, 10));
    t.match(await server.stop(), { code: 0, stderr: '' });
    await Promise.all(reading);
    checkWatches(t, ledger);
    t.comment(`${ledger.acknowledged.size} acknowledged writes, ${ledger.watched[0]?.length} events`);
  },
);
