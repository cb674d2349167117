import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import type { KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { issueCertificate } from '../tls/certificate.ts';
import { openPki } from '../tls/pki.ts';
import { createAuthenticator } from './authenticator.ts';
import { createCertificateVerifier } from './client-certificate.ts';
import { jsonWebKeySet, openIdConfiguration } from './openid.ts';
import { reviewToken } from './self-review.ts';
import { signLegacyToken } from './service-account-token.ts';
import { signingKey, signToken, verificationKeys } from './signing-keys.ts';
import { parseTokenFile } from './token-file.ts';
import { createTokenRequest, type TokenRequest } from './token-request.ts';
import { createTokenVerifier } from './token-verifier.ts';

const start = Date.parse('2026-05-01T12:00:00Z');
const issuer = 'https://kubernetes.default.svc.cluster.local';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

function world(objects: Readonly<Record<string, KubeObject & Record<string, unknown>>> = {}) {
  const store = new Map<string, KubeObject>(
    Object.entries({
      'serviceaccounts/ns/default': { metadata: { name: 'default', namespace: 'ns', uid: 'sa-uid' } },
      ...objects,
    }),
  );
  const clock = { ms: start, now: () => clock.ms };
  const reader: ClusterReader = {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      store.get(`${resource}/${namespace}/${name}`) as T | undefined,
    list: () => [],
  };
  const staticTokens = parseTokenFile('secret,admin,admin-uid,"system:masters,other"\n', 'tokens.csv');
  const verifier = createTokenVerifier({
    clock,
    reader,
    issuers: [issuer],
    keys: [key],
    apiAudiences: [issuer],
    staticTokens,
  });
  let uuids = 0;
  const request = (body: TokenRequest, name = 'default') =>
    createTokenRequest(body, {
      namespace: 'ns',
      name,
      now: clock.now(),
      reader,
      issuer: { issuer, key, apiAudiences: [issuer] },
      uuid: () => `uuid-${++uuids}`,
    });
  const token = async (body: TokenRequest) => (await request(body)).status?.token ?? '';
  return { store, clock, reader, verifier, request, token };
}

async function statusOf(action: () => unknown): Promise<StatusError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

await t.test('a token request is answered with a token, its audiences and its end', async (t) => {
  const { request } = world();
  const answer = await request({});
  t.match(answer, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: 'default', namespace: 'ns', uid: 'sa-uid', creationTimestamp: '2026-05-01T12:00:00Z' },
    spec: { audiences: [issuer], expirationSeconds: 3600, boundObjectRef: null },
    status: { expirationTimestamp: '2026-05-01T13:00:00Z' },
  });
  t.strictSame(claimsOf(answer.status?.token ?? ''), {
    aud: [issuer],
    exp: start / 1000 + 3600,
    iat: start / 1000,
    iss: issuer,
    jti: 'uuid-1',
    'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'default', uid: 'sa-uid' } },
    nbf: start / 1000,
    sub: 'system:serviceaccount:ns:default',
  });
});

await t.test(
  'a token bound to a pod names pod and node, and one of 3607 seconds only warns after its time',
  async (t) => {
    const { request } = world({
      'pods/ns/p1': {
        metadata: { name: 'p1', uid: 'pod-uid' },
        spec: { serviceAccountName: 'default', nodeName: 'ghost' },
      },
      'pods/ns/other': { metadata: { name: 'other', uid: 'x' }, spec: { serviceAccountName: 'someone' } },
    });
    const answer = await request({
      spec: { expirationSeconds: 3607, boundObjectRef: { kind: 'Pod', name: 'p1', apiVersion: 'v1' } },
    });
    t.equal(answer.status?.expirationTimestamp, '2026-05-01T13:00:07Z');
    t.match(claimsOf(answer.status?.token ?? ''), {
      exp: start / 1000 + 31_536_000,
      'kubernetes.io': { node: { name: 'ghost' }, pod: { name: 'p1', uid: 'pod-uid' }, warnafter: start / 1000 + 3607 },
    });
    const refused = await statusOf(() =>
      request({ spec: { boundObjectRef: { kind: 'Pod', name: 'other', apiVersion: 'v1' } } }),
    );
    t.equal(
      refused.message,
      'cannot bind token for serviceaccount "default" to pod running with different serviceaccount name.',
    );
  },
);

await t.test('token requests are refused in upstream’s words', async (t) => {
  const { request } = world({ 'secrets/ns/s1': { metadata: { name: 's1', uid: 'secret-uid' } } });
  const bound = (boundObjectRef: object) => () => request({ spec: { boundObjectRef } });
  const cases: readonly (readonly [() => Promise<unknown>, number, string])[] = [
    [
      () => request({ spec: { expirationSeconds: 599 } }),
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ],
    [
      () => request({ spec: { expirationSeconds: 4294967297 } }),
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    ],
    [bound({ kind: 'Pod', name: 'nope', apiVersion: 'v1' }), 404, 'pods "nope" not found'],
    [bound({ kind: 'Node', name: 'nope', apiVersion: 'v1' }), 404, 'nodes "nope" not found'],
    [
      bound({ kind: 'ConfigMap', name: 'nope', apiVersion: 'v1' }),
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
    [
      bound({ kind: 'Deployment', apiVersion: 'apps/v1' }),
      400,
      'cannot bind token to object of type apps/v1, Kind=Deployment',
    ],
    [bound({}), 400, 'cannot bind token to object of type /, Kind='],
    [
      bound({ kind: 'Secret', name: 's1', apiVersion: 'v1', uid: 'x' }),
      409,
      'Operation cannot be fulfilled on Secret "s1": the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    [
      () => request({ metadata: { name: 'other' } }),
      422,
      'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
    ],
    [
      () => request({ metadata: { namespace: 'other' } }),
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      () => request({ metadata: { uid: 'x' } }),
      409,
      'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "default": the UID in the token request (x) does not match the UID of the service account (sa-uid)',
    ],
    [() => request({}, 'nope'), 404, 'serviceaccounts "nope" not found'],
  ];
  for (const [action, code, message] of cases) {
    const error = await statusOf(action);
    t.equal(error.message, message);
    t.equal(error.code, code);
  }
});

await t.test('a token review tells the user, or why there is none', async (t) => {
  const { verifier, token, store, clock } = world({
    'pods/ns/p1': { metadata: { name: 'p1', uid: 'pod-uid' }, spec: { serviceAccountName: 'default', nodeName: 'n1' } },
    'nodes//n1': { metadata: { name: 'n1', uid: 'node-uid' } },
  });
  const mine = await token({ spec: { boundObjectRef: { kind: 'Pod', name: 'p1', apiVersion: 'v1' } } });
  const statusFor = (value: string, audiences?: string[]) =>
    reviewToken({ spec: { token: value, audiences } }, verifier).status;
  const user = {
    username: 'system:serviceaccount:ns:default',
    uid: 'sa-uid',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    extra: {
      'authentication.kubernetes.io/credential-id': ['JTI=uuid-1'],
      'authentication.kubernetes.io/node-name': ['n1'],
      'authentication.kubernetes.io/node-uid': ['node-uid'],
      'authentication.kubernetes.io/pod-name': ['p1'],
      'authentication.kubernetes.io/pod-uid': ['pod-uid'],
    },
  };
  t.strictSame(statusFor(mine), { authenticated: true, user, audiences: [issuer] });
  t.strictSame(statusFor(`${mine} `, ['x', issuer]), { authenticated: true, user, audiences: [issuer] });
  const refused = (error: string) => ({ user: {}, error });
  t.strictSame(
    statusFor(mine, ['x']),
    refused(`[invalid bearer token, token audiences ["${issuer}"] is invalid for the target audiences ["x"]]`),
  );
  t.strictSame(statusFor('bad'), refused('invalid bearer token'));
  t.strictSame(
    statusFor(`${mine}x`),
    refused('[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]'),
  );
  t.strictSame(statusFor('secret', ['x']), refused('invalid bearer token'));
  t.strictSame(statusFor('secret'), {
    authenticated: true,
    user: { username: 'admin', uid: 'admin-uid', groups: ['system:masters', 'other', 'system:authenticated'] },
    audiences: [issuer],
  });
  t.equal(
    (await statusOf(() => reviewToken({}, verifier))).message,
    'token is required for TokenReview in authentication',
  );

  const invalidated = refused('[invalid bearer token, service account token has been invalidated]');
  const pod = store.get('pods/ns/p1');
  store.set('pods/ns/p1', { ...pod, metadata: { ...pod?.metadata, deletionTimestamp: '2026-05-01T12:00:00Z' } });
  clock.ms += 59_000;
  t.ok(statusFor(mine)?.authenticated, 'within the leeway');
  clock.ms += 2_000;
  t.strictSame(statusFor(mine), invalidated);
  store.delete('pods/ns/p1');
  t.strictSame(statusFor(mine), invalidated);
  const free = await token({});
  clock.ms += 3_600_000 + 61_000;
  t.strictSame(statusFor(free), refused('[invalid bearer token, service account token has expired]'));
  const fresh = await token({});
  store.set('serviceaccounts/ns/default', { metadata: { name: 'default', uid: 'other' } });
  t.strictSame(
    statusFor(fresh),
    refused('[invalid bearer token, service account UID (other) does not match claim (sa-uid)]'),
  );
  store.delete('serviceaccounts/ns/default');
  t.strictSame(statusFor(fresh), refused('[invalid bearer token, serviceaccounts "default" not found]'));
});

await t.test('forged tokens are nobody’s', (t) => {
  const { verifier } = world();
  const other = signingKey(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const claims = {
    iss: issuer,
    aud: [issuer],
    'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'default', uid: 'sa-uid' } },
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const good = signToken(key, claims);
  t.ok(verifier.verify(good).user);
  const [, payload, signature] = good.split('.');
  const forged = [
    signToken(other, claims),
    `${encode({ alg: 'none', kid: key.id })}.${payload}.`,
    `${encode({ alg: 'none', kid: key.id })}.${payload}.${signature}`,
    `${encode({ alg: 'HS256', kid: key.id })}.${payload}.${signature}`,
    `${encode({ alg: 'RS256', kid: key.id })}.${encode({ ...claims, sub: 'x' })}.${signature}`,
    `${good}.`,
    `${good}\n`,
    '..',
    signToken(key, { ...claims, iss: 'https://elsewhere' }),
  ];
  for (const token of forged) t.equal(verifier.verify(token).user, undefined, token.slice(0, 40));
  t.end();
});

await t.test('a token that lives in a Secret is good as long as the Secret holds it', (t) => {
  const token = signLegacyToken(key, { namespace: 'ns', name: 'default', uid: 'sa-uid', secretName: 's1' });
  const { verifier, store } = world({
    'secrets/ns/s1': { metadata: { name: 's1' }, data: { token: Buffer.from(token).toString('base64') } },
  });
  t.strictSame(verifier.verify(token), {
    user: {
      username: 'system:serviceaccount:ns:default',
      uid: 'sa-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    },
    audiences: [issuer],
  });
  store.delete('secrets/ns/s1');
  t.strictSame(verifier.verify(token), { error: '[invalid bearer token, Token has been invalidated]' });
  t.end();
});

await t.test('client certificates name user and groups when the client CA signed them for that use', async (t) => {
  const clock = { ms: Date.now(), now: () => clock.ms };
  const pki = await openPki({ directory: join(t.testdir(), 'pki'), clock, addresses: [] });
  const strangers = await openPki({ directory: join(t.testdir(), 'other'), clock, addresses: [] });
  const { verifier } = world();
  const authenticator = createAuthenticator({
    tokens: verifier,
    certificates: createCertificateVerifier(pki.ca.certificate, clock),
  });
  const der = (pem: string) => new X509Certificate(pem).raw;
  const admin = der(pki.admin.certificate);
  const user = authenticator.authenticate({ clientCertificate: admin });
  t.equal(user?.username, 'kubernetes-admin');
  t.strictSame(user?.groups, ['system:masters', 'system:authenticated']);
  t.match(user?.extra?.['authentication.kubernetes.io/credential-id']?.[0], /^X509SHA256=[0-9a-f]{64}$/);
  t.equal(authenticator.authenticate({ clientCertificate: admin }), user, 'verified once per connection');
  t.equal(authenticator.authenticate({ clientCertificate: { raw: admin } })?.username, 'kubernetes-admin');

  const unauthorized = { message: 'Unauthorized', code: 401 };
  const stranger = der(strangers.admin.certificate);
  t.throws(() => authenticator.authenticate({ clientCertificate: stranger }), unauthorized);
  t.throws(
    () => authenticator.authenticate({ clientCertificate: der(pki.serving.certificate) }),
    unauthorized,
    'not for clients',
  );
  t.equal(authenticator.authenticate({ clientCertificate: stranger, bearerToken: 'secret' })?.username, 'admin');
  t.throws(() => authenticator.authenticate({ bearerToken: 'wrong' }), unauthorized);
  t.equal(authenticator.authenticate({}), undefined);
  clock.ms += 366 * 24 * 60 * 60 * 1000;
  t.throws(
    () => authenticator.authenticate({ clientCertificate: admin }),
    unauthorized,
    'expired on an open connection',
  );
});

await t.test('a client certificate through an intermediate is good when the intermediate comes with it', (t) => {
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [root, middle, leaf] = [pair(), pair(), pair()];
  const validity = { notBefore: start - 1000, notAfter: start + 1_000_000 };
  const rootName = { commonName: 'root' };
  const middleName = { commonName: 'middle' };
  const issue = (request: Parameters<typeof issueCertificate>[0]) => new X509Certificate(issueCertificate(request));
  const rootIssuer = { subject: rootName, key: root.privateKey };
  const rootCertificate = issue({
    ...validity,
    subject: rootName,
    publicKey: root.publicKey,
    issuer: rootIssuer,
    use: 'ca',
  });
  const middleCertificate = issue({
    ...validity,
    subject: middleName,
    publicKey: middle.publicKey,
    issuer: rootIssuer,
    use: 'ca',
  });
  const leafCertificate = issue({
    ...validity,
    subject: { commonName: 'jane', organizations: ['a', 'bé'] },
    publicKey: leaf.publicKey,
    issuer: { subject: middleName, key: middle.privateKey },
    use: 'client',
  });
  const verifier = createCertificateVerifier(rootCertificate.toString(), { now: () => start });
  t.strictSame(
    verifier.verify({ raw: leafCertificate.raw, issuerCertificate: { raw: middleCertificate.raw } })?.groups,
    ['a', 'bé', 'system:authenticated'],
  );
  t.throws(() => verifier.verify(leafCertificate.raw), { message: 'x509: certificate signed by unknown authority' });
  t.end();
});

await t.test('the OpenID documents name the issuer and its keys', (t) => {
  const keys = verificationKeys(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  t.strictSame(openIdConfiguration({ issuer, jwksUri: 'https://192.0.2.2:6443/openid/v1/jwks', keys }), {
    issuer,
    jwks_uri: 'https://192.0.2.2:6443/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  const set = JSON.parse(JSON.stringify(jsonWebKeySet(keys)));
  t.strictSame(Object.keys(set.keys[0]), ['use', 'kty', 'kid', 'alg', 'n', 'e']);
  t.match(set.keys[0], { use: 'sig', kty: 'RSA', kid: key.id, alg: 'RS256', e: 'AQAB' });
  t.end();
});
