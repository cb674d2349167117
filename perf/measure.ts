import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { definitionOf, type Need, type Scenario } from './catalog.ts';
import { clearCreated, makeStock, preload, verify } from './preload.ts';
import type { Load, ServerResult, TurnResult } from './results.ts';
import type { Sampler } from './sampling.ts';
import type { Server } from './servers.ts';
import { runTurn } from './turn.ts';

/** Long enough for garbage and start-up work to settle before memory is read. */
export const settleMs = 3000;
const warmUp = '2s';
// Half a second for a fast server, seconds for a slow one.
const stockOfTurn = 3000;
const stockOfWarmUp = 200;

type MutableLoad = { -readonly [K in keyof Load]: Load[K] } & {
  readonly turns: Partial<Record<Scenario, TurnResult[]>>;
};

/** A server under measurement, and what was measured so far. */
export interface Subject {
  readonly name: string;
  readonly server: Server;
  readonly client: ApiClient;
  readonly sampler: Sampler;
  readonly idleBytes: number | undefined;
  readonly unmet: ReadonlySet<Need>;
  readonly version: string | undefined;
  readonly loads: MutableLoad[];
  /** Pods in the namespace `perf`. */
  stored: number;
}

export interface Plan {
  readonly k6: string;
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly duration: string;
  readonly clients: number;
  readonly loads: readonly number[];
  readonly say: (text: string) => void;
}

/** New for every turn, also against a server that remembers former runs: a patch that changes nothing would be no write. */
const runId = () => `t${Date.now().toString(36)}`;

async function fill(subject: Subject, pods: number, { say }: Plan): Promise<MutableLoad> {
  const begin = performance.now();
  const sampling = subject.sampler.during('preload');
  await preload(subject.client, subject.stored, pods);
  say(`${subject.name}: ${pods - subject.stored} pods in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  subject.stored = pods;
  await verify(subject.client, pods);
  await sleep(settleMs);
  sampling.end();
  const load: MutableLoad = { pods, turns: {} };
  const loadedBytes = subject.sampler.usage()?.rssBytes;
  if (loadedBytes !== undefined) Object.assign(load, { loadedBytes, peakBytes: loadedBytes });
  subject.loads.push(load);
  return load;
}

async function takeTurn(scenario: Scenario, round: number, subject: Subject, plan: Plan): Promise<void> {
  const { server, client, sampler } = subject;
  const load = subject.loads.at(-1);
  if (load === undefined) throw new Error('a turn needs a load');
  const { k6, clients, duration, say } = plan;
  const definition = definitionOf(scenario);
  const { pods } = load;
  const run = runId();
  const stock = stockOfTurn;
  if (definition.stock === true) {
    await makeStock(client, `${run}w`, stockOfWarmUp);
    await makeStock(client, run, stock);
  }
  const warm = { clients, pods, duration: warmUp, run: `${run}w`, stock: stockOfWarmUp };
  await runTurn(k6, scenario, server.access, warm);
  const before = sampler.usage();
  const sampling = sampler.during(`${scenario} ${round}`);
  const onStart = (pid: number) => sampling.clients(pid);
  const result = await runTurn(k6, scenario, server.access, { clients, pods, duration, run, stock, onStart }).finally(
    () => {
      if (before !== undefined) load.peakBytes = Math.max(load.peakBytes ?? 0, sampling.end());
      else sampling.end();
    },
  );
  const after = sampler.usage();
  const cpuSeconds =
    before === undefined || after === undefined ? {} : { cpuSeconds: after.cpuSeconds - before.cpuSeconds };
  load.turns[scenario] = [...(load.turns[scenario] ?? []), { ...result, ...cpuSeconds }];
  const times = `median ${result.med.toFixed(2)} ms, p99 ${result['p(99)'].toFixed(1)} ms`;
  const failed = result.failed === 0 ? '' : `, ${(result.failed * 100).toFixed(2)} % failed`;
  say(`${scenario} ${round}: ${subject.name} ${result.rate.toFixed(1)}/s, ${times}${failed}`);
  if (definition.creates === true || definition.stock === true) await clearCreated(client);
}

/** A B, A B: what disturbs the machine for a while disturbs both. */
export async function measureAll(subjects: readonly Subject[], plan: Plan): Promise<ServerResult[]> {
  for (const pods of plan.loads) {
    for (const subject of subjects) await fill(subject, pods, plan);
    for (const scenario of plan.scenarios) {
      for (let round = 1; round <= plan.rounds; round += 1) {
        for (const subject of subjects) await takeTurn(scenario, round, subject, plan);
      }
    }
    await sleep(settleMs);
    for (const { sampler, loads } of subjects) {
      const [usage, load] = [sampler.usage(), loads.at(-1)];
      if (usage !== undefined && load !== undefined) load.settledBytes = usage.rssBytes;
    }
  }
  return subjects.map(({ name, server, idleBytes, version, loads, sampler }) => ({
    name,
    ...(version === undefined ? {} : { version }),
    ...(server.readyMs === undefined ? {} : { readyMs: server.readyMs }),
    ...(idleBytes === undefined ? {} : { idleBytes }),
    loads,
    samples: sampler.samples,
  }));
}
