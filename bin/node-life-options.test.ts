import t from 'tap';
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
  t.strictSame(read({}), { maxBackOffMs: 300_000, shutdown: { graceSeconds: 0, criticalSeconds: 0 } });
  const given = { 'shutdown-grace-period': '1m30s', 'shutdown-grace-period-critical-pods': '10s' };
  t.strictSame(read(given).shutdown, { graceSeconds: 90, criticalSeconds: 10 });
  t.equal(read({ 'max-container-restart-period': '1s' }).maxBackOffMs, 1000);
  for (const period of ['0', '500ms', '301s', '1h'])
    t.throws(() => read({ 'max-container-restart-period': period }), { message: /between 1s and 300s/ });
  t.throws(() => read({ 'shutdown-grace-period': '10ms' }), { message: /either zero or otherwise >= 1 sec/ });
  t.throws(() => read({ 'shutdown-grace-period': '5s', 'shutdown-grace-period-critical-pods': '6s' }), {
    message: /must be <= --shutdown-grace-period/,
  });
  t.throws(() => read({ 'shutdown-grace-period': 'soon' }), { message: /not a duration: soon/ });
});
