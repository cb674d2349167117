import t from 'tap';
import { Schedule } from '../schedule.ts';
import { type TestPod, testClock, testPod } from '../test-pod.ts';
import { Eviction } from './eviction.ts';

const own = { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 } as const;
const mega = 2 ** 20;

function storing(limit: string, name = 'a') {
  return { name, image: 'i', resources: { limits: { 'ephemeral-storage': limit } } };
}

interface Watched {
  readonly volumes?: ReadonlyMap<string, number>;
  readonly pods?: readonly TestPod[];
  readonly told?: string[];
}

/** Of a node with 1 GiB. */
function watched(pod: TestPod, { volumes = new Map(), pods = [pod], told = [] }: Watched = {}): Eviction {
  const { clock } = pod;
  const onError = (error: unknown): never => {
    throw error;
  };
  const store = { emptyDirBytes: (_pod: string, name: string) => volumes.get(name) };
  const eviction = new Eviction({
    clock,
    schedule: new Schedule(clock),
    store,
    startedAt: clock.now(),
    memoryBytes: 1024 * mega,
    pods: () => pods.map(({ worker }) => worker),
    onPressure: (isShort) => void told.push(isShort ? 'short' : 'well'),
    event: (type, reason, message) => void told.push(`${type} ${reason}: ${message}`),
    onError,
  });
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
  watched(pod, { volumes });
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

t.test('a node that is short of memory says so, and sends away who uses more than it asked for', async (t) => {
  const told: string[] = [];
  const asking = (memory: string) => ({ name: 'a', image: 'i', resources: { requests: { memory } } });
  const clock = testClock();
  const modest = await testPod({ ...own, containers: [asking('600Mi')] }, { clock });
  const greedy = await testPod({ ...own, containers: [asking('8Mi')], priority: 5 }, { clock });
  const greedier = await testPod({ ...own, containers: [asking('16Mi')], priority: 5 }, { clock });
  const pods = [modest, greedy, greedier];
  const eviction = watched(modest, { pods, told });
  modest.latest('a').memoryBytes = 500 * mega;
  greedy.latest('a').memoryBytes = 30 * mega;
  eviction.notice();
  await clock.pass(60_000);
  t.strictSame(told, []);
  t.equal(clock.timers, 0, 'who is told of nothing looks at nothing');
  greedier.latest('a').memoryBytes = 100 * mega;
  eviction.notice();
  await clock.pass(10_000);
  t.strictSame(told, ['short', 'Warning EvictionThresholdMet: Attempting to reclaim memory']);
  const message =
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 74Mi. Container a was using 100Mi, request is 16Mi, has larger consumption of memory. ';
  t.strictSame(end(greedier), ['Failed', 'Evicted', message]);
  t.match(
    greedier.written.at(-1)?.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    { status: 'True', reason: 'TerminationByKubelet', message },
  );
  const newcomer = { metadata: { name: 'x' }, spec: { containers: [] }, status: { qosClass: 'BestEffort' } };
  t.match(eviction.refusal(newcomer), { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' });
  t.equal(eviction.refusal({ ...newcomer, status: { qosClass: 'Burstable' } }), undefined);
  await clock.pass(290_000);
  t.equal(told.length, 2, 'it is said to be short for a while');
  await clock.pass(20_000);
  t.strictSame(told.slice(2), ['well']);
  t.equal(eviction.refusal(newcomer), undefined);
  t.strictSame([end(modest)[0], end(greedy)[0]], ['Running', 'Running']);
  for (const { worker } of pods) worker.close();
});
