import t from 'tap';
import { median, reportText, type ServerResult, shortfalls, type Thresholds, type TurnResult } from './report.ts';

const turn = (rate: number, failed = 0): TurnResult => ({
  requests: 100,
  rate,
  failed,
  med: 1,
  'p(95)': 2,
  'p(99)': 3,
  max: 4,
  cpuSeconds: 0.1,
});
const server = (name: string, rates: readonly number[], fields: Partial<ServerResult> = {}): ServerResult => ({
  name,
  readyMs: 500,
  idleBytes: 100 * 2 ** 20,
  loadedBytes: 200 * 2 ** 20,
  peakBytes: 300 * 2 ** 20,
  turns: { get: rates.map((rate) => turn(rate)) },
  ...fields,
});
const thresholds: Thresholds = {
  rates: { create: 3, get: 5, 'list-500': 3, 'list-all': 3, 'label-selection': 3, 'merge-patch': 3 },
  idleMemory: 0.5,
  loadedMemory: 0.5,
  readyMs: 600,
};

await t.test('the median of an even number of values lies between the middle two', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([]), 0);
});

await t.test('a report names both servers, their medians and the ratio', async (t) => {
  const text = reportText(['get'], server('ours', [500, 600, 400]), server('theirs', [100, 90, 110]));
  t.match(text, /get\s+ours\s+500\.0\s+±20 %\s+1\.00\s+3\.0\s+1\.00\s+0\.0 %/);
  t.match(text, /get\s+5\.00/);
  t.match(text, /ours\s+500\s+100 MiB\s+200 MiB\s+300 MiB/);
});

await t.test('what is met is not told, what is missed is', async (t) => {
  const theirs = server('theirs', [100], { idleBytes: 2 ** 30, loadedBytes: 2 ** 30 });
  t.strictSame(shortfalls(thresholds, ['get'], server('ours', [500]), theirs), []);
  const slow = server('ours', [400], { readyMs: 700, loadedBytes: 2 ** 30, turns: { get: [turn(400, 0.01)] } });
  t.strictSame(shortfalls(thresholds, ['get'], slow, theirs), [
    'get: 4.00 times the rate, wanted 5',
    'get: 1.00 % of the requests failed',
    'loaded: 1.00 of the memory, wanted at most 0.5',
    'ready after 700 ms, wanted 600',
  ]);
});

await t.test('a server that is not ours has no memory to compare', async (t) => {
  const remote = server('remote', [100], { idleBytes: undefined, loadedBytes: undefined, readyMs: undefined });
  t.strictSame(shortfalls(thresholds, ['get'], server('ours', [500]), remote), []);
  t.match(reportText(['get'], remote), /remote\s+-\s+-\s+-/);
});
