import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { hasEnded, idle, isReady, ofContainer, runOnce, runPod, shell } from './running-pod.ts';

async function runs(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10.2' }],
  });
  const status = await pod.until('the pod is ready', isReady);
  c.equal(status.phase, 'Running', 'phase');
  c.ok((await pod.node()) !== '', 'it has a node');
  c.ok(/^\d+\.\d+\.\d+\.\d+$/.test(status.podIP ?? ''), 'it has an address');
  for (const type of ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'])
    c.equal(status.conditions?.find((condition) => condition.type === type)?.status, 'True', type);
  await pod.remove();
}

async function ends(c: CaseContext): Promise<void> {
  const rows = [
    ['well', 'exit 0', 'Succeeded', 0, 'Completed'],
    ['badly', 'sleep 0.2; exit 7', 'Failed', 7, 'Error'],
  ] as const;
  for (const [name, script, phase, exitCode, reason] of rows) {
    const pod = await runOnce(c, { containers: [shell('c', script)] }, { name });
    const status = await pod.until(`${name} has ended`, (now) => now.phase === phase);
    const { terminated } = ofContainer(status, 'c')?.state ?? {};
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
  const pod = await runPod(c, { containers: [shell('c', 'exit 1')] });
  const status = await pod.until('it waits to be restarted', (now) => {
    return ofContainer(now, 'c')?.state.waiting?.reason === 'CrashLoopBackOff';
  });
  const [container] = status.containerStatuses ?? [];
  c.equal(status.phase, 'Running', 'phase');
  c.ok((container?.restartCount ?? 0) >= 1, 'it was restarted');
  c.equal(container?.lastState.terminated?.exitCode, 1, 'exit code of the run before');
}

async function initOrder(c: CaseContext): Promise<void> {
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  const pod = await runOnce(c, {
    volumes: [{ name: 'v', emptyDir: {} }],
    initContainers: [
      shell('one', 'echo 1 > /v/log', { volumeMounts }),
      shell('two', '[ "$(cat /v/log)" = 1 ] && echo 2 >> /v/log', { volumeMounts }),
    ],
    containers: [shell('c', 'if [ $(wc -l < /v/log) -eq 2 ]; then exit 0; else exit 1; fi', { volumeMounts })],
  });
  const status = await pod.until('it has ended', hasEnded);
  c.equal(status.phase, 'Succeeded', 'each found what the one before left');
  c.equal(
    status.initContainerStatuses?.map(({ ready }) => ready),
    [true, true],
    'init containers are ready when they have ended',
  );
}

async function failedInit(c: CaseContext): Promise<void> {
  const pod = await runOnce(c, {
    initContainers: [shell('one', 'exit 3'), shell('two', 'exit 0')],
    containers: [shell('c', 'exit 0')],
  });
  const status = await pod.until('it has failed', ({ phase }) => phase === 'Failed');
  c.equal(status.initContainerStatuses?.[0]?.state.terminated?.exitCode, 3, 'exit code of the first');
  c.equal(status.initContainerStatuses?.[1]?.state.waiting?.reason, 'PodInitializing', 'state of the second');
}

async function deadline(c: CaseContext): Promise<void> {
  const spec = { activeDeadlineSeconds: 1, containers: [shell('c', 'sleep 1000')] };
  const pod = await runPod(c, spec);
  const status = await pod.until('it has failed', ({ phase }) => phase === 'Failed');
  c.equal(status.reason, 'DeadlineExceeded', 'reason');
  c.equal(status.message, 'Pod was active on the node longer than the specified deadline', 'message');
}

async function traps(c: CaseContext): Promise<void> {
  const pod = await runPod(c, { terminationGracePeriodSeconds: 30, containers: [shell('c', idle)] });
  await pod.until('the pod is ready', isReady);
  // Long before its grace is over.
  await pod.remove();
}

async function hostPorts(c: CaseContext): Promise<void> {
  const containers = [
    { name: 'c', image: 'registry.k8s.io/pause:3.10.2', ports: [{ containerPort: 80, hostPort: 31_917 }] },
  ];
  const first = await runPod(c, { containers });
  await first.until('the first is ready', isReady);
  const second = await runPod(c, { nodeName: await first.node(), containers }, { name: 'b' });
  const status = await second.until('the second has failed', ({ phase }) => phase === 'Failed');
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
