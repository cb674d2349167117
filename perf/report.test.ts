import t from 'tap';
import { type Scenario, scenarios } from './catalog.ts';
import { resultsPage } from './page.ts';
import { regressions, shortfalls, type Thresholds } from './promises.ts';
import { reportText } from './report.ts';
import {
  type Load,
  median,
  type Results,
  type ServerResult,
  summaryOf,
  type TurnResult,
  timesBetter,
} from './results.ts';

const mebi = 2 ** 20;
const turn = (rate: number, fields: Partial<TurnResult> = {}): TurnResult => ({
  requests: 100,
  rate,
  failed: 0,
  med: 1,
  'p(95)': 2,
  'p(99)': 3,
  max: 4,
  cpuSeconds: 0.1,
  ...fields,
});
const load = (turns: Load['turns'], fields: Partial<Load> = {}): Load => ({
  pods: 1000,
  loadedBytes: 200 * mebi,
  peakBytes: 300 * mebi,
  settledBytes: 250 * mebi,
  turns,
  ...fields,
});
const server = (name: string, loads: readonly Load[], fields: Partial<ServerResult> = {}): ServerResult => ({
  name,
  readyMs: 500,
  idleBytes: 100 * mebi,
  loads,
  samples: [],
  ...fields,
});
const gets = (...rates: readonly number[]) => load({ get: rates.map((rate) => turn(rate)) });
const results = (servers: readonly ServerResult[], names: readonly Scenario[] = ['get']): Results => ({
  date: '2026-01-02T03:04:05.000Z',
  machine: { processors: 2 },
  versions: { k6: 'v1' },
  rounds: 3,
  duration: '10s',
  clients: 16,
  scenarios: names,
  skipped: [{ scenario: 'scale-up', why: 'theirs lacks <nodes>' }],
  servers,
});
const thresholds: Thresholds = {
  rates: { default: 3, get: 5 },
  p99Ms: { 'watch-100': 100 },
  idleMemory: 0.5,
  loadedMemory: 0.5,
  readyMs: 600,
  regression: 0.25,
};

await t.test('the median of an even number of values lies between the middle two', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([]), 0);
});

await t.test('a summary holds medians, the spread of the rates and the worst share of failures', async (t) => {
  const summary = summaryOf([turn(400, { failed: 0.5 }), turn(500), turn(600, { med: 9 })]);
  t.match(summary, {
    rate: 500,
    lowestRate: 400,
    highestRate: 600,
    spread: 0.2,
    med: 1,
    failed: 0.5,
    cpuMsPerRequest: 1,
  });
  t.equal(summaryOf([]), undefined);
  t.notOk('cpuMsPerRequest' in (summaryOf([turn(1, { requests: 0 })]) ?? {}), 'no requests, no cost of one');
});

await t.test('rates compare upwards and latencies downwards', async (t) => {
  const [ours, theirs] = [summaryOf([turn(300, { med: 2 })]), summaryOf([turn(100, { med: 8 })])];
  t.equal(timesBetter('rate', ours, theirs), 3);
  t.equal(timesBetter('latency', ours, theirs), 4);
  t.equal(timesBetter('p99', ours, summaryOf([turn(1, { 'p(99)': 6 })])), 2);
  t.equal(timesBetter('rate', ours, undefined), undefined);
  t.equal(timesBetter('latency', summaryOf([turn(1, { med: 0 })]), theirs), undefined);
});

await t.test('a report names both servers, their medians, the ratio and what was skipped', async (t) => {
  const text = reportText(results([server('ours', [gets(500, 600, 400)]), server('theirs', [gets(100, 90, 110)])]));
  t.match(text, /get\s+ours\s+500\.0\s+±20 %\s+1\.00\s+3\.0\s+1\.00\s+0\.0 %/);
  t.match(text, /get\s+5\.00 times the rate/);
  t.match(text, /1000\s+ours\s+500\s+100 MiB\s+200 MiB\s+300 MiB\s+250 MiB/);
  t.match(text, 'skipped scale-up: theirs lacks <nodes>');
});

await t.test('what is met is not told, what is missed is', async (t) => {
  const big = load({ get: [turn(100)] }, { loadedBytes: 1024 * mebi });
  const theirs = server('theirs', [big], { idleBytes: 1024 * mebi });
  t.strictSame(shortfalls(thresholds, ['get'], server('ours', [gets(500)]), theirs), []);
  const slow = server('ours', [load({ get: [turn(400, { failed: 0.01 })] }, { loadedBytes: 1024 * mebi })], {
    readyMs: 700,
  });
  t.strictSame(shortfalls(thresholds, ['get'], slow, theirs), [
    'get: 4.00 times the rate, wanted 5',
    'get: 1.00 % failed',
    'loaded: 1.00 of the memory, wanted at most 0.5',
    'ready after 700 ms, wanted 600',
  ]);
});

await t.test(
  'the default promise holds for every rate, and late events are told whatever the other does',
  async (t) => {
    const turns = (rate: number, p99: number) => ({ delete: [turn(rate)], 'watch-100': [turn(1, { 'p(99)': p99 })] });
    const names: Scenario[] = ['delete', 'watch-100'];
    const remote = server('theirs', [load(turns(100, 900))], { idleBytes: 1024 * mebi });
    const found = shortfalls(thresholds, names, server('ours', [load(turns(299, 101), { loadedBytes: 1 })]), remote);
    t.strictSame(found, ['delete: 2.99 times the rate, wanted 3', 'watch-100: 99 of 100 within 101.0 ms, wanted 100']);
    const unmeasured = shortfalls(thresholds, ['mixed'], server('ours', [load({}, { loadedBytes: 1 })]), remote);
    t.strictSame(unmeasured, ['mixed: not measured']);
  },
);

await t.test('a server that is not ours has no memory to compare', async (t) => {
  const remote: ServerResult = { name: 'remote', loads: [{ pods: 1000, turns: { get: [turn(100)] } }], samples: [] };
  t.strictSame(shortfalls(thresholds, ['get'], server('ours', [gets(500)]), remote), []);
  t.match(reportText(results([remote])), /remote\s+-\s+-\s+-/);
});

await t.test('a regression is told against a second server in relation to it, and else as it is', async (t) => {
  const pair = (ours: number, theirs: number) =>
    results([server('ours', [gets(ours)]), server('theirs', [gets(theirs)])]);
  t.strictSame(regressions(pair(250, 50), pair(500, 100), 0.25), [], 'a machine half as fast is no regression');
  t.strictSame(regressions(pair(500, 150), pair(500, 100), 0.25), [
    'get with 1000 pods: 33 % worse than on 2026-01-02',
  ]);
  const alone = (rate: number, loadedBytes: number) =>
    results([server('ours', [load({ get: [turn(rate)] }, { loadedBytes })])]);
  t.strictSame(regressions(alone(100, 150), alone(100, 100), 0.25), [
    'memory with 1000 pods: 33 % worse than on 2026-01-02',
  ]);
  t.throws(() => regressions(alone(1, 1), pair(1, 1), 0.25), /another number of servers/);
  const other = results([server('ours', [load({ get: [turn(1)] }, { pods: 7, loadedBytes: 1 })])]);
  t.strictSame(regressions(other, alone(100, 1), 0.25), [], 'other loads are not compared');
});

await t.test('the page holds every scenario, escapes names and needs nothing from elsewhere', async (t) => {
  const turns = Object.fromEntries(scenarios.map((scenario) => [scenario, [turn(10), turn(20)]]));
  const samples = [0, 250].map((atMs) => ({
    ...{ atMs, doing: 'get', rssBytes: 5 * mebi, processors: 1 },
    ...{ clientRssBytes: mebi, clientProcessors: 0.5 },
  }));
  const loads = [load(turns), load(turns, { pods: 10_000 })];
  const both = [server('<ours>', loads, { samples }), server('theirs', loads, { samples })];
  const page = resultsPage(results(both, scenarios), ['missed: a & b']);
  for (const scenario of scenarios) t.match(page, `<h3>${scenario}`);
  t.match(page, '&lt;ours&gt;');
  t.match(page, 'missed: a &amp; b');
  t.match(page, 'theirs lacks &lt;nodes&gt;');
  t.match(page, 'Growth with stored objects');
  t.notMatch(page, /<ours>|<script|src=|href=|url\(|NaN|Infinity|undefined/);
  const opened = page.match(/<svg/g)?.length;
  t.equal(opened, scenarios.length * 2 + 4, 'bars and growth of each, and four of the samples');
});
