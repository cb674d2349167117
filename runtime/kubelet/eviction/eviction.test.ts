import t from 'tap';
import { Schedule } from '../schedule.ts';
import { type TestPod, testClock, testPod } from '../test-pod.ts';
import { allocatableOf } from './allocatable.ts';
import { Eviction } from './eviction.ts';
import { defaultSettings, parseStatements, parseThresholds } from './settings.ts';
import { type EvictionSettings, percent, quantityOf } from './thresholds.ts';

const own = { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 } as const;
const mega = 2 ** 20;

function storing(limit: string, name = 'a') {
  return { name, image: 'i', resources: { limits: { 'ephemeral-storage': limit } } };
}

interface Watched {
  readonly volumes?: ReadonlyMap<string, number>;
  readonly pods?: readonly TestPod[];
  readonly told?: string[];
  readonly settings?: EvictionSettings;
  /** What images take, and how often they are collected. */
  readonly images?: { bytes: number; used: number };
}

/** Of a node with 1 GiB of memory, 100 MiB of disk and a thousand files, and 32 processes. */
function watched(
  pod: TestPod,
  {
    volumes = new Map(),
    pods = [pod],
    told = [],
    settings = defaultSettings,
    images = { bytes: 0, used: 0 },
  }: Watched = {},
): Eviction {
  const { clock } = pod;
  const onError = (error: unknown): never => {
    throw error;
  };
  const store = {
    emptyDirUsage: (_pod: string, name: string) => {
      const bytes = volumes.get(name);
      return bytes === undefined ? undefined : { bytes, files: 1 };
    },
  };
  const room = {
    memoryBytes: 1024 * mega,
    podMemoryBytes: 1024 * mega,
    diskBytes: 100 * mega,
    files: 1000,
    processes: 32,
  };
  const eviction = new Eviction({
    clock,
    schedule: new Schedule(clock),
    store,
    startedAt: clock.now(),
    settings,
    room,
    pods: () => pods.map(({ worker }) => worker),
    ownDisk: () => ({ bytes: images.bytes, files: 0 }),
    reclaim: () => {
      told.push('reclaimed');
      images.bytes = images.used;
    },
    onPressure: (conditions) => void told.push(conditions.join() || 'well'),
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
  t.strictSame(told, ['MemoryPressure', 'Warning EvictionThresholdMet: Attempting to reclaim memory']);
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

t.test(
  'a node that is short of disk removes what nobody uses, then sends away who writes more than it asked for',
  async (t) => {
    const told: string[] = [];
    const clock = testClock();
    const images = { bytes: 60 * mega, used: 40 * mega };
    const asking = { name: 'a', image: 'i', resources: { requests: { 'ephemeral-storage': '50Mi' } } };
    const modest = await testPod({ ...own, containers: [asking] }, { clock });
    const greedy = await testPod(
      {
        ...own,
        containers: [
          { name: 'a', image: 'i' },
          { name: 'b', image: 'i' },
        ],
      },
      { clock },
    );
    const pods = [modest, greedy];
    const eviction = watched(modest, { pods, told, images, settings: { ...defaultSettings, transitionMs: 60_000 } });
    const write = (pod: TestPod, container: string, megabytes: number): void => {
      pod.latest(container).writtenBytes += megabytes * mega;
      eviction.wrote({ bytes: megabytes * mega, files: 1 });
    };
    eviction.wrote({ bytes: 60 * mega, files: 1 });
    write(modest, 'a', 20);
    await clock.pass(60_000);
    t.equal(clock.timers, 0, 'while there is room nobody looks');
    write(greedy, 'b', 6);
    await clock.pass(10_000);
    t.strictSame(told, [
      'DiskPressure',
      'Warning EvictionThresholdMet: Attempting to reclaim ephemeral-storage',
      'reclaimed',
    ]);
    t.strictSame([end(modest)[0], end(greedy)[0]], ['Running', 'Running']);
    const newcomer = { metadata: { name: 'x' }, spec: { containers: [] }, status: { qosClass: 'Guaranteed' } };
    const refusal = { reason: 'Evicted', message: 'The node had condition: [DiskPressure]. ' };
    t.strictSame(eviction.refusal(newcomer), refusal);
    t.equal(eviction.refusal({ ...newcomer, spec: { containers: [], priority: 2_000_000_000 } }), undefined);
    write(greedy, 'b', 22);
    await clock.pass(10_000);
    const message =
      'The node was low on resource: ephemeral-storage. Threshold quantity: 15Mi, available: 12Mi. Container b was using 28Mi, request is 0, has larger consumption of ephemeral-storage. ';
    await clock.pass(5000);
    t.strictSame(end(greedy), ['Failed', 'Evicted', message]);
    t.equal(end(modest)[0], 'Running');
    await clock.pass(75_000);
    t.equal(told.at(-1), 'well');
    t.equal(clock.timers, 0);
    for (const { worker } of pods) worker.close();
  },
);

t.test('a node on which files or processes are rare is short of them, too', async (t) => {
  const told: string[] = [];
  const clock = testClock();
  const many = await testPod({ ...own, containers: [{ name: 'a', image: 'i' }] }, { clock });
  const few = await testPod({ ...own, priority: 3, containers: [{ name: 'a', image: 'i' }] }, { clock });
  const eviction = watched(many, { pods: [few, many], told });
  many.latest('a').writtenFiles = 951;
  eviction.wrote({ bytes: 951, files: 951 });
  await clock.pass(15_000);
  t.strictSame(end(many), [
    'Failed',
    'Evicted',
    'The node was low on resource: inodes. Threshold quantity: 50, available: 49. ',
  ]);
  t.strictSame(told.slice(0, 2), ['DiskPressure', 'Warning EvictionThresholdMet: Attempting to reclaim inodes']);
  eviction.close();
  const spawning = await testPod({ ...own, containers: [{ name: 'a', image: 'i' }] }, { clock });
  const [threshold] = parseThresholds(
    { hard: parseStatements('pid.available<20', '<'), soft: new Map(), softGrace: new Map(), minReclaim: new Map() },
    Number,
  );
  const settings = { ...defaultSettings, thresholds: threshold === undefined ? [] : [threshold] };
  const counting = watched(spawning, { pods: [few, spawning], told, settings });
  await clock.pass(20_000);
  t.equal(end(spawning)[0], 'Running');
  spawning.latest('a').processes = 12;
  await clock.pass(15_000);
  t.strictSame(end(spawning), [
    'Failed',
    'Evicted',
    'The node was low on resource: pids. Threshold quantity: 20, available: 19. ',
  ]);
  t.equal(told.filter((word) => word.includes('PIDPressure')).length, 1);
  counting.close();
  for (const { worker } of [many, few, spawning]) worker.close();
});

t.test('a soft threshold waits, leaves pods some time, and asks for more than it needs', async (t) => {
  const told: string[] = [];
  const clock = testClock();
  const pod = (priority: number) => testPod({ ...own, priority, containers: [{ name: 'a', image: 'i' }] }, { clock });
  const [first, second, third] = [await pod(0), await pod(1), await pod(2)];
  const pods = [first, second, third];
  const thresholds = parseThresholds(
    {
      hard: parseStatements('nodefs.available<5%', '<'),
      soft: parseStatements('nodefs.available<20Mi', '<'),
      softGrace: parseStatements('nodefs.available=30s', '='),
      minReclaim: parseStatements('nodefs.available=20Mi', '='),
    },
    () => 30_000,
  );
  const eviction = watched(first, { pods, told, settings: { ...defaultSettings, thresholds, maxPodGraceSeconds: 12 } });
  for (const one of pods) one.obeys = false;
  for (const one of pods) one.latest('a').writtenBytes = 28 * mega;
  eviction.wrote({ bytes: 84 * mega, files: 3 });
  await clock.pass(35_000);
  t.strictSame(told, ['DiskPressure'], 'it is said at once');
  await clock.pass(5000);
  t.strictSame(
    [first, second, third].map((one) => one.latest('a').stops),
    [[12_000], [], []],
  );
  await clock.pass(11_000);
  t.strictSame(second.latest('a').stops, [], 'one at a time');
  await clock.pass(3000);
  t.strictSame(end(first).slice(0, 2), ['Failed', 'Evicted']);
  t.strictSame(second.latest('a').stops, [], '44 MiB are enough');
  second.latest('a').writtenBytes += 10 * mega;
  third.latest('a').writtenBytes += 16 * mega;
  eviction.wrote({ bytes: 26 * mega, files: 1 });
  await clock.pass(60_000);
  t.strictSame([end(second).slice(0, 2), end(third)[0]], [['Failed', 'Evicted'], 'Running']);
  eviction.close();
  for (const { worker } of pods) worker.close();
});

t.test('thresholds are read as a kubelet reads them', async (t) => {
  const read = (given: Partial<Record<'hard' | 'soft' | 'softGrace' | 'minReclaim', string>>) =>
    parseThresholds(
      {
        hard: parseStatements(given.hard ?? '', '<'),
        soft: parseStatements(given.soft ?? '', '<'),
        softGrace: parseStatements(given.softGrace ?? '', '='),
        minReclaim: parseStatements(given.minReclaim ?? '', '='),
      },
      Number,
    ).map(({ signal, value, graceMs, minReclaim }) =>
      [
        signal,
        quantityOf(value, 1000),
        graceMs,
        ...(minReclaim === undefined ? [] : [quantityOf(minReclaim, 1000)]),
      ].join(' '),
    );
  t.strictSame(read({ hard: 'memory.available<100Mi, nodefs.available<10%,' }), [
    'memory.available 100Mi 0',
    'nodefs.available 100 0',
    'allocatableMemory.available 100Mi 0',
  ]);
  t.strictSame(read({ hard: 'nodefs.available<0%,imagefs.available<100%,containerfs.available<5%' }), []);
  t.strictSame(read({ soft: 'pid.available<10', softGrace: 'pid.available=90', minReclaim: 'pid.available=1%' }), [
    'pid.available 10 90 9',
  ]);
  t.equal(quantityOf(percent(10), 100 * 2 ** 30).toString(), '10737418400', 'percents are of single precision');
  const capacity = { cpu: '16', memory: '64Gi', 'ephemeral-storage': '100Gi' };
  const left = { cpu: '16', memory: '65436Mi', 'ephemeral-storage': '96636764000' };
  t.strictSame(allocatableOf(capacity, defaultSettings), left, 'what is to be free is not given away');
  t.strictSame(allocatableOf(capacity, { ...defaultSettings, thresholds: [] }), capacity);
  const refusals: readonly (readonly [given: Parameters<typeof read>[0], message: string])[] = [
    [{ hard: 'memory.available=1Gi' }, 'malformed pair, expect string<string'],
    [{ minReclaim: 'memory.available<1Gi' }, 'malformed pair, expect string=string'],
    [{ hard: 'cpu.available<1' }, 'unsupported eviction signal cpu.available'],
    [{ softGrace: 'mem.available=1' }, 'unsupported eviction signal mem.available'],
    [{ hard: 'memory.available<0' }, 'eviction threshold memory.available must be positive: 0'],
    [{ hard: 'memory.available<-5%' }, 'eviction percentage threshold memory.available must be >= 0%: -5%'],
    [{ hard: 'memory.available<101%' }, 'eviction percentage threshold memory.available must be <= 100%: 101%'],
    [{ hard: 'memory.available<x%' }, 'strconv.ParseFloat: parsing "x": invalid syntax'],
    [
      { soft: 'memory.available<1Gi' },
      'grace period must be specified for the soft eviction threshold memory.available',
    ],
    [
      { soft: 'memory.available<1Gi', softGrace: 'memory.available=-3s' },
      'invalid eviction grace period specified: -3s, must be a positive value',
    ],
    [{ minReclaim: 'memory.available=-1' }, 'negative eviction minimum reclaim specified for memory.available'],
    [
      { minReclaim: 'memory.available=0%' },
      'eviction percentage minimum reclaim memory.available must be positive: 0%',
    ],
  ];
  for (const [given, message] of refusals) t.throws(() => read(given), { message }, JSON.stringify(given));
});
