import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { type Condition, conditionsOf } from '../conditions.ts';

const hold = 'conformance.example.com/hold';

async function emptyNamespace(c: CaseContext): Promise<void> {
  const namespace = `/api/v1/namespaces/${await c.namespace()}`;
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: [hold] } };
  await c.post(`${namespace}/configmaps`, map);
  await c.post(`${namespace}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'free' } });
  await c.delete(namespace, { has: { 'status.phase': 'Terminating' } });
  let conditions: readonly Condition[] = [];
  await c.eventually('conditions', async () => {
    conditions = await conditionsOf(c, namespace);
    return conditions.some(({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True');
  });
  const told = conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
  c.equal(
    told,
    [
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources successfully discovered'],
      [
        'NamespaceDeletionGroupVersionParsingFailure',
        'False',
        'ParsedGroupVersions',
        'All legacy kube types successfully parsed',
      ],
      [
        'NamespaceDeletionContentFailure',
        'False',
        'ContentDeleted',
        'All content successfully deleted, may be waiting on finalization',
      ],
      [
        'NamespaceContentRemaining',
        'True',
        'SomeResourcesRemain',
        'Some resources are remaining: configmaps. has 1 resource instances',
      ],
      [
        'NamespaceFinalizersRemaining',
        'True',
        'SomeFinalizersRemain',
        `Some content in the namespace has finalizers remaining: ${hold} in 1 resource instances`,
      ],
    ],
    'the conditions of a namespace whose content is held',
  );
  await c.get(`${namespace}/secrets/free`, { status: 404 });
  const refused = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } };
  await c.post(`${namespace}/configmaps`, refused, { status: 403 });
  await c.patch(`${namespace}/configmaps/held`, { metadata: { finalizers: null } });
  for (let i = 0; i < 60; i++) {
    if ((await c.get(namespace, { status: [200, 404], unstable: true })).status === 404) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await c.get(namespace, { status: 404 });
}

async function awaitUsed(c: CaseContext, quota: string, used: Readonly<Record<string, string>>): Promise<void> {
  const keys = Object.keys(used).sort();
  await c.eventually(`used ${JSON.stringify(used)}`, async () => {
    const found = ((await c.get(quota, { unstable: true })).at('status.used') ?? {}) as Record<string, string>;
    return keys.every((key) => found[key] === used[key]) && Object.keys(found).length === keys.length;
  });
}

async function countsQuota(c: CaseContext): Promise<void> {
  const namespace = `/api/v1/namespaces/${await c.namespace()}`;
  const secret = (name: string): object => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name } });
  await c.post(`${namespace}/secrets`, secret('before'));
  const hard = { secrets: '3', 'count/deployments.apps': '2', pods: '4', 'requests.cpu': '2', services: '1' };
  await c.post(`${namespace}/resourcequotas`, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'all' },
    spec: { hard },
  });
  const quota = `${namespace}/resourcequotas/all`;
  const none = { secrets: '1', 'count/deployments.apps': '0', pods: '0', 'requests.cpu': '0', services: '0' };
  await awaitUsed(c, quota, none);
  await c.get(quota, { has: { 'status.hard': hard }, unstable: true });
  await c.post(`${namespace}/secrets`, secret('after'));
  await awaitUsed(c, quota, { ...none, secrets: '2' });
  await c.delete(`${namespace}/secrets/before`);
  await awaitUsed(c, quota, { ...none, secrets: '1' });
  await c.patch(quota, { spec: { hard: { secrets: '1', services: null, configmaps: '5' } } });
  const { services: _, ...others } = none;
  await awaitUsed(c, quota, { ...others, configmaps: '1' });
}

async function countsInScope(c: CaseContext): Promise<void> {
  const namespace = `/api/v1/namespaces/${await c.namespace()}`;
  const quotas = `${namespace}/resourcequotas`;
  const pod = (name: string, spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { nodeSelector: { 'conformance.example.com/nowhere': c.rand }, ...spec },
  });
  const requests = { cpu: '100m' };
  const containers = [{ name: 'c', image: 'v1', resources: { requests } }];
  await c.post(`${namespace}/pods`, pod('best', { containers: [{ name: 'c', image: 'v1' }] }));
  await c.post(`${namespace}/pods`, pod('bounded', { containers, activeDeadlineSeconds: 3600 }));
  await c.post(`${namespace}/pods`, pod('plain', { containers }));
  const scopes: readonly (readonly [string, object, string])[] = [
    ['besteffort', { scopes: ['BestEffort'] }, '1'],
    ['notbesteffort', { scopes: ['NotBestEffort'] }, '2'],
    ['terminating', { scopes: ['Terminating'] }, '1'],
    ['both', { scopes: ['NotTerminating', 'NotBestEffort'] }, '1'],
  ];
  for (const [name, spec] of scopes)
    await c.post(quotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name },
      spec: { hard: { pods: '5' }, ...spec },
    });
  for (const [name, , count] of scopes) await awaitUsed(c, `${quotas}/${name}`, { pods: count });
  await c.delete(`${namespace}/pods/bounded`);
  await awaitUsed(c, `${quotas}/terminating`, { pods: '0' });
  await awaitUsed(c, `${quotas}/notbesteffort`, { pods: '1' });
}

const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

async function aggregatesRoles(c: CaseContext): Promise<void> {
  for (const name of ['admin', 'edit', 'view'])
    await c.get(`${roles}/${name}`, { unstable: true, has: { rules: (rules: unknown[]) => rules.length > 5 } });
  const label = `conformance.example.com/${c.rand}`;
  const rule = (resource: string): object => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
  const role = (name: string, resources: readonly string[]): object => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `${c.rand}-${name}`, labels: { [label]: 'true' } },
    rules: resources.map(rule),
  });
  await c.post(roles, role('b', ['pods', 'nodes']));
  await c.post(roles, role('a', ['services', 'pods']));
  await c.post(roles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `${c.rand}-sum` },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
  });
  const rules = async (expected: readonly string[]): Promise<void> =>
    c.eventually(`rules ${expected.join()}`, async () => {
      const found = (await c.get(`${roles}/${c.rand}-sum`, { unstable: true })).at('rules');
      return JSON.stringify(found ?? []) === JSON.stringify(expected.map(ordered));
    });
  await rules(['services', 'pods', 'nodes']);
  await c.delete(`${roles}/${c.rand}-a`);
  await rules(['pods', 'nodes']);
}

/** As servers write it. */
function ordered(resource: string): object {
  return { verbs: ['get'], apiGroups: [''], resources: [resource] };
}

async function fillsTokens(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const core = `/api/v1/namespaces/${namespace}`;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } };
  const uid = (await c.post(`${core}/serviceaccounts`, account)).textAt('metadata.uid');
  const annotations = { 'kubernetes.io/service-account.name': 'bot' };
  await c.post(`${core}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bot-token', annotations },
    type: 'kubernetes.io/service-account-token',
  });
  const secret = `${core}/secrets/bot-token`;
  let token = '';
  await c.eventually('a token', async () => {
    token = Buffer.from((await c.get(secret, { unstable: true })).textAt('data.token'), 'base64').toString();
    return token !== '';
  });
  await c.get(secret, {
    unstable: true,
    has: {
      'data.namespace': Buffer.from(namespace).toString('base64'),
      'metadata.annotations': { ...annotations, 'kubernetes.io/service-account.uid': uid },
    },
  });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  await c.post('/apis/authentication.k8s.io/v1/tokenreviews', review, {
    unstable: true,
    has: {
      'status.authenticated': true,
      'status.user.username': `system:serviceaccount:${namespace}:bot`,
      'status.user.uid': uid,
    },
  });
  await c.delete(`${core}/serviceaccounts/bot`);
  await c.eventually('the token goes with its account', async () => {
    return (await c.get(secret, { status: [200, 404], unstable: true })).status === 404;
  });
}

/** Nobody would tell how a pod ends that has no node. */
async function endsUnscheduled(c: CaseContext): Promise<void> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  await c.post(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'nowhere', finalizers: [hold] },
    spec: {
      nodeSelector: { 'conformance.example.com/nowhere': c.rand },
      containers: [{ name: 'c', image: 'v1' }],
    },
  });
  await c.delete(`${pods}/nowhere`, { unstable: true });
  // Other clusters look three times a minute.
  for (let i = 0; i < 60; i++) {
    if ((await c.get(`${pods}/nowhere`, { unstable: true })).at('status.phase') === 'Failed') break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await c.get(`${pods}/nowhere`, { unstable: true, has: { 'status.phase': 'Failed' } });
  await c.patch(`${pods}/nowhere`, { metadata: { finalizers: null } }, { unstable: true });
  await c.get(`${pods}/nowhere`, { status: 404 });
}

const needs = ['controllers'] as const;

export const upkeepCases: readonly Case[] = [
  {
    id: 'housekeeping/namespaces/a namespace empties itself and says what holds it',
    proves: 'Namespaces should ensure that all services are removed when a namespace is deleted',
    needs,
    run: emptyNamespace,
  },
  {
    id: 'housekeeping/quota/used follows what comes, goes and is asked for',
    proves: 'ResourceQuota should create a ResourceQuota and capture the life of a secret.',
    needs,
    run: countsQuota,
  },
  {
    id: 'housekeeping/quota/a quota counts what is in its scopes',
    proves: 'ResourceQuota should verify ResourceQuota with terminating scopes.',
    needs,
    run: countsInScope,
  },
  { id: 'housekeeping/pods/a pod that never had a node fails when it is deleted', needs, run: endsUnscheduled },
  { id: 'housekeeping/roles/aggregated cluster roles fill', needs, run: aggregatesRoles },
  { id: 'housekeeping/tokens/a Secret gets the token of its ServiceAccount', needs, run: fillsTokens },
];
