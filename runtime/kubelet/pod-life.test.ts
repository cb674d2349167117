import t from 'tap';
import type { ContainerStatus } from './pod-runtime.ts';
import { statusPatch } from './pod-status.ts';
import { type TestPod, testPod } from './test-pod.ts';

const always = { restartPolicy: 'Always', terminationGracePeriodSeconds: 5 } as const;
const one = { ...always, containers: [{ name: 'a', image: 'i' }] };

function statusOf({ worker }: TestPod, name: string): ContainerStatus {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = worker.status();
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return all.find((status) => status.name === name) ?? {};
}

/** `running`, `waiting Reason`, `terminated 3 Reason`, with restarts and readiness. */
function brief(pod: TestPod, name: string): string {
  const { state, restartCount = 0, ready, started } = statusOf(pod, name);
  const { waiting, terminated } = state ?? {};
  const end = terminated === undefined ? 'running' : `terminated ${terminated.exitCode} ${terminated.reason}`;
  const words = waiting === undefined ? end : `waiting ${waiting.reason}`;
  return `${words} ${restartCount}${started === true ? ' started' : ''}${ready === true ? ' ready' : ''}`;
}

function remove(pod: TestPod, seconds: number): void {
  pod.update(({ metadata, ...rest }) => ({
    ...rest,
    metadata: { ...metadata, deletionTimestamp: 'now', deletionGracePeriodSeconds: seconds },
  }));
}

t.test('a container that fails again and again waits longer and longer, and says so', async (t) => {
  const pod = await testPod(one);
  t.equal(brief(pod, 'a'), 'running 0 started ready');
  pod.latest('a').exit(1);
  await pod.clock.pass(0);
  t.equal(brief(pod, 'a'), 'running 1 started ready', 'the first restart is at once');
  for (const [seconds, text] of [
    [10, '10s'],
    [20, '20s'],
    [40, '40s'],
    [80, '1m20s'],
    [160, '2m40s'],
    [300, '5m0s'],
    [300, '5m0s'],
  ] as const) {
    const before = pod.started.length;
    pod.latest('a').exit(1);
    await pod.clock.pass(500);
    t.match(brief(pod, 'a'), /^terminated 1 Error/, 'how it ended is seen for a while');
    await pod.clock.pass(seconds * 1000 - 1000);
    t.match(brief(pod, 'a'), /^waiting CrashLoopBackOff/);
    t.equal(statusOf(pod, 'a').state?.waiting?.message, `back-off ${text} restarting failed container=a pod=p_n(u)`);
    t.equal(pod.started.length, before, `not before ${text}`);
    await pod.clock.pass(500);
    t.equal(pod.started.length, before + 1, `after ${text}`);
  }
  t.ok(pod.events.includes('! a: BackOff: Back-off restarting failed container a in pod p_n(u)'));
  await pod.clock.pass(601_000);
  pod.latest('a').exit(1);
  await pod.clock.pass(0);
  t.equal(brief(pod, 'a'), 'running 9 started ready', 'who ran for long begins anew');
  remove(pod, 0);
  await pod.worker.ended;
  t.ok(pod.isRemoved);
});

t.test('probes: what they ask decides on readiness, restarts and beginnings', async (t) => {
  const exec = (word: string) => ({ exec: { command: [word] }, periodSeconds: 2, failureThreshold: 2 });
  const codes: Record<string, number> = { up: 1, ready: 1, live: 0 };
  const asked: string[] = [];
  const answers = (_name: string, [word = '']: readonly string[]): number => {
    asked.push(word);
    return codes[word] ?? 0;
  };
  const spec = {
    ...always,
    containers: [
      {
        name: 'a',
        image: 'i',
        startupProbe: { ...exec('up'), failureThreshold: 3 },
        readinessProbe: { ...exec('ready'), successThreshold: 1 },
        livenessProbe: { ...exec('live'), initialDelaySeconds: 3, terminationGracePeriodSeconds: 7 },
      },
    ],
  };
  const pod = await testPod(spec, { answers });
  await pod.clock.pass(1000);
  t.equal(brief(pod, 'a'), 'running 0', 'not started before the startup probe says so');
  codes['up'] = 0;
  await pod.clock.pass(1500);
  t.equal(brief(pod, 'a'), 'running 0 started', 'not ready before the readiness probe says so');
  codes['ready'] = 0;
  await pod.clock.pass(2000);
  t.equal(brief(pod, 'a'), 'running 0 started ready');
  codes['ready'] = 1;
  await pod.clock.pass(2000);
  t.match(brief(pod, 'a'), /ready$/, 'one failure is not enough');
  await pod.clock.pass(2000);
  t.equal(brief(pod, 'a'), 'running 0 started');
  codes['live'] = 1;
  codes['up'] = 1;
  await pod.clock.pass(2000);
  t.equal(pod.started.length, 1);
  await pod.clock.pass(2000);
  t.strictSame(pod.started[0]?.stops, [7000], "it has the probe's own grace");
  t.ok(pod.events.includes('! a: Unhealthy: Liveness probe failed: says 1'));
  t.ok(pod.events.includes('a: Killing: Container a failed liveness probe, will be restarted'));
  t.equal(pod.started.length, 2, 'it runs again though it ended well');
  await pod.clock.pass(7000);
  t.ok(pod.events.includes('a: Killing: Container a failed startup probe, will be restarted'));
  pod.obeys = false;
  remove(pod, 30);
  asked.length = 0;
  await pod.clock.pass(10_000);
  t.notOk(asked.includes('live') || asked.includes('up'), 'who leaves is not asked whether it lives');
  t.match(brief(pod, 'a'), /^(running|waiting|terminated)/);
  await pod.clock.pass(30_000);
  t.ok(pod.isRemoved);
  t.equal(pod.clock.timers, 0, 'nothing is left behind');
});

t.test('an error of a probe counts for nothing; a program that is late fails', async (t) => {
  const readinessProbe = { exec: { command: ['x'] }, periodSeconds: 5, timeoutSeconds: 1 };
  const pod = await testPod(
    { ...always, containers: [{ name: 'a', image: 'i', readinessProbe }] },
    { answers: () => Promise.reject(new Error('no such program')) },
  );
  await pod.clock.pass(1000);
  const errored =
    /^! a: Unhealthy: Readiness probe errored and resulted in unknown state: .*: no such program: unknown$/;
  t.ok(pod.events.some((event) => errored.test(event)));
  pod.answers = () => new Promise(() => undefined);
  await pod.clock.pass(7000);
  t.ok(pod.events.includes('! a: Unhealthy: Readiness probe failed: command timed out: "x" timed out after 1s'));
  t.equal(brief(pod, 'a'), 'running 0 started');
  pod.worker.close();
});

t.test('init containers run one after the other, a sidecar stays, and all end in their order', async (t) => {
  const pod = await testPod({
    ...always,
    initContainers: [
      {
        name: 's1',
        image: 'i',
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['up'] }, periodSeconds: 1 },
      },
      { name: 'first', image: 'i' },
      { name: 's2', image: 'i', restartPolicy: 'Always' },
    ],
    containers: [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'i' },
    ],
  });
  await pod.clock.pass(0);
  t.strictSame(
    pod.started.map(({ name }) => name),
    ['s1', 'first'],
  );
  t.equal(pod.worker.status().phase, 'Pending');
  t.equal(brief(pod, 'a'), 'waiting PodInitializing 0');
  pod.latest('first').exit(1);
  await pod.clock.pass(0);
  t.equal(brief(pod, 'first'), 'running 1 started', 'an init container that fails runs again');
  pod.latest('first').exit(0);
  await pod.clock.pass(0);
  t.strictSame(pod.started.map(({ name }) => name).slice(3), ['s2', 'a', 'b']);
  t.equal(pod.worker.status().phase, 'Running');
  pod.latest('s1').exit(0);
  await pod.clock.pass(10);
  t.equal(brief(pod, 's1'), 'running 1 started ready', 'a sidecar that ends runs again');
  t.equal(pod.worker.status().phase, 'Running', 'and does not take the pod back');
  pod.obeys = false;
  remove(pod, 20);
  await pod.clock.pass(0);
  const stops = (name: string): number[] => pod.latest(name).stops;
  t.strictSame([stops('a'), stops('b'), stops('s2'), stops('s1')], [[20_000], [20_000], [], []]);
  await pod.clock.pass(1500);
  pod.latest('a').exit(0);
  pod.latest('b').exit(0);
  await pod.clock.pass(0);
  t.strictSame([stops('s2'), stops('s1')], [[19_000], []], 'the last sidecar first, with what is left of the grace');
  pod.latest('s2').exit(0);
  await pod.clock.pass(0);
  t.strictSame(stops('s1'), [19_000]);
  pod.latest('s1').exit(3);
  await pod.worker.ended;
  const last = pod.written.at(-1);
  t.equal(last?.phase, 'Succeeded', 'sidecars do not count');
  t.equal(last?.podIP, null, 'the network has gone with the pod');
  t.strictSame(
    last?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['PodReadyToStartContainers', 'False', null],
      ['Initialized', 'True', 'PodCompleted'],
      ['Ready', 'False', 'PodCompleted'],
      ['ContainersReady', 'False', 'PodCompleted'],
      ['PodScheduled', 'True', null],
    ],
  );
});

t.test('who is deleted before all have started ends, too', async (t) => {
  const never = new Promise<number>(() => undefined);
  const lifecycle = { postStart: { exec: { command: ['wait'] } } };
  const containers = ['a', 'b', 'c'].map((name) => ({ name, image: 'i', ...(name === 'a' ? { lifecycle } : {}) }));
  const pod = await testPod({ ...always, containers }, { answers: () => never });
  t.strictSame(
    pod.started.map(({ name }) => name),
    ['a'],
    'the others wait for the hook',
  );
  remove(pod, 5);
  pod.answers = () => 0;
  await pod.clock.pass(6000);
  t.ok(pod.isRemoved);
});

t.test('who is deleted again with less patience ends sooner', async (t) => {
  const pod = await testPod({ ...one, terminationGracePeriodSeconds: 30 });
  pod.obeys = false;
  remove(pod, 30);
  await pod.clock.pass(1000);
  remove(pod, 5);
  await pod.clock.pass(0);
  t.strictSame(pod.latest('a').stops, [30_000, 5000]);
  t.equal(pod.events.filter((event) => event.includes('Killing')).length, 1);
  await pod.clock.pass(6000);
  t.ok(pod.isRemoved);
});

t.test('hooks come after the start and before the end', async (t) => {
  const command = (word: string) => ({ exec: { command: [word] } });
  const pod = await testPod({
    ...always,
    containers: [
      { name: 'a', image: 'i', lifecycle: { postStart: command('post'), preStop: command('pre') } },
      { name: 'b', image: 'i' },
    ],
  });
  const answered = Promise.withResolvers<number>();
  const codes: Record<string, number | Promise<number>> = { post: 3, pre: answered.promise };
  pod.answers = (_name, [word = '']) => codes[word] ?? 0;
  await pod.clock.pass(0);
  const message =
    'Exec lifecycle hook ([post]) for Container "a" in Pod "p_n(u)" failed - error: command \'post\' exited with 3: , message: "says 3"';
  const second = await testPod({
    ...always,
    containers: [{ name: 'a', image: 'i', lifecycle: { postStart: command('post') } }],
  });
  second.answers = () => 3;
  await second.clock.pass(0);
  second.latest('a').exit(0);
  await second.clock.pass(500);
  t.strictSame(statusOf(second, 'a').state?.waiting, { reason: 'PostStartHookError', message });
  t.ok(second.events.includes('! a: FailedPostStartHook: PostStartHook failed'));
  t.ok(second.events.includes('a: Killing: FailedPostStartHook'));
  second.worker.close();
  remove(pod, 10);
  await pod.clock.pass(4000);
  t.strictSame(pod.latest('a').stops, [], 'the hook is waited for');
  answered.resolve(1);
  await pod.clock.pass(0);
  t.strictSame(pod.latest('a').stops, [6000], 'and counts as grace');
  t.ok(pod.events.includes('! a: FailedPreStopHook: PreStopHook failed'));
  await pod.worker.ended;
});

t.test('rules of restarts: of the pod, of a container, of an exit code', async (t) => {
  const rows = [
    ['Never', {}, 1, false],
    ['OnFailure', {}, 1, true],
    ['OnFailure', {}, 0, false],
    ['Never', { restartPolicy: 'OnFailure' }, 1, true],
    ['Always', { restartPolicy: 'Never' }, 1, false],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: [rule('In', 42)] }, 42, true],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: [rule('In', 42)] }, 41, false],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: [rule('NotIn', 42)] }, 41, true],
  ] as const;
  for (const [restartPolicy, more, code, isRestarted] of rows) {
    const pod = await testPod({ restartPolicy, containers: [{ name: 'a', image: 'i', ...more } as never] });
    pod.latest('a').exit(code);
    await pod.clock.pass(0);
    t.equal(pod.started.length, isRestarted ? 2 : 1, `${restartPolicy} ${JSON.stringify(more)} ${code}`);
    const end = code === 0 ? 'Succeeded' : 'Failed';
    t.equal(pod.written.at(-1)?.phase, isRestarted ? 'Running' : end);
    pod.worker.close();
  }
});

function rule(operator: string, code: number): object {
  return { action: 'Restart', exitCodes: { operator, values: [code] } };
}

t.test('an exit may make all containers start anew', async (t) => {
  const restartAll = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [9] } };
  const pod = await testPod({
    restartPolicy: 'Never',
    initContainers: [{ name: 'init', image: 'i' }],
    containers: [
      { name: 'a', image: 'i', restartPolicy: 'Never', restartPolicyRules: [restartAll] },
      { name: 'b', image: 'i' },
    ],
  });
  pod.latest('init').exit(0);
  await pod.clock.pass(0);
  pod.latest('a').exit(9);
  await pod.clock.pass(0);
  t.strictSame(
    pod.started.map(({ name }) => name),
    ['init', 'a', 'b', 'init'],
  );
  t.equal(brief(pod, 'b'), 'waiting RestartingAllContainers 1');
  pod.latest('init').exit(0);
  await pod.clock.pass(0);
  t.equal(brief(pod, 'a'), 'running 1 started ready');
  t.equal(brief(pod, 'b'), 'running 1 started ready');
  pod.worker.close();
});

t.test('last words of a container are in its status', async (t) => {
  const run = async (more: object, act: (pod: TestPod) => void) => {
    const pod = await testPod({ restartPolicy: 'Never', containers: [{ name: 'a', image: 'i', ...more }] });
    act(pod);
    await pod.worker.ended;
    return statusOf(pod, 'a').state?.terminated?.message;
  };
  const write = (path: string, text: string) => (pod: TestPod) => {
    pod.latest('a').files.makeDirectory('/dev');
    pod.latest('a').files.write(path, text);
    pod.latest('a').exit(1);
  };
  const say = (code: number) => (pod: TestPod) => {
    pod.latest('a').log('one\ntwo\n');
    pod.latest('a').exit(code);
  };
  const fallBack = { terminationMessagePolicy: 'FallbackToLogsOnError' };
  t.equal(await run({}, write('/dev/termination-log', 'bye')), 'bye');
  t.equal(await run({ terminationMessagePath: '/dev/x' }, write('/dev/x', 'bye')), 'bye');
  t.equal((await run({}, write('/dev/termination-log', 'x'.repeat(5000))))?.length, 4096);
  t.equal(await run({}, say(1)), undefined);
  t.equal(await run(fallBack, say(1)), 'one\ntwo\n');
  t.equal(await run(fallBack, say(0)), undefined);
});

t.test('an image that cannot be pulled is tried again, later and later', async (t) => {
  const { ImageError } = await import('./pod-runtime.ts');
  let pulls = 0;
  const pod = await testPod(one, {
    images: {
      find: () => undefined,
      pull: async () => {
        pulls++;
        throw new ImageError('ErrImagePull', 'no such host');
      },
    },
  });
  t.equal(brief(pod, 'a'), 'waiting ErrImagePull 0');
  await pod.clock.pass(1000);
  t.equal(statusOf(pod, 'a').state?.waiting?.message, 'Back-off pulling image "i": ErrImagePull: no such host');
  await pod.clock.pass(9000);
  t.equal(pulls, 2, 'after 10 s');
  await pod.clock.pass(19_000);
  t.equal(pulls, 2);
  await pod.clock.pass(1000);
  t.equal(pulls, 3, 'after 20 s more');
  t.strictSame(pod.events.slice(0, 5), [
    'a: Pulling: Pulling image "i"',
    '! a: Failed: Failed to pull image "i": no such host',
    '! a: Failed: Error: ErrImagePull',
    'a: BackOff: Back-off pulling image "i"',
    '! a: Failed: Error: ImagePullBackOff',
  ]);
  pod.worker.close();
});

t.test('a program that is not there never runs', async (t) => {
  const pod = await testPod({ ...always, containers: [{ name: 'a', image: 'i', command: ['/missing'] }] });
  t.equal(brief(pod, 'a'), 'waiting RunContainerError 0');
  t.strictSame(statusOf(pod, 'a').lastState?.terminated?.exitCode, 128);
  t.equal(statusOf(pod, 'a').lastState?.terminated?.startedAt, '1970-01-01T00:00:00Z');
  t.strictSame(pod.events.slice(1, 3), ['a: Created: Container created', '! a: Failed: Error: no such file']);
  await pod.clock.pass(4000);
  t.equal(brief(pod, 'a'), 'waiting CrashLoopBackOff 1');
  pod.worker.close();
});

t.test('what a kubelet before this one ran counts on from there', async (t) => {
  const running = { state: { running: { startedAt: '2026-01-01T00:00:00Z' } }, restartCount: 2, containerID: 'x://1' };
  const status = {
    phase: 'Running',
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [{ name: 'a', ...running }],
  };
  const pod = await testPod(one, { status });
  t.equal(brief(pod, 'a'), 'running 3 started ready');
  t.equal(statusOf(pod, 'a').lastState?.terminated?.reason, 'ContainerStatusUnknown');
  t.equal(pod.written[0]?.phase, 'Running');
  pod.worker.close();
  const once = await testPod({ ...one, restartPolicy: 'Never' }, { status });
  t.equal(once.started.length, 0, 'who is to run once does not run twice');
  t.equal(once.written.at(-1)?.phase, 'Failed');
});

t.test('a deadline ends a pod, whose phase waits until nothing runs', async (t) => {
  const pod = await testPod({ ...one, activeDeadlineSeconds: 10 });
  pod.obeys = false;
  await pod.clock.pass(11_000);
  t.equal(pod.written.at(-1)?.phase, 'Running');
  t.equal(pod.written.at(-1)?.conditions?.find(({ type }) => type === 'Ready')?.reason, 'PodFailed');
  await pod.clock.pass(5000);
  const { phase, reason } = pod.written.at(-1) ?? {};
  t.strictSame([phase, reason], ['Failed', 'DeadlineExceeded']);
});

t.test('resources change while a container runs, or with its restart, or not yet', async (t) => {
  let isFull = false;
  const refusal = { reason: 'OutOfcpu', message: 'no room' };
  const container = (cpu: string, memory: string) => ({
    name: 'a',
    image: 'i',
    resources: { requests: { cpu, memory } },
    resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
  });
  const pod = await testPod(
    { ...always, containers: [container('1', '1Gi')] },
    { allocate: () => (isFull ? refusal : undefined) },
  );
  const conditions = (): string[] =>
    (pod.worker.status().conditions ?? []).flatMap(({ type = '', reason }) =>
      type.startsWith('PodResize') ? [reason === undefined ? type : `${type} ${reason}`] : [],
    );
  const ask = (cpu: string, memory: string): void =>
    pod.update(({ metadata, spec, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, generation: (metadata?.generation ?? 0) + 1 },
      spec: { ...spec, containers: [container(cpu, memory)] },
    }));
  ask('2', '1Gi');
  t.strictSame(conditions(), ['PodResizeInProgress']);
  await pod.clock.pass(1000);
  t.strictSame(conditions(), []);
  t.equal(pod.started.length, 1);
  t.strictSame(statusOf(pod, 'a').resources?.requests, { cpu: '2', memory: '1Gi' });
  ask('2', '2Gi');
  await pod.clock.pass(1000);
  t.equal(pod.started.length, 2);
  t.ok(pod.events.includes('a: Killing: Container a resize requires restart'));
  isFull = true;
  ask('8', '2Gi');
  await pod.clock.pass(1000);
  t.strictSame(conditions(), ['PodResizePending Deferred']);
  t.equal(statusOf(pod, 'a').allocatedResources?.['cpu'], '2');
  isFull = false;
  pod.worker.retryResize();
  await pod.clock.pass(2000);
  t.strictSame(conditions(), []);
  t.equal(statusOf(pod, 'a').allocatedResources?.['cpu'], '8');
  pod.worker.close();
});

t.test('images are pulled with what the pod has secrets for, and a secret that is not there is told', async (t) => {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64');
  const auth = Buffer.from('alice:a:b').toString('base64');
  const secrets = {
    new: {
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': encode({ auths: { 'https://example.com/v1/': { auth } } }) },
    },
    old: {
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': encode({ 'example.org': { username: 'bob', password: 'c' } }) },
    },
  };
  const seen: unknown[] = [];
  const images = {
    find: () => undefined,
    pull: async (_node: string, image: string, _pod: unknown, credentials: unknown) => {
      seen.push(credentials);
      return { name: image, sizeBytes: 1 };
    },
  };
  const imagePullSecrets = [{ name: 'new' }, { name: 'gone' }, { name: '' }, { name: 'old' }, { name: 'lost' }];
  const pod = await testPod({ ...one, imagePullSecrets }, { images, secrets });
  t.strictSame(seen, [
    [
      { registry: 'https://example.com/v1/', user: 'alice', password: 'a:b' },
      { registry: 'example.org', user: 'bob', password: 'c' },
    ],
  ]);
  const words =
    'Unable to retrieve some image pull secrets (gone, lost); attempting to pull the image may not succeed.';
  t.ok(pod.events.includes(`! FailedToRetrieveImagePullSecret: ${words}`));
  pod.worker.close();
});

t.test('of a pod that is not let in nothing is said but that, and what others said of it goes', async (t) => {
  const rejection = { reason: 'Evicted', message: 'The node had condition: [DiskPressure]. ' };
  const conditions = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'example.com/own', status: 'True' },
  ];
  const status = { phase: 'Pending', conditions };
  const pod = await testPod(one, { rejection, status });
  t.equal(pod.started.length, 0);
  t.match(pod.written.at(-1), {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
    containerStatuses: undefined,
    hostIP: undefined,
  });
  t.strictSame(pod.worker.status().conditions, undefined);
  const patch = statusPatch({ metadata: { uid: 'u' }, status }, pod.worker.status());
  t.match(patch, { status: { conditions: [{ $patch: 'delete', type: 'PodScheduled' }] } });
  pod.worker.close();
});
