import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const bearer = (token: string) => ({ Authorization: token === '' ? '' : `Bearer ${token}` });
const forbidden = { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403 };

async function wrongToken(c: CaseContext): Promise<void> {
  const unauthorized = {
    kind: 'Status',
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  };
  for (const path of ['/api/v1/pods', '/version', '/apis'])
    await c.get(path, { headers: bearer('no-such-token'), status: 401, has: unauthorized });
}

async function anonymous(c: CaseContext): Promise<void> {
  const headers = bearer('');
  await c.get('/version', { headers, has: { major: '1' }, unstable: true });
  await c.get('/livez', { headers, has: { '': 'ok' } });
  const message =
    'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope';
  await c.get('/api/v1/pods', { headers, status: 403, has: { ...forbidden, message } });
  await c.get('/metrics', {
    headers,
    status: 403,
    has: { ...forbidden, message: 'forbidden: User "system:anonymous" cannot get path "/metrics"' },
  });
}

async function whoAmI(c: CaseContext): Promise<void> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const headers = { 'Impersonate-User': 'jane', 'Impersonate-Group': 'team', 'Impersonate-Extra-Scopes': 'all' };
  await c.post(path, review, {
    headers,
    status: 201,
    has: {
      'status.userInfo.username': 'jane',
      'status.userInfo.groups': ['team', 'system:authenticated'],
      'status.userInfo.extra': { scopes: ['all'] },
    },
  });
}

async function impersonated(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  const user = `${c.rand}-jane`;
  const headers = { 'Impersonate-User': user };
  const maps = `/api/v1/namespaces/${ns}/configmaps`;
  const message = `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" in the namespace "${ns}"`;
  await c.get(maps, { headers, status: 403, has: { ...forbidden, message } });
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
  await c.post(`${rbac}/roles`, { apiVersion, kind: 'Role', metadata: { name: 'r' }, rules }, { has: { rules } });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
  const binding = { apiVersion, kind: 'RoleBinding', metadata: { name: 'b' }, roleRef, subjects };
  await c.post(`${rbac}/rolebindings`, binding, { has: { 'subjects[0].name': user } });
  await c.eventually(
    'the role counts',
    async () => (await c.get(maps, { headers, status: [200, 403], unstable: true })).status === 200,
  );
  await c.get(maps, { headers, has: { kind: 'ConfigMapList' }, unstable: true });
  await c.get(`${maps}/kube-root-ca.crt`, { headers, status: 403, has: forbidden });
  // Nobody gives what they do not have.
  await c.post(
    `${rbac}/roles`,
    { apiVersion, kind: 'Role', metadata: { name: 'r2' }, rules: [] },
    { headers, status: 403, has: forbidden },
  );
}

async function accountToken(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  const accounts = `/api/v1/namespaces/${ns}/serviceaccounts`;
  await c.post(
    accounts,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } },
    { has: { 'metadata.name': 'a' } },
  );
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const made = await c.post(`${accounts}/a/token`, request, {
    has: { kind: 'TokenRequest', 'status.token': /^[\w-]+\.[\w-]+\.[\w-]+$/ },
    unstable: true,
  });
  const token = made.textAt('status.token');
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const username = `system:serviceaccount:${ns}:a`;
  await c.post('/apis/authentication.k8s.io/v1/tokenreviews', review, {
    has: { 'status.authenticated': true, 'status.user.username': username },
    unstable: true,
  });
  const message = `pods is forbidden: User "${username}" cannot list resource "pods" in API group "" in the namespace "${ns}"`;
  await c.get(`/api/v1/namespaces/${ns}/pods`, { headers: bearer(token), status: 403, has: { ...forbidden, message } });
  await c.delete(`${accounts}/a`, { has: { kind: /./ } });
  await c.eventually('the token of a deleted account is refused', async () => {
    const { status } = await c.get('/version', { headers: bearer(token), status: [200, 401], unstable: true });
    return status === 401;
  });
}

async function reviews(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  const apiVersion = 'authorization.k8s.io/v1';
  const base = '/apis/authorization.k8s.io/v1';
  const attributes = { namespace: ns, verb: 'get', resource: 'secrets' };
  const spec = { user: 'nobody', resourceAttributes: attributes };
  await c.post(
    `${base}/subjectaccessreviews`,
    { apiVersion, kind: 'SubjectAccessReview', spec },
    { has: { 'status.allowed': false } },
  );
  await c.post(
    `${base}/namespaces/${ns}/localsubjectaccessreviews`,
    { apiVersion, kind: 'LocalSubjectAccessReview', metadata: { namespace: ns }, spec },
    { has: { 'status.allowed': false } },
  );
  const own = { apiVersion, kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: attributes } };
  await c.post(`${base}/selfsubjectaccessreviews`, own, { has: { 'status.allowed': true }, unstable: true });
  const rules = { apiVersion, kind: 'SelfSubjectRulesReview', spec: { namespace: ns } };
  await c.post(`${base}/selfsubjectrulesreviews`, rules, { has: { 'status.incomplete': false }, unstable: true });
}

export const securityCases: readonly Case[] = [
  { id: 'security/authentication/a wrong token is refused', proves: 'Authenticating: bearer tokens', run: wrongToken },
  {
    id: 'security/authentication/without credentials one is anonymous',
    proves: 'Authenticating: anonymous requests',
    run: anonymous,
  },
  {
    id: 'security/authentication/one can ask who one is',
    proves: '[sig-auth] SelfSubjectReview testing SSR in different API groups',
    run: whoAmI,
  },
  {
    id: 'security/authorization/a role gives what it says and no more',
    proves: 'Using RBAC authorization',
    run: impersonated,
  },
  {
    id: 'security/serviceaccounts/tokens live as long as their account',
    proves:
      '[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview [Conformance]',
    run: accountToken,
  },
  {
    id: 'security/authorization/access can be asked about',
    proves: '[sig-auth] SubjectReview should support SubjectReview API operations [Conformance]',
    run: reviews,
  },
];
