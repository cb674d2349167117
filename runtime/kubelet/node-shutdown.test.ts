import t from 'tap';
import { endPods, twoPeriods } from './node-shutdown.ts';
import { type TestPod, testClock, testPod } from './test-pod.ts';

const periods = twoPeriods(30, 10);
const message = 'Pod was terminated in response to imminent node shutdown.';

function end(pod: TestPod): readonly unknown[] {
  const { phase, reason } = pod.written.at(-1) ?? {};
  return [phase, reason];
}

t.test('a node that shuts down ends its pods, critical ones last, each with no more time than there is', async (t) => {
  const clock = testClock();
  const of = (terminationGracePeriodSeconds: number, priority = 0) =>
    testPod(
      { restartPolicy: 'Always', terminationGracePeriodSeconds, priority, containers: [{ name: 'a', image: 'i' }] },
      { clock },
    );
  const [brief, slow, critical] = [await of(5), await of(60), await of(60, 2_000_000_000)];
  for (const pod of [brief, slow, critical]) pod.obeys = false;
  let isDone = false;
  const ended = endPods(
    [brief, slow, critical].map(({ worker }) => worker),
    periods,
    clock,
  ).then(() => {
    isDone = true;
  });
  await clock.pass(1000);
  const stopsOf = (pod: TestPod): readonly number[] => pod.latest('a').stops;
  t.strictSame([brief, slow, critical].map(stopsOf), [[5000], [20_000], []]);
  await clock.pass(6000);
  t.strictSame([end(brief), end(slow)[0]], [['Failed', 'Terminated'], 'Running']);
  await clock.pass(15_000);
  t.strictSame(end(slow), ['Failed', 'Terminated']);
  t.strictSame(stopsOf(critical), [10_000]);
  t.notOk(isDone);
  await clock.pass(10_000);
  await ended;
  const { conditions = [], message: words } = critical.written.at(-1) ?? {};
  t.equal(words, message);
  t.match(
    conditions.find(({ type }) => type === 'DisruptionTarget'),
    { status: 'True', reason: 'TerminationByKubelet', message },
  );
  t.notOk(critical.events.some((event) => event.includes('Terminated')));
});

t.test('a node whose pods end at once waits for nothing more', async (t) => {
  const pod = await testPod({ restartPolicy: 'Always', containers: [{ name: 'a', image: 'i' }] });
  const ended = endPods([pod.worker], periods, pod.clock);
  await pod.clock.pass(0);
  await ended;
  t.strictSame(end(pod), ['Failed', 'Terminated']);
  t.equal(pod.clock.timers, 0);
});

t.test('priorities have periods of their own, one after the other', async (t) => {
  const clock = testClock();
  const of = (priority: number) =>
    testPod(
      { restartPolicy: 'Always', terminationGracePeriodSeconds: 60, priority, containers: [{ name: 'a', image: 'i' }] },
      { clock },
    );
  const pods = [await of(-5), await of(0), await of(99), await of(100), await of(5000)];
  for (const pod of pods) pod.obeys = false;
  const steps = [
    { priority: 1000, seconds: 4 },
    { priority: 0, seconds: 8 },
    { priority: 100, seconds: 6 },
  ];
  const ended = endPods(
    pods.map(({ worker }) => worker),
    steps,
    clock,
  );
  const stops = (): unknown[] => pods.map((pod) => pod.latest('a').stops);
  await clock.pass(1000);
  t.strictSame(stops(), [[8000], [8000], [8000], [], []], 'those below all have the first');
  await clock.pass(8000);
  t.strictSame(stops().slice(3), [[6000], []]);
  await clock.pass(6000);
  t.strictSame(stops().slice(4), [[4000]]);
  await clock.pass(5000);
  await ended;
  t.strictSame(
    pods.map(end),
    pods.map(() => ['Failed', 'Terminated']),
  );
});
