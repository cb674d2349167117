import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { hasEnded, ofContainer, runPod, shell } from './running-pod.ts';

const stamped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;

async function selection(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    restartPolicy: 'Never',
    containers: [shell('c', 'echo one; sleep 2; echo two; printf three')],
  });
  await pod.until('it has ended', hasEnded);
  const { log } = pod;
  c.equal(await log(), 'one\ntwo\nthree', 'all of it, the unfinished line included');
  c.equal(await log('?tailLines=2'), 'two\nthree', 'the last lines');
  c.equal(await log('?tailLines=0'), '', 'no lines');
  c.equal(await log('?limitBytes=5'), 'one\nt', 'the first bytes');
  c.equal(await log('?follow=true'), 'one\ntwo\nthree', 'to follow what has ended ends');
  const lines = (await log('?timestamps=true')).split('\n');
  c.ok(lines.length === 3 && lines.every((line) => stamped.test(line)), `each line has its time: ${lines.join('|')}`);
  const second = (lines[1] ?? '').split(' ')[0] ?? '';
  c.equal(await log(`?sinceTime=${encodeURIComponent(second)}`), 'two\nthree', 'lines since a time');
  c.equal(await log('?sinceSeconds=3600'), 'one\ntwo\nthree', 'lines of the last hour');
}

async function bothStreams(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    restartPolicy: 'Never',
    containers: [shell('c', 'echo out; sleep 0.3; echo err >&2')],
  });
  await pod.until('it has ended', hasEnded);
  c.equal((await c.get(`${pod.path}/log`)).text, 'out\nerr\n', 'both streams in their order');
}

async function follow(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    restartPolicy: 'Never',
    containers: [shell('c', 'for i in 1 2 3 4; do echo line $i; sleep 0.5; done')],
  });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.state.running !== undefined);
  c.equal(
    await pod.log('?follow=true'),
    'line 1\nline 2\nline 3\nline 4\n',
    'a follower has all of it when the container has ended',
  );
}

async function previous(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    containers: [shell('c', 'echo run; sleep 1; exit 1'), shell('steady', 'sleep 1000')],
  });
  await pod.until('both run', (status) => ofContainer(status, 'steady')?.state.running !== undefined);
  const message = 'previous terminated container "steady" in pod "a" not found';
  const refused = { reason: 'BadRequest', message };
  await c.get(`${pod.path}/log?container=steady&previous=true`, { status: 400, has: refused });
  await pod.until('one was restarted', ({ containerStatuses = [] }) =>
    containerStatuses.some(({ lastState }) => lastState.terminated !== undefined),
  );
  c.equal((await c.get(`${pod.path}/log?container=c&previous=true`)).text, 'run\n', 'of the run before');
}

async function waiting(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    containers: [{ name: 'c', image: 'example.invalid/none:1', imagePullPolicy: 'Never' }, shell('d', 'sleep 1000')],
  });
  await pod.until('one has no image', (status) => {
    return ofContainer(status, 'c')?.state.waiting?.reason === 'ErrImageNeverPull';
  });
  const message = 'container "c" in pod "a" is waiting to start: ErrImageNeverPull';
  await c.get(`${pod.path}/log?container=c`, { status: 400, has: { reason: 'BadRequest', message } });
}

async function initializing(c: CaseContext): Promise<void> {
  const pod = await runPod(c, {
    initContainers: [shell('first', 'echo prepared; sleep 1000')],
    containers: [shell('c', 'sleep 1000')],
  });
  await pod.untilLog('the first runs', (log) => log === 'prepared\n', '?container=first');
  const message = 'container "c" in pod "a" is waiting to start: PodInitializing';
  await c.get(`${pod.path}/log`, { status: 400, has: { reason: 'BadRequest', message } });
}

async function naming(c: CaseContext): Promise<void> {
  const pod = await runPod(c, { containers: [shell('b', 'sleep 1000'), shell('c', 'sleep 1000')] });
  const choose = 'a container name must be specified for pod a, choose one of: [b c]';
  await c.get(`${pod.path}/log`, { status: 400, has: { message: choose } });
  await c.get(`${pod.path}/log?container=d`, { status: 400, has: { message: 'container d is not valid for pod a' } });
  const options = 'PodLogOptions "a" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0';
  await c.get(`${pod.path}/log?container=b&tailLines=-1`, { status: 422, has: { message: options } });
}

export const logCases: readonly Case[] = [
  {
    id: 'nodes/logs/are selected by lines, bytes and time',
    proves: 'Kubectl logs should be able to retrieve and filter logs',
    needs: ['programs'],
    run: selection,
  },
  { id: 'nodes/logs/hold both outputs', needs: ['programs'], run: bothStreams },
  { id: 'nodes/logs/can be followed to the end', needs: ['programs'], run: follow },
  { id: 'nodes/logs/of the run before are kept', needs: ['programs'], run: previous },
  { id: 'nodes/logs/say why there are none yet', needs: ['programs'], run: waiting },
  { id: 'nodes/logs/of init containers are there while others wait', needs: ['programs'], run: initializing },
  { id: 'nodes/logs/need a container that is there', needs: ['programs'], run: naming },
];
