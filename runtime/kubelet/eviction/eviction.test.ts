import t from 'tap';
import { Schedule } from '../schedule.ts';
import { type TestPod, testPod } from '../test-pod.ts';
import { Eviction } from './eviction.ts';

const own = { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 } as const;
const mega = 2 ** 20;

function storing(limit: string, name = 'a') {
  return { name, image: 'i', resources: { limits: { 'ephemeral-storage': limit } } };
}

function watched(pod: TestPod, volumes: ReadonlyMap<string, number> = new Map()): Eviction {
  const { clock } = pod;
  const onError = (error: unknown): never => {
    throw error;
  };
  const store = { emptyDirBytes: (_pod: string, name: string) => volumes.get(name) };
  const eviction = new Eviction({ clock, schedule: new Schedule(clock), store, onError });
  eviction.add(pod.worker);
  return eviction;
}

function end(pod: TestPod): readonly unknown[] {
  const { phase, reason, message } = pod.written.at(-1) ?? {};
  return [phase, reason, message];
}

t.test('a pod whose emptyDir holds more than its limit is sent away at the next look', async (t) => {
  const volumes = new Map([['x', mega - 4096]]);
  const pod = await testPod({
    ...own,
    containers: [{ name: 'a', image: 'i' }],
    volumes: [{ name: 'x', emptyDir: { sizeLimit: '1Mi' } }],
  });
  pod.obeys = false;
  watched(pod, volumes);
  await pod.clock.pass(25_000);
  t.strictSame(end(pod), ['Running', undefined, undefined], 'as much as its limit is not too much');
  volumes.set('x', mega - 4095);
  await pod.clock.pass(10_000);
  t.strictSame(pod.latest('a').stops, [2000], 'it is not given its own grace');
  const message = 'Usage of EmptyDir volume "x" exceeds the limit "1Mi". ';
  t.ok(pod.events.includes(`! Evicted: ${message}`));
  await pod.clock.pass(5000);
  t.strictSame(end(pod), ['Failed', 'Evicted', message]);
  t.notOk(
    pod.written.at(-1)?.conditions?.some(({ type }) => type === 'DisruptionTarget'),
    'its own fault is no disruption',
  );
  await pod.clock.pass(60_000);
  t.equal(pod.clock.timers, 0, 'nothing is looked at any more');
});

t.test('a container that writes too much has its pod sent away, and so has a pod as a whole', async (t) => {
  const pod = await testPod({ ...own, containers: [storing('1Mi'), storing('2Mi', 'b')] });
  watched(pod);
  pod.latest('a').writtenBytes = 1.5 * mega;
  await pod.clock.pass(15_000);
  t.strictSame(end(pod), ['Failed', 'Evicted', 'Container a exceeded its local ephemeral storage limit "1Mi". ']);
  const other = await testPod({ ...own, containers: [storing('1Mi'), storing('2Mi', 'b')] });
  watched(other);
  other.latest('a').writtenBytes = 1.5 * mega;
  other.latest('b').writtenBytes = 1.6 * mega;
  await other.clock.pass(15_000);
  t.strictSame(end(other), [
    'Failed',
    'Evicted',
    'Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ',
  ]);
});

t.test('pods without limits are not looked at, critical ones not sent away', async (t) => {
  const pod = await testPod({ ...own, containers: [{ name: 'a', image: 'i' }] });
  watched(pod);
  t.equal(pod.clock.timers, 0);
  pod.worker.close();
  const critical = await testPod({ ...own, priority: 2_000_000_000, containers: [storing('1Mi')] });
  const eviction = watched(critical);
  critical.latest('a').writtenBytes = 2 * mega;
  await critical.clock.pass(30_000);
  t.equal(end(critical)[0], 'Running');
  eviction.close();
  critical.worker.close();
});
