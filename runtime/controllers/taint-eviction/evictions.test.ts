import { test } from 'tap';
import { Evictions, staysMs } from './evictions.ts';

const taint = (key: string): { key: string; effect: string } => ({ key, effect: 'NoExecute' });

test('a pod stays as long as the shortest toleration of all taints lets it', async (t) => {
  const cases: [string[], object[], number | undefined][] = [
    [['a'], [], 0],
    [['a'], [{ key: 'a', operator: 'Exists' }], undefined],
    [['a'], [{ key: 'a', operator: 'Exists', tolerationSeconds: 5 }], 5000],
    [['a', 'b'], [{ key: 'a', operator: 'Exists' }], 0],
    [
      ['a', 'b'],
      [
        { operator: 'Exists', tolerationSeconds: 9 },
        { key: 'b', operator: 'Exists' },
      ],
      9000,
    ],
    [['a'], [{ operator: 'Exists', tolerationSeconds: -1 }], 0],
  ];
  for (const [taints, tolerations, ms] of cases) t.equal(staysMs(taints.map(taint), tolerations), ms);
});

test('evictions come in time, once, and can be called off', async (t) => {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  const advance = (to: number): void => {
    now = to;
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.callback();
  };
  const told: string[] = [];
  const evictions = new Evictions({
    clock: {
      now: () => now,
      after: (ms, callback) => {
        const timer = { at: now + ms, callback };
        timers.add(timer);
        return { cancel: () => void timers.delete(timer) };
      },
    },
    evict: (pod) => told.push(`evict ${pod} ${now}`),
    cancelled: (pod) => told.push(`cancel ${pod} ${now}`),
  });
  evictions.plan('now', 0);
  evictions.plan('late', 100);
  evictions.plan('saved', 100);
  advance(50);
  evictions.plan('late', 100);
  evictions.plan('saved', undefined);
  advance(200);
  evictions.cancel('late');
  evictions.done('late');
  evictions.plan('late', 10);
  advance(300);
  t.strictSame(told, ['evict now 0', 'cancel saved 50', 'evict late 200', 'evict late 300']);
});
