import t from 'tap';
import { testClock } from '../kubelet/test-pod.ts';
import { scaledClock } from './scaled-clock.ts';

t.test('time passes faster from the start on, and timers are as much earlier', async (t) => {
  const real = testClock();
  const start = real.now();
  const fast = scaledClock(real, 60);
  t.equal(fast.now(), start, 'both begin at the same time');
  await real.pass(1000);
  t.equal(fast.now(), start + 60_000);
  const fired: number[] = [];
  fast.after(120_000, () => fired.push(fast.now()));
  fast.after(60_000, () => fired.push(-1)).cancel();
  await real.pass(1999);
  t.same(fired, []);
  await real.pass(1);
  t.same(fired, [start + 180_000], 'two minutes are two seconds');
  t.equal(real.timers, 0);
});

t.test('a factor below one makes it slow, one leaves it as it is', async (t) => {
  const real = testClock();
  const start = real.now();
  const slow = scaledClock(real, 0.5);
  await real.pass(1000);
  t.equal(slow.now(), start + 500);
  t.equal(scaledClock(real, 1), real);
});
