import t from 'tap';
import { detachedSignature, remainingMs, signingTokens } from './bootstrap-tokens.ts';
import { fateOf, secretsNamedBy } from './token-cleaner.ts';
import { filled, type Secret } from './token-secrets.ts';

await t.test('a token Secret gets token, CA, namespace and the account’s uid', async (t) => {
  const account = { metadata: { name: 'bot', namespace: 'a', uid: 'u1' } };
  const secret: Secret = {
    metadata: { name: 's', namespace: 'a', annotations: { own: 'x' } },
    data: { extra: 'eA==' },
  };
  const full = filled(secret, account, 'CA', ({ name, uid, secretName }) => `${name} ${uid} ${secretName}`);
  t.same(full?.data, { extra: 'eA==', 'ca.crt': btoa('CA'), namespace: btoa('a'), token: btoa('bot u1 s') });
  t.same(full?.metadata?.annotations, {
    own: 'x',
    'kubernetes.io/service-account.name': 'bot',
    'kubernetes.io/service-account.uid': 'u1',
  });
  const never = (): never => t.fail('signed again') as never;
  if (full === undefined) return;
  t.equal(filled(full, account, 'CA', never), undefined);
  t.match(filled(full, account, 'new CA', never), { data: { 'ca.crt': btoa('new CA') } });
});

await t.test('old automatic tokens are marked, and removed a year later', async (t) => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  const secret = (created: string, labels: Record<string, string> = {}): Secret => ({
    metadata: { creationTimestamp: `${created}T00:00:00Z`, labels },
  });
  const used = 'kubernetes.io/legacy-token-last-used';
  const invalid = 'kubernetes.io/legacy-token-invalid-since';
  t.equal(fateOf(secret('2026-05-01'), false, now), 'keep', 'young');
  t.equal(fateOf(secret('2024-05-01'), false, now), 'mark');
  t.equal(fateOf(secret('2024-05-01'), true, now), 'keep', 'in a pod');
  t.equal(fateOf(secret('2024-05-01', { [used]: '2026-01-01' }), false, now), 'keep');
  t.equal(fateOf(secret('2024-05-01', { [used]: 'long ago' }), false, now), 'keep', 'nobody can say');
  t.equal(fateOf(secret('2024-05-01', { [invalid]: '2026-01-01' }), false, now), 'keep');
  t.equal(fateOf(secret('2023-05-01', { [used]: '2024-01-01', [invalid]: '2025-01-01' }), false, now), 'remove');
});

await t.test('the Secrets that a pod names, wherever', async (t) => {
  const spec = {
    imagePullSecrets: [{ name: 'pull' }],
    containers: [
      { env: [{ valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }], envFrom: [{ secretRef: { name: 'all' } }] },
    ],
    volumes: [{ secret: { secretName: 'volume' } }, { projected: { sources: [{ secret: { name: 'projected' } }] } }],
  };
  t.same(secretsNamedBy(spec).sort(), ['all', 'env', 'projected', 'pull', 'volume']);
});

await t.test('bootstrap tokens sign as upstream’s do, while they may', async (t) => {
  const token = (id: string, more: Record<string, string> = {}): Secret => ({
    metadata: { name: `bootstrap-token-${id}` },
    data: Object.fromEntries(
      Object.entries({ 'token-id': id, 'token-secret': 's', 'usage-bootstrap-signing': 'true', ...more }).map(
        ([key, value]) => [key, btoa(value)],
      ),
    ),
  });
  const now = Date.parse('2026-01-01T00:00:00Z');
  const all = [
    token('abcdef'),
    token('ended1', { expiration: '2025-12-31T23:59:59Z' }),
    token('later1', { expiration: '2026-01-01T00:01:00Z' }),
    token('nosign', { 'usage-bootstrap-signing': 'false' }),
    { ...token('othern'), metadata: { name: 'bootstrap-token-xxxxxx' } },
  ];
  t.same([...signingTokens(all, now).keys()], ['abcdef', 'later1']);
  t.same(
    [token('abcdef'), ...all].map((one) => remainingMs(one, now)),
    [undefined, undefined, 0, 60_000, undefined, undefined],
  );
  t.equal(remainingMs(token('abcdef', { expiration: 'soon' }), now), 0);
  // RFC 7515, appendix F; as node:crypto computes it.
  t.equal(
    await detachedSignature('kind: Config\n', 'abcdef', '0123456789abcdef'),
    'eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..3ZR7IfHD4V0NLYjj9trDyCFIZSwMzkyMpnxx9vCiSPI',
  );
});
