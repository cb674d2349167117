import t from 'tap';
import { Schedule } from './schedule.ts';
import { testClock } from './test-pod.ts';

t.test('what is due runs in the order of its time, from one timer', async (t) => {
  const clock = testClock(0);
  const schedule = new Schedule(clock);
  const ran: number[] = [];
  const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 1000);
  const entries = times.map((at) => schedule.at(at, () => ran.push(at)));
  t.equal(clock.timers, 1);
  for (const [index, entry] of entries.entries()) if (index % 5 === 0) entry.cancel();
  const left = times.filter((_, index) => index % 5 !== 0).sort((a, b) => a - b);
  await clock.pass(499);
  t.strictSame(
    ran,
    left.filter((at) => at <= 499),
    'nothing comes early, and what is cancelled not at all',
  );
  await clock.pass(600);
  t.strictSame(ran, left);
  t.equal(schedule.size, 0);
  t.equal(clock.timers, 0, 'nothing waits for nothing');
});

t.test('an earlier one moves the timer; one may add another', async (t) => {
  const clock = testClock(0);
  const schedule = new Schedule(clock);
  const ran: string[] = [];
  schedule.at(100, () => ran.push('late'));
  schedule.at(10, () => {
    ran.push('early');
    schedule.at(20, () => ran.push('added'));
  });
  await clock.pass(50);
  t.strictSame(ran, ['early', 'added']);
  await clock.pass(50);
  t.strictSame(ran, ['early', 'added', 'late']);
});
