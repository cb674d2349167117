import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { ApiClient } from '../api/client.ts';
import type { Api } from '../api/object.ts';
import { jobController } from '../runtime/controllers/job/job-controller.ts';
import { type Pod, playNodes, problemsAtRest, startFaultyCluster, startKilledCluster } from './faulty-cluster.ts';

type Job = Api<'io.k8s.api.batch.v1.Job'>;

const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const jobs = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
const namespace = 'default';

function job(name: string, spec: Api<'io.k8s.api.batch.v1.JobSpec'>): Job {
  const template = {
    metadata: { labels: { app: name } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
  };
  return { metadata: { name }, spec: { backoffLimit: 1000, template, ...spec } };
}

/** How pods end, every `failing`th of them badly, and each in one way; so long ago that no failure makes a Job wait. */
function endings(failing: number): (pod: Pod) => object {
  const exits = new Map<string, boolean>();
  return ({ metadata, spec }) => {
    const uid = metadata?.uid ?? '';
    const isGood = exits.get(uid) ?? exits.size % failing !== failing - 1;
    exits.set(uid, isGood);
    const terminated = { exitCode: isGood ? 0 : 1, finishedAt: '2020-01-01T00:00:00Z' };
    const name = spec?.containers?.[0]?.name;
    return {
      phase: isGood ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name, image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } }],
    };
  };
}

/** What is wrong with a Job that should have ended: nothing, once it has. Each pod that ended is counted once. */
async function trouble(client: ApiClient, name: string): Promise<string[]> {
  const { status = {}, spec } = await client.get<Job>(jobs, namespace, name);
  const found = (await client.list<Pod>(pods, { namespace, labelSelector: `app=${name}` })).items;
  const problems: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) problems.push(`${name}: ${what} is ${actual}, not ${expected}`);
  };
  const phases = (phase: string): number => found.filter((pod) => pod.status?.phase === phase).length;
  expect('end', status.conditions?.find(({ type }) => type === 'Complete')?.status, 'True');
  expect('pods left', found.length, phases('Succeeded') + phases('Failed'));
  expect('finalizers left', found.filter(({ metadata }) => metadata?.finalizers !== undefined).length, 0);
  expect('uncounted', JSON.stringify(status.uncountedTerminatedPods), '{}');
  const completions = spec?.completions ?? 0;
  if (spec?.completionMode === 'Indexed') {
    expect('indexes', status.completedIndexes, `0-${completions - 1}`);
    expect('succeeded', status.succeeded, completions);
  } else expect('succeeded', status.succeeded, phases('Succeeded'));
  // A pod that fails while it is deleted may be gone before anybody counts.
  expect('failed', (status.failed ?? 0) >= phases('Failed'), true);
  return problems;
}

t.test('Jobs count each pod once when one request of ten fails and watches break', async (t) => {
  await using cluster = await startFaultyCluster([jobController], 36);
  const { client, faults } = cluster;
  const nodes = playNodes(() => client, endings(4));
  await client.create(jobs, namespace, job('plain', { parallelism: 4, completions: 20 }));
  await client.create(jobs, namespace, job('indexed', { parallelism: 3, completions: 12, completionMode: 'Indexed' }));
  const look = async () => [...(await trouble(client, 'plain')), ...(await trouble(client, 'indexed'))];
  t.strictSame(await problemsAtRest(look), []);
  for (const name of ['conflict', 'internal', 'timeout after commit', 'watch ended'])
    t.ok((faults.get(name) ?? 0) > 0, `${name}: ${faults.get(name)}`);
  await nodes.stop();
});

t.test('a Job that kill -9 interrupts counts each pod once', async (t) => {
  await using cluster = await startKilledCluster('--scheduler=false');
  const nodes = playNodes(cluster.client, endings(5));
  await cluster.client().create(jobs, namespace, job('plain', { parallelism: 4, completions: 24 }));
  for (const delay of [300, 600, 900]) {
    await wait(delay);
    await cluster.kill();
  }
  const look = () => trouble(cluster.client(), 'plain');
  t.strictSame(await problemsAtRest(look), []);
  await nodes.stop();
});
