import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from './api-client.ts';
import { findProgram, runTurn, type Scenario, scenarios } from './k6.ts';
import { clearCreated, preload, verify } from './preload.ts';
import { treeUsage } from './processes.ts';
import { reportText, type ServerResult, shortfalls, type Thresholds, type TurnResult } from './report.ts';
import { openServer, type Server } from './servers.ts';

const usage = `node perf/run.ts [options]
  --subject S       kubefacade (default), reference, or a kubeconfig
  --against S       the same; the default is to measure the subject alone
  --pods N          preloaded pods (7500)
  --rounds N        turns of each scenario and server (3)
  --duration D      of one turn (10s)
  --clients N       (16)
  --scenarios A,B   ${scenarios.join(', ')} (all)
  --flag F          passed to kubefacade start; may be repeated
  --json FILE       results as JSON
  --check           fails when perf/thresholds.json is not met`;

// Long enough for garbage and start-up work to settle before memory is read.
const settleMs = 3000;
const warmUp = '2s';

interface Measured {
  readonly server: Server;
  readonly client: ApiClient;
  idleBytes?: number;
  loadedBytes?: number;
  peakBytes: number;
  readonly turns: Partial<Record<Scenario, TurnResult[]>>;
}

const memoryOf = ({ server }: Measured) => (server.pids.length === 0 ? undefined : treeUsage(server.pids).rssBytes);
const say = (text: string) => process.stderr.write(`${text}\n`);

function options() {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', default: 'kubefacade' },
      against: { type: 'string' },
      pods: { type: 'string', default: '7500' },
      rounds: { type: 'string', default: '3' },
      duration: { type: 'string', default: '10s' },
      clients: { type: 'string', default: '16' },
      scenarios: { type: 'string', default: scenarios.join(',') },
      flag: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const chosen = values.scenarios.split(',').map((name) => {
    const found = scenarios.find((scenario) => scenario === name);
    if (found === undefined) throw new Error(`no scenario ${name}: there are ${scenarios.join(', ')}`);
    return found;
  });
  const { subject, against, duration, flag, json, check, help } = values;
  const [pods, rounds, clients] = [Number(values.pods), Number(values.rounds), Number(values.clients)];
  return { subject, against, duration, flag, json, check, help, pods, rounds, clients, chosen };
}

type Options = ReturnType<typeof options>;

async function prepare(measured: Measured, pods: number): Promise<void> {
  await sleep(settleMs);
  const idle = memoryOf(measured);
  if (idle !== undefined) measured.idleBytes = idle;
  const begin = performance.now();
  await preload(measured.client, pods);
  say(`${measured.server.name}: ${pods} pods in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  await verify(measured.client, pods);
  await sleep(settleMs);
  const loaded = memoryOf(measured);
  if (loaded !== undefined) Object.assign(measured, { loadedBytes: loaded, peakBytes: loaded });
}

async function takeTurn(k6: string, scenario: Scenario, measured: Measured, turn: { run: string; options: Options }) {
  const { server, client } = measured;
  const { clients, duration, pods } = turn.options;
  const common = { clients, pods };
  await runTurn(k6, scenario, server.access, { ...common, duration: warmUp, run: `${turn.run}-warm` });
  const before = server.pids.length === 0 ? undefined : treeUsage(server.pids);
  const sampler = setInterval(() => {
    measured.peakBytes = Math.max(measured.peakBytes, memoryOf(measured) ?? 0);
  }, 500);
  const result = await runTurn(k6, scenario, server.access, { ...common, duration, run: turn.run });
  clearInterval(sampler);
  const cpuSeconds = before === undefined ? undefined : treeUsage(server.pids).cpuSeconds - before.cpuSeconds;
  const turns = measured.turns[scenario] ?? [];
  turns.push({ ...result, cpuSeconds });
  measured.turns[scenario] = turns;
  say(`${scenario} ${turn.run}: ${server.name} ${result.rate.toFixed(1)}/s, median ${result.med.toFixed(2)} ms`);
  if (scenario === 'create') await clearCreated(client);
}

/** A B, A B: what disturbs the machine for a while disturbs both. */
async function measure(k6: string, all: readonly Measured[], options: Options): Promise<void> {
  for (const scenario of options.chosen) {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const measured of all) await takeTurn(k6, scenario, measured, { run: String(round), options });
    }
  }
}

function resultOf({ server, idleBytes, loadedBytes, peakBytes, turns }: Measured): ServerResult {
  const peak = server.pids.length === 0 ? undefined : peakBytes;
  return { name: server.name, readyMs: server.readyMs, idleBytes, loadedBytes, peakBytes: peak, turns };
}

async function main(): Promise<number> {
  const chosen = options();
  if (chosen.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const k6 = findProgram('k6', process.env['K6']);
  if (k6 === undefined) throw new Error('k6 not found: set K6 or PATH; `go install go.k6.io/k6@v1.8.1` builds it');
  await using servers = new AsyncDisposableStack();
  const all: Measured[] = [];
  for (const what of chosen.against === undefined ? [chosen.subject] : [chosen.subject, chosen.against]) {
    const server = servers.use(await openServer(what, chosen.flag));
    const client = servers.use(new ApiClient(server.access));
    const measured: Measured = { server, client, peakBytes: 0, turns: {} };
    all.push(measured);
    say(
      `${server.name} at ${server.access.url}${server.readyMs === undefined ? '' : `, ready after ${server.readyMs.toFixed(0)} ms`}`,
    );
    await prepare(measured, chosen.pods);
  }
  await measure(k6, all, chosen);
  return conclude(chosen, all.map(resultOf));
}

function conclude(chosen: Options, results: readonly ServerResult[]): number {
  const [subject, other] = results;
  if (subject === undefined) return 1;
  process.stdout.write(`${reportText(chosen.chosen, subject, other)}\n`);
  if (chosen.json !== undefined) {
    const { pods, rounds, duration, clients } = chosen;
    const facts = {
      date: new Date().toISOString(),
      processors: availableParallelism(),
      pods,
      rounds,
      duration,
      clients,
    };
    writeFileSync(chosen.json, `${JSON.stringify({ ...facts, servers: results }, null, 2)}\n`);
  }
  if (!chosen.check) return 0;
  if (other === undefined) throw new Error('--check compares: it needs --against');
  const thresholds = JSON.parse(readFileSync(new URL('./thresholds.json', import.meta.url), 'utf8')) as Thresholds;
  const missed = shortfalls(thresholds, chosen.chosen, subject, other);
  for (const text of missed) process.stdout.write(`missed: ${text}\n`);
  if (missed.length === 0) process.stdout.write('all thresholds met\n');
  return missed.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 2;
});
