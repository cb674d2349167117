import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { agnhost, idle, ofContainer, runPod, shell } from './running-pod.ts';

const needs = ['scheduler', 'programs'] as const;

function netexec(more: object): object {
  return { name: 'c', image: agnhost, imagePullPolicy: 'IfNotPresent', args: ['netexec', '--http-port=8080'], ...more };
}

const exec = (...command: string[]) => ({ exec: { command }, periodSeconds: 1 });

async function readiness(c: CaseContext): Promise<void> {
  const readinessProbe = { ...exec('cat', '/tmp/ready'), failureThreshold: 1 };
  const script = 'sleep 3; touch /tmp/ready; sleep 4; rm /tmp/ready; sleep 1000';
  const pod = await runPod(c, { containers: [shell('c', script, { readinessProbe })] });
  const before = await pod.until('it runs', (status) => ofContainer(status, 'c')?.state.running !== undefined);
  c.equal([ofContainer(before, 'c')?.ready, ofContainer(before, 'c')?.started], [false, true], 'started, not ready');
  await pod.until('it is ready', (status) => ofContainer(status, 'c')?.ready === true);
  const after = await pod.until('it is not ready any more', (status) => ofContainer(status, 'c')?.ready === false);
  const condition = after.conditions?.find(({ type }) => type === 'Ready');
  c.equal(
    [condition?.status, condition?.reason, condition?.message],
    ['False', 'ContainersNotReady', 'containers with unready status: [c]'],
    'condition Ready',
  );
  c.equal(ofContainer(after, 'c')?.restartCount, 0, 'readiness restarts nothing');
  await pod.untilEvent("Unhealthy: Readiness probe failed: cat: can't open '/tmp/ready': No such file or directory");
}

async function liveness(c: CaseContext): Promise<void> {
  const livenessProbe = { ...exec('cat', '/tmp/alive'), failureThreshold: 1 };
  const pod = await runPod(c, {
    containers: [shell('c', 'touch /tmp/alive; sleep 4; rm /tmp/alive; sleep 1000', { livenessProbe })],
  });
  const before = await pod.until('it runs', (status) => ofContainer(status, 'c')?.state.running !== undefined);
  await pod.until('it was restarted', (status) => (ofContainer(status, 'c')?.restartCount ?? 0) > 0);
  await pod.untilEvent('Killing: Container c failed liveness probe, will be restarted');
  await pod.untilEvent('Unhealthy: Liveness probe failed:');
  const after = await pod.until('it runs again', (status) => ofContainer(status, 'c')?.state.running !== undefined);
  c.equal(after.podIP, before.podIP, 'the pod keeps its address');
  c.equal(
    ofContainer(after, 'c')?.lastState.terminated?.exitCode,
    137,
    'a program that does not heed the wish is killed',
  );
}

async function startup(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    containers: [
      shell('c', 'sleep 4; touch /tmp/up; sleep 1000', {
        startupProbe: { ...exec('cat', '/tmp/up'), failureThreshold: 30 },
        livenessProbe: { ...exec('cat', '/tmp/up'), failureThreshold: 1 },
      }),
    ],
  });
  const before = await pod.until('it runs', (status) => ofContainer(status, 'c')?.state.running !== undefined);
  c.equal([ofContainer(before, 'c')?.started, ofContainer(before, 'c')?.ready], [false, false], 'not started yet');
  const after = await pod.until('it has started', (status) => ofContainer(status, 'c')?.started === true);
  c.equal(ofContainer(after, 'c')?.restartCount, 0, 'liveness waits for the startup probe');
}

async function startupFails(c: CaseContext): Promise<void> {
  const startupProbe = { ...exec('false'), failureThreshold: 2 };
  const pod = await runPod(c, { containers: [shell('c', idle, { startupProbe })] });
  await pod.untilEvent('Killing: Container c failed startup probe, will be restarted');
  await pod.until('it was restarted', (status) => (ofContainer(status, 'c')?.restartCount ?? 0) > 0);
}

async function overNetwork(c: CaseContext): Promise<void> {
  const rows = [
    ['http', { httpGet: { port: 'web', path: '/echo?msg=x' } }],
    ['http with a header', { httpGet: { port: 8080, path: '/', httpHeaders: [{ name: 'X', value: 'y' }] } }],
    ['http that is sent on', { httpGet: { port: 8080, path: '/redirect?location=/echo&code=302' } }],
    ['tcp', { tcpSocket: { port: 'web' } }],
  ] as const;
  for (const [index, [what, readinessProbe]] of rows.entries()) {
    const containers = [
      netexec({
        ports: [{ name: 'web', containerPort: 8080 }],
        readinessProbe: { periodSeconds: 1, ...readinessProbe },
      }),
    ];
    const pod = await runPod(c, { containers }, { name: `good-${index}` });
    await pod.until(`${what}: ready`, (status) => ofContainer(status, 'c')?.ready === true);
  }
}

async function networkFails(c: CaseContext): Promise<void> {
  const rows = [
    [
      'http',
      { httpGet: { port: 8080, path: '/echo?code=500' } },
      /^Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500$/,
    ],
    [
      'no http',
      { httpGet: { port: 81, path: '/x' } },
      /^Unhealthy: Readiness probe failed: Get "http:\/\/[\d.]+:81\/x": dial tcp [\d.]+:81: connect: connection refused$/,
    ],
    [
      'no tcp',
      { tcpSocket: { port: 81 } },
      /^Unhealthy: Readiness probe failed: dial tcp [\d.]+:81: connect: connection refused$/,
    ],
    [
      'no grpc',
      { grpc: { port: 81 } },
      /^Unhealthy: Readiness probe failed: timeout: failed to connect service "[\d.]+:81" within 1s: context deadline exceeded$/,
    ],
    [
      'late',
      { exec: { command: ['sleep', '5'] } },
      /^Unhealthy: Readiness probe failed: command timed out: "sleep 5" timed out after 1s$/,
    ],
  ] as const;
  for (const [index, [, readinessProbe, event]] of rows.entries()) {
    const pod = await runPod(
      c,
      { containers: [netexec({ readinessProbe: { periodSeconds: 1, ...readinessProbe } })] },
      { name: `bad-${index}` },
    );
    await pod.untilEvent(event);
    c.equal((await pod.container('c'))?.ready, false, 'not ready');
  }
}

async function never(c: CaseContext): Promise<void> {
  const livenessProbe = { ...exec('false'), failureThreshold: 1 };
  const pod = await runPod(c, { restartPolicy: 'Never', containers: [shell('c', 'sleep 1000', { livenessProbe })] });
  const status = await pod.until('it has failed', ({ phase }) => phase === 'Failed');
  c.equal(ofContainer(status, 'c')?.restartCount, 0, 'it did not run again');
  const events = await pod.events();
  c.ok(events.includes('Killing: Stopping container c'), `the pod ends with it: ${events.join('; ')}`);
}

/** What a kubelet asks its containers, and what it does about the answers. */
export const probeCases: readonly Case[] = [
  {
    id: 'nodes/probes/readiness comes and goes without a restart',
    proves: 'with readiness probe that fails should never be ready and never restart',
    needs,
    run: readiness,
  },
  {
    id: 'nodes/probes/who fails its liveness probe is restarted',
    proves: 'should be restarted with a exec "cat /tmp/health" liveness probe',
    needs,
    run: liveness,
  },
  { id: 'nodes/probes/liveness waits until a container has started', needs, run: startup },
  { id: 'nodes/probes/who does not start in time is restarted', needs, run: startupFails },
  { id: 'nodes/probes/HTTP and TCP', proves: 'with a tcp:8080 liveness probe', needs, run: overNetwork },
  { id: 'nodes/probes/failures are told with their reason', needs, run: networkFails },
  { id: 'nodes/probes/a pod that runs once fails for good', needs, run: never },
];
