import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const image = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

interface Status {
  readonly phase?: string;
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly state?: Readonly<Record<string, { readonly reason?: string }>>;
    readonly lastState?: Readonly<Record<string, unknown>>;
  }[];
}

function shell(name: string, script: string, more: object = {}): object {
  return { name, image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', script], ...more };
}

/** Makes the pod `a`; its path. */
async function started(c: CaseContext, spec: object): Promise<string> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  await c.post(
    pods,
    { metadata: { name: 'a' }, spec: { terminationGracePeriodSeconds: 0, ...spec } },
    { unstable: true },
  );
  return `${pods}/a`;
}

async function until(c: CaseContext, path: string, what: string, isSo: (status: Status) => boolean): Promise<void> {
  await c.eventually(what, async () => {
    const { body } = await c.get(path, { unstable: true });
    return isSo((body as { readonly status: Status }).status);
  });
}

const stateOf = (status: Status, name: string) =>
  status.containerStatuses?.find((container) => container.name === name)?.state ?? {};

const hasEnded = ({ phase }: Status): boolean => phase === 'Succeeded' || phase === 'Failed';

const stamped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;

async function selection(c: CaseContext): Promise<void> {
  const path = await started(c, {
    restartPolicy: 'Never',
    containers: [shell('c', 'echo one; sleep 2; echo two; printf three')],
  });
  await until(c, path, 'it has ended', hasEnded);
  const log = async (query: string): Promise<string> => (await c.get(`${path}/log${query}`, { unstable: true })).text;
  c.equal(await log(''), 'one\ntwo\nthree', 'all of it, the unfinished line included');
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
  const path = await started(c, {
    restartPolicy: 'Never',
    containers: [shell('c', 'echo out; sleep 0.3; echo err >&2')],
  });
  await until(c, path, 'it has ended', hasEnded);
  c.equal((await c.get(`${path}/log`)).text, 'out\nerr\n', 'both streams in their order');
}

async function follow(c: CaseContext): Promise<void> {
  const path = await started(c, {
    restartPolicy: 'Never',
    containers: [shell('c', 'for i in 1 2 3 4; do echo line $i; sleep 0.5; done')],
  });
  await until(c, path, 'it runs', (status) => stateOf(status, 'c')['running'] !== undefined);
  const { text } = await c.get(`${path}/log?follow=true`, { unstable: true });
  c.equal(text, 'line 1\nline 2\nline 3\nline 4\n', 'a follower has all of it when the container has ended');
}

async function previous(c: CaseContext): Promise<void> {
  const path = await started(c, {
    containers: [shell('c', 'echo run; sleep 1; exit 1'), shell('steady', 'sleep 1000')],
  });
  await until(c, path, 'both run', (status) => stateOf(status, 'steady')['running'] !== undefined);
  const message = 'previous terminated container "steady" in pod "a" not found';
  const refused = { reason: 'BadRequest', message };
  await c.get(`${path}/log?container=steady&previous=true`, { status: 400, has: refused });
  await until(c, path, 'one was restarted', ({ containerStatuses = [] }) =>
    containerStatuses.some(({ lastState }) => lastState?.['terminated'] !== undefined),
  );
  c.equal((await c.get(`${path}/log?container=c&previous=true`)).text, 'run\n', 'of the run before');
}

async function waiting(c: CaseContext): Promise<void> {
  const path = await started(c, {
    containers: [{ name: 'c', image: 'example.invalid/none:1', imagePullPolicy: 'Never' }, shell('d', 'sleep 1000')],
  });
  await until(c, path, 'one has no image', (status) => {
    return stateOf(status, 'c')['waiting']?.reason === 'ErrImageNeverPull';
  });
  const message = 'container "c" in pod "a" is waiting to start: ErrImageNeverPull';
  await c.get(`${path}/log?container=c`, { status: 400, has: { reason: 'BadRequest', message } });
}

async function initializing(c: CaseContext): Promise<void> {
  const path = await started(c, {
    initContainers: [shell('first', 'echo prepared; sleep 1000')],
    containers: [shell('c', 'sleep 1000')],
  });
  await c.eventually('the first runs', async () => {
    const { text, status } = await c.get(`${path}/log?container=first`, { status: [200, 204, 400], unstable: true });
    return status === 200 && text === 'prepared\n';
  });
  const message = 'container "c" in pod "a" is waiting to start: PodInitializing';
  await c.get(`${path}/log`, { status: 400, has: { reason: 'BadRequest', message } });
}

async function naming(c: CaseContext): Promise<void> {
  const path = await started(c, { containers: [shell('b', 'sleep 1000'), shell('c', 'sleep 1000')] });
  const choose = 'a container name must be specified for pod a, choose one of: [b c]';
  await c.get(`${path}/log`, { status: 400, has: { message: choose } });
  await c.get(`${path}/log?container=d`, { status: 400, has: { message: 'container d is not valid for pod a' } });
  const options = 'PodLogOptions "a" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0';
  await c.get(`${path}/log?container=b&tailLines=-1`, { status: 422, has: { message: options } });
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
