import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { busybox, hasEnded, idle, ofContainer, runPod, shell } from './running-pod.ts';

const needs = ['scheduler', 'programs'] as const;

async function sidecars(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    restartPolicy: 'Never',
    initContainers: [
      shell('side', 'sleep 1; touch /tmp/up; trap "exit 3" TERM; while true; do sleep 0.1; done', {
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['cat', '/tmp/up'] }, periodSeconds: 1 },
      }),
      shell('init', 'exit 0'),
    ],
    containers: [shell('c', 'sleep 2')],
  });
  const waiting = await pod.until(
    'the sidecar runs',
    (status) => ofContainer(status, 'side')?.state.running !== undefined,
  );
  c.equal(
    ofContainer(waiting, 'init')?.state.waiting?.reason,
    'PodInitializing',
    'the next waits until it has started',
  );
  const status = await pod.until('the pod has ended', hasEnded);
  c.equal(status.phase, 'Succeeded', 'a sidecar does not keep a pod, nor decide on its end');
  c.equal(ofContainer(status, 'side')?.state.terminated?.exitCode, 3, 'it is told to end when the others have');
}

async function lastWords(c: CaseContext): Promise<void> {
  const fallBack = { terminationMessagePolicy: 'FallbackToLogsOnError' };
  const rows = [
    ['file', 'printf bye > /dev/termination-log; exit 1', {}, 'bye'],
    ['path', 'printf bye > /dev/own; exit 1', { terminationMessagePath: '/dev/own' }, 'bye'],
    ['log', 'echo one; echo two; exit 1', fallBack, 'one\ntwo\n'],
    ['well', 'echo one; exit 0', fallBack, undefined],
  ] as const;
  for (const [name, script, more, message] of rows) {
    const pod = await runPod(c, { restartPolicy: 'Never', containers: [shell('c', script, more)] }, { name });
    const status = await pod.until(`${name} has ended`, (now) => ofContainer(now, 'c')?.state.terminated !== undefined);
    c.equal(ofContainer(status, 'c')?.state.terminated?.message, message, name);
  }
}

async function rules(c: CaseContext): Promise<void> {
  const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
  const own = { restartPolicy: 'Never', restartPolicyRules };
  const script = 'if [ -e /v/once ]; then exit 7; fi; touch /v/once; exit 42';
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  const pod = await runPod(c, {
    restartPolicy: 'Never',
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [shell('c', script, { ...own, volumeMounts })],
  });
  const status = await pod.until('it has failed', ({ phase }) => phase === 'Failed');
  const container = ofContainer(status, 'c');
  c.equal([container?.restartCount, container?.state.terminated?.exitCode], [1, 7], 'restarted for 42, not for 7');
}

async function missingProgram(c: CaseContext): Promise<void> {
  const containers = [{ name: 'c', image: busybox, imagePullPolicy: 'IfNotPresent', command: ['/missing'] }];
  const pod = await runPod(c, { restartPolicy: 'Never', containers });
  const status = await pod.until('it has failed', ({ phase }) => phase === 'Failed');
  const { terminated } = ofContainer(status, 'c')?.state ?? {};
  c.equal([terminated?.exitCode, terminated?.reason], [128, 'StartError'], 'how it ended');
  c.ok(terminated?.message?.includes('exec: "/missing": stat /missing: no such file or directory') === true, 'why');
}

async function missingImage(c: CaseContext): Promise<void> {
  const never = { name: 'never', image: 'registry.invalid/none:1', imagePullPolicy: 'Never' };
  const absent = { name: 'absent', image: 'registry.invalid/none:1' };
  const pod = await runPod(c, { containers: [never, absent] });
  const status = await pod.until('both wait', (now) => {
    const { containerStatuses = [] } = now;
    return (
      containerStatuses.length === 2 && containerStatuses.every(({ state }) => /Pull/.test(state.waiting?.reason ?? ''))
    );
  });
  c.equal(
    ofContainer(status, 'never')?.state.waiting,
    {
      reason: 'ErrImageNeverPull',
      message: 'Container image "registry.invalid/none:1" is not present with pull policy of Never',
    },
    'what is not there and not pulled',
  );
  c.equal(status.phase, 'Pending', 'phase');
  await pod.untilEvent('Pulling: Pulling image "registry.invalid/none:1"');
  await pod.untilEvent('Failed: Error: ErrImagePull');
}

async function onlookers(c: CaseContext): Promise<void> {
  const pod = await runPod(c, { containers: [shell('c', idle)] });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  const ephemeralContainers = [shell('look', 'exit 3', { targetContainerName: 'c' })];
  await c.patch(`${pod.path}/ephemeralcontainers`, { spec: { ephemeralContainers } }, { unstable: true });
  const status = await pod.until('the onlooker has ended', (now) => {
    return ofContainer(now, 'look')?.state.terminated !== undefined;
  });
  const look = ofContainer(status, 'look');
  c.equal([look?.state.terminated?.exitCode, look?.restartCount], [3, 0], 'it ran once');
  c.equal(ofContainer(status, 'c')?.ready, true, 'the pod goes on');
}

async function resize(c: CaseContext): Promise<void> {
  const resources = (cpu: string, memory: string) => ({
    requests: { cpu, memory },
    limits: { cpu: '100m', memory: '40Mi' },
  });
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  const pod = await runPod(c, {
    containers: [shell('c', idle, { resources: resources('10m', '20Mi'), resizePolicy })],
  });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  const ask = async (cpu: string, memory: string): Promise<void> => {
    const containers = [{ name: 'c', resources: resources(cpu, memory) }];
    const type = 'application/strategic-merge-patch+json';
    await c.patch(`${pod.path}/resize`, { spec: { containers } }, { type, unstable: true });
    await pod.until(`it is given ${cpu} and ${memory}`, (status) => {
      const { allocatedResources } = ofContainer(status, 'c') ?? {};
      return allocatedResources?.['cpu'] === cpu && allocatedResources['memory'] === memory;
    });
  };
  await ask('20m', '20Mi');
  c.equal((await pod.container('c'))?.restartCount, 0, 'processor time changes while it runs');
  await pod.untilEvent('ResizeStarted: Pod resize started: {"containers":[{"name":"c","resources":{"limits":');
  await ask('20m', '30Mi');
  await pod.untilEvent('Killing: Container c resize requires restart');
}

async function kernelSettings(c: CaseContext): Promise<void> {
  const spec = (name: string, value: string, script: string) => ({
    restartPolicy: 'Never',
    securityContext: { sysctls: [{ name, value }] },
    containers: [shell('c', script, { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  });
  const safe = await runPod(c, spec('kernel/shm_rmid_forced', '1', 'sysctl -n kernel.shm_rmid_forced; exit 1'), {
    name: 'safe',
  });
  const ended = await safe.until('it has ended', (now) => ofContainer(now, 'c')?.state.terminated !== undefined);
  c.equal(ofContainer(ended, 'c')?.state.terminated?.message, '1\n', 'a safe setting is seen inside');
  const unsafe = await runPod(c, spec('kernel.msgmax', '10000', 'exit 0'), { name: 'unsafe' });
  await unsafe.until('it is turned away', ({ phase }) => phase === 'Failed');
  const { body } = await c.get(unsafe.path, { unstable: true });
  const { reason, message } = (body as { readonly status: { readonly reason?: string; readonly message?: string } })
    .status;
  c.equal(
    [reason, message],
    ['SysctlForbidden', 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'],
    'why',
  );
}

/** What becomes of containers of a pod, beside their probes and hooks. */
export const podLifeCases: readonly Case[] = [
  { id: 'nodes/pod life/a sidecar starts before the others and ends after them', needs, run: sidecars },
  {
    id: 'nodes/pod life/last words are in the status',
    proves:
      'should report termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set',
    needs,
    run: lastWords,
  },
  { id: 'nodes/pod life/a container may have its own rules of restarts', needs, run: rules },
  { id: 'nodes/pod life/a program that is not there', needs, run: missingProgram },
  { id: 'nodes/pod life/an image that is not there', needs, run: missingImage },
  {
    id: 'nodes/pod life/an onlooker joins a pod',
    proves: 'will start an ephemeral container in an existing pod',
    needs,
    run: onlookers,
  },
  {
    id: 'nodes/pod life/kernel settings are taken where they are safe',
    proves: 'should not launch unsafe, but not explicitly enabled sysctls on the node',
    needs,
    run: kernelSettings,
  },
  {
    id: 'nodes/pod life/resources change while a pod runs',
    proves: 'Pod InPlace Resize Container',
    needs: [...needs, 'resize'],
    run: resize,
  },
];
