import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { idle, ofContainer, runPod, shell } from './running-pod.ts';

const needs = ['scheduler', 'programs'] as const;
const exec = (script: string) => ({ exec: { command: ['/bin/sh', '-c', script] } });

async function postStart(c: CaseContext): Promise<void> {
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  const pod = await runPod(c, {
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      shell('c', idle, { volumeMounts, lifecycle: { postStart: exec('sleep 1; echo done > /v/hook') } }),
      shell('after', 'cat /v/hook || exit 1; sleep 1000', { volumeMounts }),
    ],
  });
  const status = await pod.until(
    'both run',
    ({ containerStatuses }) => containerStatuses?.every(({ ready }) => ready) === true,
  );
  c.equal(ofContainer(status, 'after')?.restartCount, 0, 'the next container starts after the hook of the one before');
}

async function postStartFails(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    containers: [shell('c', idle, { lifecycle: { postStart: exec('echo bad; exit 2') } })],
  });
  await pod.untilEvent('FailedPostStartHook: PostStartHook failed');
  await pod.untilEvent('Killing: FailedPostStartHook');
  const status = await pod.until('the state tells of it', (now) => {
    return ofContainer(now, 'c')?.state.waiting?.reason === 'PostStartHookError';
  });
  const message = ofContainer(status, 'c')?.state.waiting?.message ?? '';
  c.ok(
    /^Exec lifecycle hook \(\[\/bin\/sh -c echo bad; exit 2\]\) for Container "c" in Pod "a_.*\(.*\)" failed - error: command '\/bin\/sh -c echo bad; exit 2' exited with 2: , message: "bad\\n"$/.test(
      message,
    ),
    message,
  );
}

async function preStop(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    terminationGracePeriodSeconds: 30,
    containers: [
      shell('c', 'trap "exit 7" TERM; until [ -e /tmp/hook ]; do sleep 0.1; done; exit 5', {
        lifecycle: { preStop: exec('touch /tmp/hook; sleep 2') },
      }),
    ],
    // Who looks has to see the end.
  });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  await c.patch(pod.path, { metadata: { finalizers: ['conformance.example.com/look'] } }, { unstable: true });
  await c.delete(pod.path, { unstable: true });
  const status = await pod.until('it has ended', (now) => ofContainer(now, 'c')?.state.terminated !== undefined);
  c.equal(ofContainer(status, 'c')?.state.terminated?.exitCode, 5, 'the hook ran before the signal');
  await c.patch(pod.path, { metadata: { finalizers: null } }, { unstable: true });
}

async function preStopFails(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    terminationGracePeriodSeconds: 2,
    containers: [shell('c', idle, { lifecycle: { preStop: exec('sleep 100') } })],
  });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  await pod.remove();
  const events = await pod.events();
  c.ok(events.includes('Killing: Stopping container c'), 'it was told to stop');
}

async function sleepHook(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    terminationGracePeriodSeconds: 30,
    containers: [shell('c', idle, { lifecycle: { preStop: { sleep: { seconds: 3 } } } })],
  });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  const begin = performance.now();
  await pod.remove();
  const seconds = (performance.now() - begin) / 1000;
  c.ok(seconds > 2.5 && seconds < 20, `it stayed for the hook and no longer: ${seconds.toFixed(1)} s`);
}

/** What containers do when they have started and before they end. */
export const hookCases: readonly Case[] = [
  {
    id: 'nodes/hooks/a container has started when its hook has ended',
    proves: 'should execute poststart exec hook properly',
    needs,
    run: postStart,
  },
  { id: 'nodes/hooks/a hook that fails ends its container', needs, run: postStartFails },
  {
    id: 'nodes/hooks/a hook comes before the end',
    proves: 'should execute prestop exec hook properly',
    needs,
    run: preStop,
  },
  { id: 'nodes/hooks/a hook has no longer than the grace', needs, run: preStopFails },
  { id: 'nodes/hooks/a hook that sleeps', needs, run: sleepHook },
];
