import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { podSpec } from '../api/fixture.ts';

const pod = (name: string, extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { ...podSpec, ...extra },
});

async function missingNamespace(c: CaseContext): Promise<void> {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const message = `namespaces "${c.rand}" not found`;
  await c.post(`/api/v1/namespaces/${c.rand}/configmaps`, map, { status: 404, has: { reason: 'NotFound', message } });
}

async function accounts(c: CaseContext): Promise<void> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  await c.post(pods, pod('a'), {
    has: {
      'spec.serviceAccountName': 'default',
      'spec.volumes[0].name': /^kube-api-access-/,
      'spec.containers[0].volumeMounts[0].mountPath': '/var/run/secrets/kubernetes.io/serviceaccount',
    },
  });
  await c.post(pods, pod('b', { automountServiceAccountToken: false }), { has: { 'spec.volumes': undefined } });
  await c.post(pods, pod('c', { serviceAccountName: 'none' }), {
    status: 403,
    has: { reason: 'Forbidden', message: /error looking up service account .*serviceaccount "none" not found/ },
  });
}

async function limits(c: CaseContext): Promise<void> {
  const ns = `/api/v1/namespaces/${await c.namespace()}`;
  const range = {
    limits: [{ type: 'Container', default: { cpu: '200m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '300m' } }],
  };
  await c.post(
    `${ns}/limitranges`,
    { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: range },
    { has: { 'metadata.name': 'l' } },
  );
  await c.eventually(
    'the limit range counts',
    async () =>
      (await c.post(`${ns}/pods?dryRun=All`, pod('x'), { unstable: true })).at(
        'spec.containers[0].resources.limits.cpu',
      ) === '200m',
  );
  await c.post(`${ns}/pods`, pod('a'), {
    has: { 'spec.containers[0].resources': { limits: { cpu: '200m' }, requests: { cpu: '100m' } } },
  });
  const greedy = { containers: [{ ...podSpec.containers[0], resources: { limits: { cpu: '1' } } }] };
  await c.post(`${ns}/pods`, pod('b', greedy), {
    status: 403,
    has: {
      reason: 'Forbidden',
      message: 'pods "b" is forbidden: maximum cpu usage per Container is 300m, but limit is 1',
    },
  });
}

async function priorities(c: CaseContext): Promise<void> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  await c.post(
    '/apis/scheduling.k8s.io/v1/priorityclasses',
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: c.rand }, value: 7 },
    { has: { value: 7 } },
  );
  await c.eventually(
    'the class counts',
    async () =>
      (
        await c.post(`${pods}?dryRun=All`, pod('x', { priorityClassName: c.rand }), {
          status: [201, 403],
          unstable: true,
        })
      ).status === 201,
  );
  await c.post(pods, pod('a', { priorityClassName: c.rand }), { has: { 'spec.priority': 7 } });
  await c.post(pods, pod('b', { priorityClassName: 'none' }), {
    status: 403,
    has: { message: 'pods "b" is forbidden: no PriorityClass with name none was found' },
  });
}

async function podSecurity(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  await c.patch(
    `/api/v1/namespaces/${ns}`,
    { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } },
    { has: { 'metadata.name': ns } },
  );
  const pods = `/api/v1/namespaces/${ns}/pods`;
  await c.eventually(
    'the level counts',
    async () =>
      (await c.post(`${pods}?dryRun=All`, pod('x', { hostNetwork: true }), { status: [201, 403], unstable: true }))
        .status === 403,
  );
  await c.post(pods, pod('a'), { has: { 'metadata.name': 'a' } });
  await c.post(pods, pod('b', { hostNetwork: true }), {
    status: 403,
    has: {
      message: 'pods "b" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    },
  });
}

async function immortal(c: CaseContext): Promise<void> {
  for (const name of ['default', 'kube-system', 'kube-public'])
    await c.delete(`/api/v1/namespaces/${name}`, {
      status: 403,
      has: { message: `namespaces "${name}" is forbidden: this namespace may not be deleted` },
    });
}

export const admissionCases: readonly Case[] = [
  {
    id: 'admission/namespaces/objects need one that exists',
    proves: 'Admission: NamespaceLifecycle',
    run: missingNamespace,
  },
  { id: 'admission/namespaces/those of the system stay', proves: 'Admission: NamespaceLifecycle', run: immortal },
  {
    id: 'admission/pods/get their service account',
    proves: '[sig-auth] ServiceAccounts should allow opting out of API token automount [Conformance]',
    run: accounts,
  },
  {
    id: 'admission/pods/get the limits of their namespace',
    proves:
      '[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied. [Conformance]',
    run: limits,
  },
  { id: 'admission/pods/get the priority of their class', proves: 'Admission: Priority', run: priorities },
  {
    id: 'admission/pods/keep the security level of their namespace',
    proves: 'Admission: PodSecurity',
    run: podSecurity,
  },
];
