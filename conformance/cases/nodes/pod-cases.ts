import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: {
    readonly terminated?: { readonly exitCode: number; readonly reason: string };
    readonly waiting?: { readonly reason: string };
  };
  readonly lastState?: { readonly terminated?: { readonly exitCode: number } };
}

interface Pod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

const image = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

/** A container that runs a shell's text. */
function shell(name: string, script: string, more: object = {}): object {
  return { name, image, command: ['/bin/sh', '-c', script], ...more };
}

async function podsOf(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/pods`;
}

async function started(c: CaseContext, pods: string, name: string, spec: object): Promise<string> {
  await c.post(pods, { metadata: { name }, spec: { terminationGracePeriodSeconds: 1, ...spec } }, { unstable: true });
  return `${pods}/${name}`;
}

async function readPod(c: CaseContext, path: string): Promise<Pod> {
  return (await c.get(path, { unstable: true })).body as unknown as Pod;
}

async function until(c: CaseContext, path: string, what: string, isSo: (pod: Pod) => boolean): Promise<Pod> {
  let pod = await readPod(c, path);
  await c.eventually(what, async () => {
    pod = await readPod(c, path);
    return isSo(pod);
  });
  return pod;
}

const isRunning = ({ status }: Pod): boolean => status.containerStatuses?.every(({ ready }) => ready) === true;

async function runs(c: CaseContext): Promise<void> {
  const path = await started(c, await podsOf(c), 'a', {
    containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10.2' }],
  });
  const { spec, status } = await until(c, path, 'the pod is ready', isRunning);
  c.equal(status.phase, 'Running', 'phase');
  c.ok((spec.nodeName ?? '') !== '', 'it has a node');
  c.ok(/^\d+\.\d+\.\d+\.\d+$/.test(status.podIP ?? ''), 'it has an address');
  for (const type of ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'])
    c.equal(status.conditions?.find((condition) => condition.type === type)?.status, 'True', type);
  await c.delete(path, { unstable: true });
  await c.eventually('the pod has gone', async () => {
    return (await c.get(path, { status: [200, 404], unstable: true })).status === 404;
  });
}

async function ends(c: CaseContext): Promise<void> {
  const pods = await podsOf(c);
  const rows = [
    ['well', 'exit 0', 'Succeeded', 0, 'Completed'],
    ['badly', 'sleep 0.2; exit 7', 'Failed', 7, 'Error'],
  ] as const;
  for (const [name, script, phase, exitCode, reason] of rows) {
    const path = await started(c, pods, name, { restartPolicy: 'Never', containers: [shell('c', script)] });
    const { status } = await until(c, path, `${name} has ended`, (pod) => pod.status.phase === phase);
    const { terminated } = status.containerStatuses?.[0]?.state ?? {};
    c.equal([terminated?.exitCode, terminated?.reason], [exitCode, reason], `how ${name} ended`);
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    c.equal(
      [ready?.status, ready?.reason],
      ['False', phase === 'Failed' ? 'PodFailed' : 'PodCompleted'],
      `${name}: Ready`,
    );
  }
}

async function restarts(c: CaseContext): Promise<void> {
  const path = await started(c, await podsOf(c), 'a', { containers: [shell('c', 'exit 1')] });
  const { status } = await until(c, path, 'it waits to be restarted', ({ status: { containerStatuses } }) => {
    return containerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff';
  });
  const [container] = status.containerStatuses ?? [];
  c.equal(status.phase, 'Running', 'phase');
  c.ok((container?.restartCount ?? 0) >= 1, 'it was restarted');
  c.equal(container?.lastState?.terminated?.exitCode, 1, 'exit code of the run before');
}

async function initOrder(c: CaseContext): Promise<void> {
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  const path = await started(c, await podsOf(c), 'a', {
    restartPolicy: 'Never',
    volumes: [{ name: 'v', emptyDir: {} }],
    initContainers: [
      shell('one', 'echo 1 > /v/log', { volumeMounts }),
      shell('two', '[ "$(cat /v/log)" = 1 ] && echo 2 >> /v/log', { volumeMounts }),
    ],
    containers: [shell('c', 'if [ $(wc -l < /v/log) -eq 2 ]; then exit 0; else exit 1; fi', { volumeMounts })],
  });
  const { status } = await until(c, path, 'it has ended', (pod) =>
    ['Succeeded', 'Failed'].includes(pod.status.phase ?? ''),
  );
  c.equal(status.phase, 'Succeeded', 'each found what the one before left');
  c.equal(
    status.initContainerStatuses?.map(({ ready }) => ready),
    [true, true],
    'init containers are ready when they have ended',
  );
}

async function failedInit(c: CaseContext): Promise<void> {
  const path = await started(c, await podsOf(c), 'a', {
    restartPolicy: 'Never',
    initContainers: [shell('one', 'exit 3'), shell('two', 'exit 0')],
    containers: [shell('c', 'exit 0')],
  });
  const { status } = await until(c, path, 'it has failed', (pod) => pod.status.phase === 'Failed');
  c.equal(status.initContainerStatuses?.[0]?.state.terminated?.exitCode, 3, 'exit code of the first');
  c.equal(status.initContainerStatuses?.[1]?.state.waiting?.reason, 'PodInitializing', 'state of the second');
}

async function deadline(c: CaseContext): Promise<void> {
  const spec = { activeDeadlineSeconds: 1, containers: [shell('c', 'sleep 1000')] };
  const path = await started(c, await podsOf(c), 'a', spec);
  const { status } = await until(c, path, 'it has failed', (pod) => pod.status.phase === 'Failed');
  c.equal(status.reason, 'DeadlineExceeded', 'reason');
  c.equal(status.message, 'Pod was active on the node longer than the specified deadline', 'message');
}

async function traps(c: CaseContext): Promise<void> {
  const pods = await podsOf(c);
  const script = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
  const path = await started(c, pods, 'a', { terminationGracePeriodSeconds: 30, containers: [shell('c', script)] });
  await until(c, path, 'the pod is ready', isRunning);
  await c.delete(path, { unstable: true });
  await c.eventually('the pod has gone long before its grace is over', async () => {
    return (await c.get(path, { status: [200, 404], unstable: true })).status === 404;
  });
}

async function hostPorts(c: CaseContext): Promise<void> {
  const pods = await podsOf(c);
  const containers = [
    { name: 'c', image: 'registry.k8s.io/pause:3.10.2', ports: [{ containerPort: 80, hostPort: 31_917 }] },
  ];
  const first = await started(c, pods, 'a', { containers });
  const { spec } = await until(c, first, 'the first is ready', isRunning);
  const second = await started(c, pods, 'b', { nodeName: spec.nodeName, containers });
  const { status } = await until(c, second, 'the second has failed', (pod) => pod.status.phase === 'Failed');
  c.equal(status.reason, 'NodePorts', 'reason');
  c.equal(
    status.message,
    "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    'message',
  );
}

const needs = ['scheduler', 'programs'] as const;

/** Pods from their binding to their end, where nodes run what containers are told to run. */
export const podCases: readonly Case[] = [
  { id: 'nodes/pods/a pod runs until it is deleted', proves: 'Pods should be submitted and removed', needs, run: runs },
  { id: 'nodes/pods/the exit code decides how a pod ends', needs, run: ends },
  { id: 'nodes/pods/a container that fails is restarted, later each time', needs, run: restarts },
  {
    id: 'nodes/pods/init containers run one after the other',
    proves: 'InitContainer should invoke init containers on a RestartNever pod',
    needs,
    run: initOrder,
  },
  {
    id: 'nodes/pods/a failed init container fails the pod',
    proves: 'should not start app containers and fail the pod if init containers fail on a RestartNever pod',
    needs,
    run: failedInit,
  },
  {
    id: 'nodes/pods/a deadline ends a pod',
    proves: 'Pods should allow activeDeadlineSeconds to be updated',
    needs,
    run: deadline,
  },
  { id: 'nodes/pods/a program may heed the wish to end', needs, run: traps },
  { id: 'nodes/pods/a port of the node is had once', needs, run: hostPorts },
];
