import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const api = '/apis/flowcontrol.apiserver.k8s.io/v1';
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

interface Named {
  readonly metadata: { readonly name: string; readonly uid: string };
}

async function namesByUid(c: CaseContext): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const resource of ['flowschemas', 'prioritylevelconfigurations']) {
    const list = await c.get(`${api}/${resource}`, { unstable: true });
    for (const { metadata } of list.at('items') as Named[]) names.set(metadata.uid, metadata.name);
  }
  return names;
}

function as(user: string, ...groups: string[]): Record<string, string> {
  const [group] = groups;
  return { 'Impersonate-User': user, ...(group === undefined ? {} : { 'Impersonate-Group': group }) };
}

/** Where a request went, by name: `schema/level`. */
async function flowOf(c: CaseContext, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const names = await namesByUid(c);
  const answer = await c.get(path, { headers, status: [200, 403, 404], unstable: true });
  const name = (header: string): string => names.get(String(answer.headers[header])) ?? 'nothing';
  return `${name('x-kubernetes-pf-flowschema-uid')}/${name('x-kubernetes-pf-prioritylevel-uid')}`;
}

async function classified(c: CaseContext): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  const nodes = 'system:nodes';
  const accounts = 'system:serviceaccounts';
  const expected: [string, string, Record<string, string>][] = [
    ['exempt/exempt', '/api/v1/namespaces/default', {}],
    ['exempt/exempt', '/no/such/path', {}],
    ['global-default/global-default', '/api/v1/namespaces/default', as('jane')],
    ['global-default/global-default', '/apis', as('jane')],
    ['probes/exempt', '/livez', as('jane')],
    ['system-node-high/node-high', '/api/v1/nodes', as('system:node:a', nodes)],
    ['system-nodes/system', '/api/v1/pods', as('system:node:a', nodes)],
    ['system-nodes/system', '/api/v1/nodes/a/proxied', as('system:node:a', nodes)],
    ['service-accounts/workload-low', '/api/v1/pods', as('system:serviceaccount:default:x', accounts)],
    ['kube-system-service-accounts/workload-high', '/api/v1/pods', as('system:serviceaccount:kube-system:x', accounts)],
    ['system-leader-election/leader-election', `${leases}/a`, as('system:kube-scheduler')],
    ['kube-scheduler/workload-high', leases, as('system:kube-scheduler')],
    ['kube-controller-manager/workload-high', '/api/v1/namespaces', as('system:kube-controller-manager')],
  ];
  for (const [flow, path, headers] of expected)
    c.equal(await flowOf(c, path, headers), flow, `${path} as ${headers['Impersonate-User'] ?? 'admin'}`);
}

interface Level {
  readonly shares: number;
  readonly limitResponse: object;
}

async function makeLevel(c: CaseContext, { shares, limitResponse }: Level): Promise<string> {
  const name = `${c.rand}-level`;
  const limited = { nominalConcurrencyShares: shares, borrowingLimitPercent: 0, lendablePercent: 0, limitResponse };
  const body = {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name },
    spec: { type: 'Limited', limited },
  };
  await c.post(`${api}/prioritylevelconfigurations`, body, { has: { 'spec.type': 'Limited' } });
  return name;
}

async function makeSchema(c: CaseContext, level: string, user: string): Promise<string> {
  const name = `${c.rand}-schema`;
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['configmaps'], namespaces: ['*'] };
  const spec = {
    matchingPrecedence: 3,
    priorityLevelConfiguration: { name: level },
    distinguisherMethod: { type: 'ByUser' },
    rules: [{ subjects: [{ kind: 'User', user: { name: user } }], resourceRules: [everything] }],
  };
  await c.post(`${api}/flowschemas`, { apiVersion, kind: 'FlowSchema', metadata: { name }, spec });
  return name;
}

async function dangling(c: CaseContext): Promise<void> {
  const user = `${c.rand}-jane`;
  const schema = await makeSchema(c, `${c.rand}-level`, user);
  const path = `${api}/flowschemas/${schema}`;
  const named = `This FlowSchema references the PriorityLevelConfiguration object named "${c.rand}-level"`;
  const becomes = (status: string, reason: string, message: string): Promise<void> =>
    c.eventually(`Dangling is ${status}`, async () => {
      const answer = await c.get(path, { unstable: true });
      const at = (field: string): string => answer.textAt(`status.conditions[0].${field}`);
      return at('status') === status && at('reason') === reason && at('message') === `${named} ${message}`;
    });
  await becomes('True', 'NotFound', 'but there is no such object');
  const configmaps = '/api/v1/namespaces/default/configmaps';
  c.equal(
    await flowOf(c, configmaps, as(user)),
    'global-default/global-default',
    'a dangling schema takes no requests',
  );
  await makeLevel(c, { shares: 1, limitResponse: { type: 'Reject' } });
  await becomes('False', 'Found', 'and it exists');
  c.equal(await flowOf(c, configmaps, as(user)), `${schema}/${c.rand}-level`, 'and then it does');
  c.equal(await flowOf(c, '/api/v1/configmaps', as(user)), 'global-default/global-default', 'in namespaces alone');
  const managed = await c.get(path, { unstable: true });
  c.ok(
    (managed.at('metadata.managedFields') as { manager: string; subresource?: string }[]).some(
      ({ manager, subresource }) =>
        manager === 'api-priority-and-fairness-config-consumer-v1' && subresource === 'status',
    ),
    'the condition has its manager',
  );
}

async function refused(c: CaseContext): Promise<void> {
  const user = `${c.rand}-jane`;
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 1 };
  const level = await makeLevel(c, { shares: 0, limitResponse: { type: 'Queue', queuing } });
  const schema = await makeSchema(c, level, user);
  const path = '/api/v1/namespaces/default/configmaps';
  const names = await namesByUid(c);
  const refusal = { '': 'Too many requests, please try again later.\n' };
  await c.eventually('the level takes effect', async () => {
    const options = { headers: as(user), status: [200, 403, 429], unstable: true };
    return (await c.get(`${path}?timeout=1s`, options)).status === 429;
  });
  // Nobody has a seat: who comes first waits a quarter of its time, who comes then finds the queue full.
  const answers = await Promise.all(
    [1, 2, 3].map(() => c.get(`${path}?timeout=2s`, { headers: as(user), status: 429, has: refusal })),
  );
  for (const { headers, contentType } of answers) {
    c.equal(headers['retry-after'], /^[12]$/, 'Retry-After');
    c.equal(contentType, 'text/plain', 'content type');
    c.equal(names.get(String(headers['x-kubernetes-pf-flowschema-uid'])), schema, 'the flow schema');
    c.equal(names.get(String(headers['x-kubernetes-pf-prioritylevel-uid'])), level, 'the priority level');
  }
  await c.get(`${path}/kube-root-ca.crt`, { has: { kind: 'ConfigMap' }, unstable: true });
}

export const flowControlCases: readonly Case[] = [
  {
    id: 'flowcontrol/requests/headers tell the flow schema and the priority level',
    proves: 'API priority and fairness: flow schemas, response headers',
    run: classified,
  },
  {
    id: 'flowcontrol/flowschemas/the condition Dangling follows the priority level',
    proves: 'API priority and fairness: status of flow schemas',
    run: dangling,
  },
  {
    id: 'flowcontrol/requests/without a seat they are refused with 429 and the others served',
    proves: 'API priority and fairness: queues, 429',
    run: refused,
  },
];
