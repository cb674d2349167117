import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { ApiClient } from '../api/client.ts';
import type { Api } from '../api/object.ts';
import { deploymentController } from '../runtime/controllers/workloads/deployment/deployment-controller.ts';
import { replicaSetController } from '../runtime/controllers/workloads/replica-controller.ts';
import { type Pod, playNodes, problemsAtRest, startFaultyCluster, startKilledCluster } from './faulty-cluster.ts';

type Deployment = Api<'io.k8s.api.apps.v1.Deployment'>;
type ReplicaSet = Readonly<Api<'io.k8s.api.apps.v1.ReplicaSet'>>;

const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' } as const;
const replicaSets = { group: 'apps', version: 'v1', resource: 'replicasets' } as const;
const namespace = 'default';

function deployment(name: string, replicas: number, type: 'Recreate' | 'RollingUpdate'): Deployment {
  const labels = { app: name };
  return {
    metadata: { name },
    spec: {
      replicas,
      revisionHistoryLimit: 20,
      selector: { matchLabels: labels },
      strategy: { type },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v0' }] } },
    },
  };
}

function running(): object {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  return { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] };
}

async function change(client: ApiClient, name: string, spec: unknown): Promise<void> {
  await client.patch(
    { resource: deployments, namespace, name, type: 'application/strategic-merge-patch+json' },
    { spec },
  );
}

function image(version: string): unknown {
  return { template: { spec: { containers: [{ name: 'c', image: version }] } } };
}

/** What is wrong with a Deployment that should have come to rest: nothing, once it has. */
async function trouble(client: ApiClient, name: string, replicas: number, version: string): Promise<string[]> {
  const { status = {}, metadata } = await client.get<Deployment>(deployments, namespace, name);
  const labelSelector = `app=${name}`;
  const sets = (await client.list<ReplicaSet>(replicaSets, { namespace, labelSelector })).items;
  const found = (await client.list<Pod>(pods, { namespace, labelSelector })).items;
  const versionOf = ({ spec }: ReplicaSet) => spec?.template?.spec?.containers?.[0]?.image ?? '';
  const problems: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) problems.push(`${name}: ${what} is ${actual}, not ${expected}`);
  };
  expect('pods', found.length, replicas);
  expect('images', [...new Set(found.map(({ spec }) => spec?.containers?.[0]?.image))].join(), version);
  expect('owners', [...new Set(found.map((pod) => pod.metadata?.ownerReferences?.[0]?.name))].length, 1);
  expect('ReplicaSets of one version', new Set(sets.map(versionOf)).size, sets.length);
  for (const set of sets)
    expect(`size of ${versionOf(set)}`, set.spec?.replicas, versionOf(set) === version ? replicas : 0);
  const counts = [status.replicas, status.updatedReplicas, status.readyReplicas, status.availableReplicas];
  expect('status', counts.join(), Array(4).fill(replicas).join());
  expect('generation', status.observedGeneration, metadata?.generation);
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  expect('progress', progressing?.reason, 'NewReplicaSetAvailable');
  return problems;
}

t.test('rollouts come to the same end when one request of ten fails and watches break', async (t) => {
  await using cluster = await startFaultyCluster([deploymentController, replicaSetController], 36);
  const { client, faults } = cluster;
  const nodes = playNodes(() => client, running);
  await client.create(deployments, namespace, deployment('rolling', 16, 'RollingUpdate'));
  await client.create(deployments, namespace, deployment('again', 4, 'Recreate'));
  for (const [i, size] of [16, 6, 14, 12].entries()) {
    await wait(400);
    await change(client, 'rolling', image(`v${i + 1}`));
    await change(client, 'again', image(`v${i + 1}`));
    await wait(150);
    await change(client, 'rolling', { replicas: size });
  }
  const look = async () => [
    ...(await trouble(client, 'rolling', 12, 'v4')),
    ...(await trouble(client, 'again', 4, 'v4')),
  ];
  t.strictSame(await problemsAtRest(look), []);
  await wait(500);
  t.strictSame(await look(), [], 'and it stays so');
  for (const name of ['conflict', 'too many', 'internal', 'timeout after commit', 'watch ended']) {
    t.ok((faults.get(name) ?? 0) > 0, `${name}: ${faults.get(name)}`);
  }
  await nodes.stop();
});

t.test('a rollout that a kill -9 interrupts goes on where it was', async (t) => {
  await using cluster = await startKilledCluster();
  const nodes = playNodes(cluster.client, running);
  await cluster.client().create(deployments, namespace, deployment('web', 16, 'RollingUpdate'));
  for (const [round, delay] of [150, 400, 800].entries()) {
    await change(cluster.client(), 'web', image(`v${round + 1}`));
    await wait(delay);
    await cluster.kill();
  }
  const look = () => trouble(cluster.client(), 'web', 16, 'v3');
  t.strictSame(await problemsAtRest(look), []);
  await wait(500);
  t.strictSame(await look(), [], 'and it stays so');
  await nodes.stop();
});
