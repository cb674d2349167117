import t from 'tap';
import { defaultSettings } from '../runtime/kubelet/eviction/settings.ts';
import { nodeLifeFlags, nodeLifeOptions } from './node-life-options.ts';
import { parseDuration } from './options.ts';

type Given = Partial<Record<keyof typeof nodeLifeFlags, string>>;

function read(given: Given) {
  return nodeLifeOptions(
    (flag) => given[flag] ?? nodeLifeFlags[flag],
    parseDuration,
    (why) => new Error(why),
  );
}

t.test('periods of nodes have the bounds of a kubelet', async (t) => {
  t.strictSame(read({}), { maxBackOffMs: 300_000, shutdown: [], eviction: defaultSettings });
  const given = { 'shutdown-grace-period': '1m30s', 'shutdown-grace-period-critical-pods': '10s' };
  t.strictSame(read(given).shutdown, [
    { priority: 0, seconds: 80 },
    { priority: 2_000_000_000, seconds: 10 },
  ]);
  t.equal(read({ 'max-container-restart-period': '1s' }).maxBackOffMs, 1000);
  for (const period of ['0', '500ms', '301s', '1h'])
    t.throws(() => read({ 'max-container-restart-period': period }), { message: /between 1s and 300s/ });
  t.throws(() => read({ 'shutdown-grace-period': '10ms' }), { message: /either zero or otherwise >= 1 sec/ });
  t.throws(() => read({ 'shutdown-grace-period': '5s', 'shutdown-grace-period-critical-pods': '6s' }), {
    message: /must be <= --shutdown-grace-period/,
  });
  t.throws(() => read({ 'shutdown-grace-period': 'soon' }), { message: /not a duration: soon/ });
});

t.test('a shutdown may give each priority its time', async (t) => {
  const flag = 'shutdown-grace-period-by-pod-priority';
  t.strictSame(read({ [flag]: '1000=30s,-5=2m' }).shutdown, [
    { priority: 1000, seconds: 30 },
    { priority: -5, seconds: 120 },
  ]);
  t.throws(() => read({ [flag]: 'high=30s' }), { message: /want priority=period, not high=30s/ });
  t.throws(() => read({ [flag]: '0=30s', 'shutdown-grace-period': '5s' }), { message: /cannot specify both/ });
});

t.test('pods are sent away when flags of a kubelet say so', async (t) => {
  const { eviction } = read({
    'eviction-hard': 'pid.available<50%',
    'eviction-soft': 'memory.available<1Gi',
    'eviction-soft-grace-period': 'memory.available=1m30s',
    'eviction-minimum-reclaim': 'memory.available=500Mi',
    'eviction-max-pod-grace-period': '40',
    'eviction-pressure-transition-period': '30s',
  });
  t.match(eviction, {
    thresholds: [
      { signal: 'pid.available', value: { fraction: 0.5 }, graceMs: 0 },
      { signal: 'memory.available', graceMs: 90_000 },
    ],
    maxPodGraceSeconds: 40,
    transitionMs: 30_000,
  });
  t.strictSame(read({ 'eviction-hard': '' }).eviction.thresholds, [], 'none');
  const refusals: readonly (readonly [Given, string])[] = [
    [
      { 'eviction-hard': 'memory.available=1Gi' },
      'invalid argument "memory.available=1Gi" for "--eviction-hard" flag: malformed pair, expect string<string',
    ],
    [{ 'eviction-soft': 'x<1' }, 'unsupported eviction signal x'],
    [
      { 'eviction-soft': 'memory.available<1Gi' },
      'grace period must be specified for the soft eviction threshold memory.available',
    ],
    [{ 'eviction-soft-grace-period': 'memory.available=soon' }, '--eviction-soft-grace-period: not a duration: soon'],
    [{ 'eviction-max-pod-grace-period': 'x' }, '--eviction-max-pod-grace-period: not a number: x'],
  ];
  for (const [given, message] of refusals) t.throws(() => read(given), { message }, JSON.stringify(given));
});
