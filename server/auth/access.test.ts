import t from 'tap';
import { StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';
import { reviewAccess, reviewLocalAccess, reviewSelfAccess } from './access-review.ts';
import { bearerTokenOf, isPublicPath, webSocketTokenOf } from './authenticator.ts';
import { type Attributes, type Authorizer, alwaysAllow } from './authorizer.ts';
import { impersonate } from './impersonation.ts';
import { hasImpersonation, wantedUser } from './impersonation-headers.ts';
import { reviewRules, reviewSelf } from './self-review.ts';
import { parseTokenFile } from './token-file.ts';

const start = Date.parse('2026-05-01T12:00:00Z');

async function statusOf(action: () => unknown): Promise<StatusError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

await t.test('impersonation headers become a user with the groups that belong to it', async (t) => {
  const attributes: Attributes = { isResource: false, user: { username: 'root', groups: [] }, verb: 'get', path: '/' };
  const as = async (headers: Record<string, string | string[]>) => {
    const wanted = wantedUser(headers);
    return wanted === undefined ? undefined : impersonate(alwaysAllow, wanted, attributes);
  };
  t.notOk(hasImpersonation({ authorization: 'x' }));
  t.equal(await as({ authorization: 'x' }), undefined);
  t.strictSame(await as({ 'impersonate-user': 'jane' }), { username: 'jane', groups: ['system:authenticated'] });
  t.strictSame(
    await as({
      'impersonate-user': 'jane',
      'impersonate-group': ['a', 'b'],
      'impersonate-uid': 'u1',
      'impersonate-extra-scopes': ['x', 'y'],
      'impersonate-extra-a%2fb': 'z',
    }),
    {
      username: 'jane',
      uid: 'u1',
      groups: ['a', 'b', 'system:authenticated'],
      extra: { scopes: ['x', 'y'], 'a/b': ['z'] },
    },
  );
  const account = 'system:serviceaccount:ns:default';
  t.strictSame((await as({ 'impersonate-user': account }))?.groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:ns',
    'system:authenticated',
  ]);
  t.strictSame((await as({ 'impersonate-user': account, 'impersonate-group': 'g' }))?.groups, [
    'g',
    'system:authenticated',
  ]);
  t.strictSame((await as({ 'impersonate-user': 'system:anonymous' }))?.groups, ['system:unauthenticated']);
  const groupOnly = await statusOf(() =>
    as({ 'impersonate-group': 'g', 'impersonate-uid': '3', 'impersonate-extra-foo': 'g' }),
  );
  t.equal(
    groupOnly.message,
    'requested &user.DefaultInfo{Name:"", UID:"3", Groups:[]string{"g"}, Extra:map[string][]string{"foo":[]string{"g"}}} without impersonating a user name',
  );
});

await t.test('impersonation is refused by what the first applicable mode lacks, and asks for each thing', async (t) => {
  const asked: string[] = [];
  const authorizer: Authorizer = {
    ...alwaysAllow,
    authorize: (attributes) => {
      if (attributes.isResource) asked.push(`${attributes.verb} ${attributes.resource} ${attributes.name}`);
      return { decision: attributes.verb === 'impersonate' ? 'allow' : 'noOpinion', reason: '' };
    },
  };
  const user: UserInfo = { username: 'system:serviceaccount:ns:default', groups: [] };
  const pods = {
    isResource: true,
    user,
    verb: 'list',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: 'x',
    name: '',
  } as const;
  const wanted = (headers: Record<string, string>) =>
    wantedUser(headers) ?? { username: '', uid: '', groups: [], extra: {} };
  await impersonate(authorizer, wanted({ 'impersonate-user': 'jane', 'impersonate-group': 'g' }), pods);
  t.strictSame(asked, ['impersonate-on:user-info:list pods ', 'impersonate users jane', 'impersonate groups g']);

  const denies: Authorizer = { ...alwaysAllow, authorize: () => ({ decision: 'noOpinion', reason: '' }) };
  const refusedFor = (headers: Record<string, string>) => statusOf(() => impersonate(denies, wanted(headers), pods));
  t.match(await refusedFor({ 'impersonate-user': 'jane' }), {
    message:
      'pods is forbidden: User "system:serviceaccount:ns:default" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "x"',
    code: 403,
    details: { kind: 'pods' },
  });
  t.match(await refusedFor({ 'impersonate-user': 'system:serviceaccount:a:b', 'impersonate-group': 'g' }), {
    message:
      'serviceaccounts "b" is forbidden: User "system:serviceaccount:ns:default" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "a"',
    details: { name: 'b', kind: 'serviceaccounts' },
  });
});

await t.test('access reviews answer as the authorizer does', async (t) => {
  const user: UserInfo = { username: 'jane', uid: 'u', groups: ['g'], extra: { b: ['2'], a: ['1'] } };
  const seen: Attributes[] = [];
  const authorizer: Authorizer = {
    ...alwaysAllow,
    authorize: (attributes) => {
      seen.push(attributes);
      return attributes.user.username === 'jane'
        ? { decision: 'allow', reason: 'because' }
        : { decision: 'deny', reason: '' };
    },
  };
  const self = await reviewSelfAccess(
    { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
    user,
    authorizer,
  );
  t.strictSame(self.status, { allowed: true, reason: 'because' });
  t.match(seen[0], { isResource: true, user, verb: 'get', version: '*', resource: 'pods', namespace: '' });
  const other = await reviewAccess(
    { spec: { groups: ['x'], nonResourceAttributes: { path: '/x', verb: 'get' } } },
    authorizer,
  );
  t.strictSame(other.status, { allowed: false, denied: true });
  t.match(seen[1], { isResource: false, path: '/x', user: { username: '', groups: ['x'] } });
  const local = await reviewLocalAccess(
    { spec: { user: 'jane', resourceAttributes: { namespace: 'ns', verb: 'get', resource: 'pods' } } },
    'ns',
    authorizer,
  );
  t.match(local, { metadata: { namespace: 'ns' }, status: { allowed: true } });
  const odd = await reviewSelfAccess(
    {
      spec: {
        resourceAttributes: {
          verb: 'get',
          labelSelector: {
            requirements: [
              { key: 'a', operator: 'Foo' },
              { key: 'b', operator: 'Exists' },
            ],
          },
          fieldSelector: { requirements: [{ key: 'a', operator: 'Foo' }] },
        },
      },
    },
    user,
    authorizer,
  );
  t.equal(
    odd.status?.evaluationError,
    'spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector partially ignored due to parse error',
  );
  t.strictSame(reviewSelf(user, start), {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: '2026-05-01T12:00:00Z' },
    status: { userInfo: { username: 'jane', uid: 'u', groups: ['g'], extra: { a: ['1'], b: ['2'] } } },
  });
  t.strictSame((await reviewRules({ spec: { namespace: 'ns' } }, user, alwaysAllow)).status, {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  });
  t.equal((await statusOf(() => reviewRules({}, user, alwaysAllow))).message, 'no namespace on request');
});

await t.test('access reviews are refused in upstream’s words', async (t) => {
  const user: UserInfo = { username: 'jane', groups: [] };
  const refused = async (spec: object, metadata?: object) =>
    (
      await statusOf(() =>
        reviewSelfAccess({ spec, ...(metadata === undefined ? {} : { metadata }) }, user, alwaysAllow),
      )
    ).message;
  const lead = '.authorization.k8s.io "" is invalid: ';
  t.equal(
    await refused({}),
    `${lead}spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified`,
  );
  t.equal(
    await refused({ resourceAttributes: { verb: 'get' }, nonResourceAttributes: { path: '/x' } }),
    `${lead}spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: cannot be specified in combination with resourceAttributes`,
  );
  t.equal(
    await refused({ resourceAttributes: {} }, { labels: { a: 'b' }, name: 'x', managedFields: [] }),
    `${lead}metadata: Invalid value: {"name":"x","labels":{"a":"b"},"managedFields":[]}: must be empty`,
  );
  t.equal(
    await refused({
      resourceAttributes: {
        fieldSelector: {
          requirements: [{ key: 'a', operator: 'In' }, { key: 'b', operator: 'Exists', values: ['a'] }, {}],
        },
      },
    }),
    `${lead}[spec.resourceAttributes.fieldSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn', ` +
      "spec.resourceAttributes.fieldSelector.requirements[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist', " +
      'spec.resourceAttributes.fieldSelector.requirements[2].key: Required value: must be specified]',
  );
  const empty = await statusOf(() => reviewAccess({}, alwaysAllow));
  t.equal(
    empty.message,
    `${lead}[spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, ` +
      'spec.user: Invalid value: "": at least one of user or group must be specified]',
  );
  t.strictSame(Object.keys(empty.details ?? {}), ['group', 'causes']);
  const local = await statusOf(() =>
    reviewLocalAccess(
      { metadata: { name: 'n' }, spec: { user: 'u', resourceAttributes: { namespace: 'x' } } },
      'ns',
      alwaysAllow,
    ),
  );
  t.equal(
    local.message,
    `${lead}[metadata: Invalid value: {"name":"n","namespace":"ns"}: must be empty except for namespace, ` +
      'spec.resourceAttributes.namespace: Invalid value: "x": must match metadata.namespace]',
  );
});

await t.test('token files, headers and public paths are read as upstream reads them', (t) => {
  const tokens = parseTokenFile('a,u1,1\r\n\nb,"u,2",,"g1,g ""x"""\n,nobody,3\n', 'f');
  t.strictSame(
    [...tokens],
    [
      ['a', { username: 'u1', uid: '1', groups: ['system:authenticated'] }],
      ['b', { username: 'u,2', groups: ['g1', 'g "x"', 'system:authenticated'] }],
    ],
  );
  t.throws(() => parseTokenFile('a,b', 'f'), {
    message: "token file 'f' must have at least 3 columns (token, user name, user uid), found 2",
  });
  t.equal(bearerTokenOf('Bearer abc'), 'abc');
  t.equal(bearerTokenOf(' bearer abc def'), 'abc');
  t.equal(bearerTokenOf('Bearer  abc'), undefined);
  t.equal(bearerTokenOf('Basic abc'), undefined);
  const carrier = `base64url.bearer.authorization.k8s.io.${Buffer.from('tok').toString('base64url')}`;
  t.strictSame(webSocketTokenOf(`v5.channel.k8s.io, ${carrier}`), { token: 'tok', protocols: ['v5.channel.k8s.io'] });
  for (const path of ['/healthz', '/livez', '/readyz/etcd', '/version', '/version/']) t.ok(isPublicPath(path), path);
  for (const path of ['/', '/api', '/healthzz', '/metrics', '/versions']) t.notOk(isPublicPath(path), path);
  t.end();
});
