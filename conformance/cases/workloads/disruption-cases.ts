import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitEvent, awaitFields, nowhere, podsOf, report } from './played-pods.ts';

type Json = Readonly<Record<string, unknown>>;

const labels = { app: 'played' };
const selector = { matchLabels: labels };
const violation = "Cannot evict pod as it would violate the pod's disruption budget.";

async function budget(c: CaseContext, spec: Json): Promise<string> {
  const budgets = `/apis/policy/v1/namespaces/${await c.namespace()}/poddisruptionbudgets`;
  await c.post(budgets, { metadata: { name: 'pdb' }, spec: { selector, ...spec } });
  return `${budgets}/pdb`;
}

/** Pods of a ReplicaSet, of which the first are ready. */
async function replicas(c: CaseContext, count: number, ready: number): Promise<string[]> {
  await c.post(`/apis/apps/v1/namespaces/${await c.namespace()}/replicasets`, {
    metadata: { name: 'set' },
    spec: { replicas: count, selector, template: { metadata: { labels }, spec: podSpec(c) } },
  });
  await c.eventually(`${count} pods`, async () => (await podsOf(c)).length === count);
  const names = (await podsOf(c)).map(({ name }) => name);
  for (const name of names.slice(0, ready)) await report(c, name, 'Running');
  return names;
}

function podSpec(c: CaseContext): Json {
  return { ...nowhere(c), containers: [{ name: 'c', image: 'v1' }] };
}

async function evict(c: CaseContext, name: string, options: Parameters<CaseContext['post']>[2] = {}): Promise<void> {
  const path = `/api/v1/namespaces/${await c.namespace()}/pods/${name}/eviction`;
  await c.post(path, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } }, { unstable: true, ...options });
}

function counts(
  currentHealthy: number,
  desiredHealthy: number,
  expectedPods: number,
  disruptionsAllowed: number,
): Json {
  return {
    'status.currentHealthy': currentHealthy,
    'status.desiredHealthy': desiredHealthy,
    'status.expectedPods': expectedPods,
    'status.disruptionsAllowed': disruptionsAllowed,
  };
}

async function evictions(c: CaseContext): Promise<void> {
  const pdb = await budget(c, { minAvailable: 2 });
  await awaitFields(c, pdb, { ...counts(0, 2, 0, 0), 'status.observedGeneration': 1 });
  await awaitEvent(c, 'pdb', 'NoPods', 'No matching pods found');
  const [first = '', second = ''] = await replicas(c, 3, 3);
  await awaitFields(c, pdb, {
    ...counts(3, 2, 3, 1),
    'status.conditions[0].type': 'DisruptionAllowed',
    'status.conditions[0].status': 'True',
    'status.conditions[0].reason': 'SufficientPods',
    'status.conditions[0].observedGeneration': 1,
  });
  await evict(c, first);
  await awaitFields(c, pdb, {
    ...counts(2, 2, 3, 0),
    'status.disruptedPods': undefined,
    'status.conditions[0].status': 'False',
    'status.conditions[0].reason': 'InsufficientPods',
  });
  await evict(c, second, {
    status: 429,
    has: {
      reason: 'TooManyRequests',
      message: violation,
      'details.causes': [
        { reason: 'DisruptionBudget', message: 'The disruption budget pdb needs 2 healthy pods and has 2 currently' },
      ],
    },
  });
  const fresh = (await podsOf(c)).map(({ name }) => name);
  await report(c, fresh.find((name) => name !== first && name !== second) ?? '', 'Running');
  await c.eventually('the replacement or another is ready', async () => {
    for (const { name } of await podsOf(c)) await report(c, name, 'Running');
    return (await c.get(pdb, { unstable: true })).at('status.disruptionsAllowed') === 1;
  });
  await c.patch(pdb, { spec: { minAvailable: 3 } });
  await awaitFields(c, pdb, { ...counts(3, 3, 3, 0), 'status.observedGeneration': 2 });
}

async function shares(c: CaseContext): Promise<void> {
  const pdb = await budget(c, { maxUnavailable: '50%' });
  await replicas(c, 3, 2);
  await awaitFields(c, pdb, counts(2, 1, 3, 1));
  await c.patch(pdb, { spec: { maxUnavailable: null, minAvailable: '34%' } });
  await awaitFields(c, pdb, counts(2, 2, 3, 0));
  await c.patch(pdb, { spec: { minAvailable: null, maxUnavailable: 1 } });
  await awaitFields(c, pdb, counts(2, 2, 3, 0));
  await c.patch(pdb, { spec: { maxUnavailable: 9 } });
  await awaitFields(c, pdb, counts(2, 0, 3, 2));
}

async function unhealthy(c: CaseContext): Promise<void> {
  const pdb = await budget(c, { minAvailable: 2 });
  const names = await replicas(c, 3, 1);
  for (const name of names.slice(1)) {
    const path = `/api/v1/namespaces/${await c.namespace()}/pods/${name}/status`;
    const conditions = [{ type: 'Ready', status: 'False' }];
    await c.patch(path, { status: { phase: 'Running', conditions } }, { unstable: true });
  }
  await awaitFields(c, pdb, counts(1, 2, 3, 0));
  await evict(c, names[1] ?? '', { status: 429, has: { message: violation } });
  await c.patch(pdb, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } });
  await awaitFields(c, pdb, { 'status.observedGeneration': 2 });
  await evict(c, names[1] ?? '');
  await evict(c, names[0] ?? '', { status: 429, has: { message: violation } });
}

async function unmanaged(c: CaseContext): Promise<void> {
  await c.post(`/api/v1/namespaces/${await c.namespace()}/pods`, {
    metadata: { name: 'alone', labels },
    spec: podSpec(c),
  });
  const pdb = await budget(c, { maxUnavailable: 1 });
  await awaitFields(c, pdb, counts(0, 0, 0, 0));
  const shown =
    '&LabelSelector{MatchLabels:map[string]string{app: played,},MatchExpressions:[]LabelSelectorRequirement{},}';
  await awaitEvent(
    c,
    'pdb',
    'UnmanagedPods',
    `Pods selected by this PodDisruptionBudget (selector: ${shown}) were found to be unmanaged. As a result, the status of the PDB ` +
      'cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ' +
      '".spec.minAvailable" field of the PDB to an integer value.',
  );
}

async function withoutScale(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  const { body } = await c.post(`/api/v1/namespaces/${ns}/configmaps`, { metadata: { name: 'owner' } });
  const { uid } = (body as { metadata: { uid: string } }).metadata;
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, controller: true };
  await c.post(`/api/v1/namespaces/${ns}/pods`, {
    metadata: { name: 'owned', labels, ownerReferences: [owner] },
    spec: podSpec(c),
  });
  await report(c, 'owned', 'Running');
  const pdb = await budget(c, { maxUnavailable: 1 });
  const why = 'configmaps does not implement the scale subresource';
  await awaitFields(c, pdb, {
    'status.disruptionsAllowed': 0,
    'status.conditions[0].status': 'False',
    'status.conditions[0].reason': 'SyncFailed',
    'status.conditions[0].message': why,
  });
  const message = `Failed to calculate the number of expected pods: ${why}`;
  await awaitEvent(c, 'pdb', 'CalculateExpectedPodCountFailed', message);
}

const proves = 'Disruptions';
const needs = ['controllers'] as const;
const id = 'workloads/poddisruptionbudgets';
export const disruptionCases: readonly Case[] = [
  { id: `${id}/as many pods may be evicted as are healthy beyond the minimum`, run: evictions },
  { id: `${id}/shares are counted of what the owners want`, run: shares },
  { id: `${id}/pods that are not ready may go when the budget says so`, run: unhealthy },
  { id: `${id}/pods without owner are told of`, run: unmanaged },
  { id: `${id}/owners without scale allow nothing`, run: withoutScale },
].map((each) => ({ ...each, proves, needs }));
