import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { newestBaseline, writeBaseline } from './baselines.ts';
import { chosenScenarios, definitionOf, type Need, scenarios } from './catalog.ts';
import { fanOutTurn, quantile } from './fan-out.ts';
import { skippedScenarios } from './needs.ts';
import { parseCount, parseOptions } from './options.ts';
import { barPlot, linePlot, shortNumber } from './plots.ts';
import { k6Version, locateK6, versionIn } from './programs.ts';
import type { Results } from './results.ts';

await t.test('every scenario has its script and every script its scenario', async (t) => {
  const k6 = scenarios.filter((scenario) => definitionOf(scenario).tool !== 'node');
  const wanted = new Set(k6.map((scenario) => definitionOf(scenario).script ?? `${scenario}.js`));
  const found = readdirSync(new URL('./scenarios', import.meta.url)).filter((name) => name.endsWith('.js'));
  t.strictSame([...wanted].sort(), found.sort());
});

await t.test('thresholds name only scenarios that there are', async (t) => {
  const { rates, p99Ms } = JSON.parse(readFileSync(new URL('./thresholds.json', import.meta.url), 'utf8'));
  for (const name of [...Object.keys(rates), ...Object.keys(p99Ms)]) {
    t.ok(name === 'default' || scenarios.some((scenario) => scenario === name), name);
  }
});

await t.test('scenarios are chosen by name, in the order of the catalog', async (t) => {
  t.strictSame(chosenScenarios('get,create'), ['create', 'get']);
  t.strictSame(chosenScenarios('all'), scenarios);
  t.throws(() => chosenScenarios('get,nothing'), /no scenario nothing: there are create/);
});

await t.test('loads ascend, k means thousands, and mistakes are told', async (t) => {
  t.strictSame(parseOptions(['--scale', '10k,500,1k,1k']).loads, [500, 1000, 10_000]);
  t.strictSame(parseOptions([]).loads, [7500]);
  t.strictSame(parseOptions(['--scenarios', 'core']).scenarios.length, 6);
  t.throws(() => parseCount('many'), /many is no number of pods/);
  t.throws(() => parseOptions(['--rounds', '0']), /--rounds=0/);
  t.throws(() => parseOptions(['--duration', '10']), /seconds are wanted/);
  t.throws(() => parseOptions(['--check']), /needs --against/);
});

await t.test('a scenario is skipped when one server lacks what it needs, and says which', async (t) => {
  const servers = [
    { name: 'ours', unmet: new Set<Need>() },
    { name: 'theirs', unmet: new Set<Need>(['controllers', 'nodes']) },
  ];
  t.strictSame(skippedScenarios(['get', 'pod-churn', 'crd-churn'], servers), [
    { scenario: 'pod-churn', why: 'theirs lacks controllers, nodes' },
  ]);
});

await t.test('latencies of a fan-out count every watcher, and what was not seen has failed', async (t) => {
  const writes = [
    { acknowledged: 100, seen: [90, 104] },
    { acknowledged: undefined, seen: [1, 1] },
    { acknowledged: 200, seen: [202] },
  ];
  t.strictSame(fanOutTurn(writes, 2, 1.5), {
    ...{ requests: 3, rate: 2, failed: 0.5 },
    ...{ med: 2, 'p(95)': 4, 'p(99)': 4, max: 4 },
  });
  t.match(fanOutTurn([], 2, 0), { requests: 0, rate: 0, failed: 1, max: 0 });
  t.equal(quantile([1, 2, 3, 4], 0.5), 2);
});

await t.test('the newest baseline with as many servers is found by the date inside', async (t) => {
  const folder = join(t.testdir(), 'baselines');
  t.equal(newestBaseline(folder, 1), undefined);
  const of = (date: string, servers: number): Results => ({
    ...{ date, machine: {}, versions: {}, rounds: 1, duration: '1s', clients: 1, scenarios: [], skipped: [] },
    servers: Array.from({ length: servers }, (_, i) => ({
      name: `s${i}`,
      loads: [],
      samples: [
        { ...{ atMs: 0, doing: '', rssBytes: 1, processors: 0 }, ...{ clientRssBytes: 0, clientProcessors: 0 } },
      ],
    })),
  });
  t.match(writeBaseline(folder, 'two-cores', of('2026-03-01T00:00:00Z', 1)), /2026-03-01-two-cores\.json$/);
  writeBaseline(folder, 'a', of('2026-02-01T00:00:00Z', 1));
  writeBaseline(folder, 'both', of('2026-04-01T00:00:00Z', 2));
  const newest = newestBaseline(folder, 1);
  t.equal(newest?.date, '2026-03-01T00:00:00Z');
  t.strictSame(newest?.servers[0]?.samples, [], 'samples are not kept');
  t.throws(() => writeBaseline(folder, '../x', of('2026-03-01T00:00:00Z', 1)), /no name of a baseline/);
});

await t.test('plots scale to what they hold, also when that is little', async (t) => {
  t.match(barPlot([{ label: 'a<b', value: 5, low: 4, high: 10 }]), /a&lt;b.*width="150\.0".*M270\.0 13H450\.0/s);
  const lines = [
    {
      label: 'a',
      points: [
        [1000, 1],
        [10_000, 2],
      ] as const,
    },
  ];
  t.match(linePlot(lines, { x: 'pods', y: 'ms', logX: true, dots: true }), /10,000/);
  t.equal(linePlot([{ label: 'a', points: [] }], { x: 'x', y: 'y' }), '');
  t.notMatch(linePlot([{ label: 'a', points: [[0, 0]] }], { x: 'x', y: 'y' }), /NaN|Infinity/);
  t.notMatch(barPlot([{ label: 'a', value: 0, low: 0, high: 0 }]), /NaN|Infinity/);
  t.strictSame([0, 1234.5, 12.345, 0.001234].map(shortNumber), ['0', '1,235', '12.3', '0.00123']);
});

await t.test('k6 is taken from K6, from PATH if it is the pinned one, or built once by Go', async (t) => {
  const folder = t.testdir({ none: {}, installed: { k6: '#' }, tools: { go: '#' }, cache: {} });
  const at = (...parts: string[]) => join(folder, ...parts);
  for (const program of [at('installed', 'k6'), at('tools', 'go')]) chmodSync(program, 0o755);
  const said: string[] = [];
  const built: string[] = [];
  const build = async (_go: string, into: string): Promise<void> => {
    built.push(into);
    mkdirSync(into, { recursive: true });
    writeFileSync(join(into, 'k6'), '#', { mode: 0o755 });
  };
  const find = (env: NodeJS.ProcessEnv, version: string) =>
    locateK6((text) => said.push(text), {
      env: { ...env, XDG_CACHE_HOME: at('cache') },
      versionOf: () => version,
      build,
    });
  t.equal(await find({ K6: at('installed', 'k6'), PATH: at('none') }, k6Version), at('installed', 'k6'));
  t.strictSame(said, []);
  await find({ K6: at('installed', 'k6') }, 'v0.1.0');
  t.match(said.pop(), /K6 is v0\.1\.0/);
  t.equal(await find({ PATH: at('installed') }, k6Version), at('installed', 'k6'));
  await t.rejects(find({ K6: at('nothing') }, k6Version), /is no program/);
  await t.rejects(find({ PATH: at('none') }, k6Version), /k6 is not in PATH, and Go, which would build k6 v1\.8\.1/);
  const cached = at('cache', 'kubefacade', `k6-${k6Version}`, 'k6');
  const path = [at('installed'), at('tools')].join(':');
  t.equal(await find({ PATH: path }, 'v2.0.0'), cached);
  t.equal(await find({ PATH: path }, 'v2.0.0'), cached, 'found the second time');
  t.equal(built.length, 1);
});

await t.test('the version is read from what k6 prints', async (t) => {
  t.equal(versionIn('k6 v1.8.1 (go1.26.8, linux/amd64)\n'), 'v1.8.1');
  t.equal(versionIn('something else'), undefined);
});
