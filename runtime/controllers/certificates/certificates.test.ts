import t from 'tap';
import type { RequestedCertificate, Signing } from '../../framework/signing.ts';
import { isSpent } from './cleaner.ts';
import { kubeletClientError, signerRules } from './request-rules.ts';
import { lifetimeMs, type SigningRequest, signed } from './signing-requests.ts';

const now = Date.parse('2026-01-10T00:00:00Z');
const ofNode: RequestedCertificate = {
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  dnsNames: [],
  emailAddresses: [],
  uris: [],
  ipAddresses: [],
};
const usages = ['digital signature', 'client auth'];

await t.test('the signers of Kubernetes say why they refuse', async (t) => {
  t.equal(kubeletClientError(ofNode, usages), undefined);
  t.equal(kubeletClientError(ofNode, [...usages, 'key encipherment']), undefined);
  for (const [change, given, message] of [
    [{ organizations: [] }, usages, 'subject organization is not system:nodes'],
    [{ dnsNames: ['a'] }, usages, 'DNS subjectAltNames are not allowed'],
    [{ emailAddresses: ['a'] }, usages, 'Email subjectAltNames are not allowed'],
    [{ ipAddresses: ['a'] }, usages, 'IP subjectAltNames are not allowed'],
    [{ uris: ['a'] }, usages, 'URI subjectAltNames are not allowed'],
    [{ commonName: 'a' }, usages, 'subject common name does not begin with system:node:'],
    [{}, ['client auth'], 'usages did not match [client auth digital signature key encipherment]'],
  ] as const)
    t.equal(kubeletClientError({ ...ofNode, ...change }, given), message);
  const serving = signerRules.get('kubernetes.io/kubelet-serving');
  t.equal(serving?.(ofNode, ['digital signature', 'server auth']), 'DNS or IP subjectAltName is required');
  t.equal(serving?.({ ...ofNode, dnsNames: ['a'] }, ['digital signature', 'server auth']), undefined);
  const client = signerRules.get('kubernetes.io/kube-apiserver-client');
  t.equal(client?.(ofNode, ['server auth']), 'invalid usage for client certificate: server auth');
  t.equal(client?.(ofNode, []), 'missing required usage for client certificate: client auth');
});

const signing: Signing = {
  readRequest: () => ofNode,
  notAfter: () => now - 1,
  signCertificate: (request, terms) => `${request} for ${terms.ttlMs}`,
};

function request(signerName: string, conditions: readonly string[], more: object = {}): SigningRequest {
  return {
    metadata: { name: 'r', creationTimestamp: '2026-01-09T12:00:00Z' },
    spec: { signerName, usages, request: btoa('PEM'), ...more },
    status: { conditions: conditions.map((type) => ({ type, status: 'True' })) },
  };
}

await t.test('approved requests of known signers are signed, or fail', async (t) => {
  const name = 'kubernetes.io/kube-apiserver-client-kubelet';
  const done = signed(request(name, ['Approved'], { expirationSeconds: 7200 }), signing, now);
  t.equal(atob(done?.status?.certificate ?? ''), 'PEM for 7200000');
  t.equal(signed(request(name, []), signing, now), undefined, 'not approved');
  t.equal(signed(request(name, ['Approved', 'Failed']), signing, now), undefined);
  t.equal(signed(request('example.com/own', ['Approved']), signing, now), undefined, 'another’s');
  const refused = signed(request(name, ['Approved'], { usages: [] }), signing, now);
  t.match(refused?.status?.conditions?.at(-1), { type: 'Failed', reason: 'SignerValidationFailure' });
  t.equal(lifetimeMs(undefined), 365 * 24 * 3600_000);
  t.equal(lifetimeMs(60), 600_000);
  t.equal(lifetimeMs(10 ** 9), 365 * 24 * 3600_000);
});

await t.test('requests of no more use are cleaned away', async (t) => {
  const aged = (conditions: object[], created = '2026-01-09T23:00:00Z', certificate?: string): SigningRequest => ({
    metadata: { creationTimestamp: created },
    status: { conditions, ...(certificate === undefined ? {} : { certificate }) } as NonNullable<
      SigningRequest['status']
    >,
  });
  const condition = (type: string, lastUpdateTime: string) => ({ type, status: 'True', lastUpdateTime });
  const spent = (one: SigningRequest): boolean => isSpent(one, signing, now);
  t.equal(spent(aged([])), false);
  t.equal(spent(aged([], '2026-01-08T23:00:00Z')), true, 'pending for more than a day');
  t.equal(spent(aged([condition('Denied', '2026-01-09T23:30:00Z')])), false);
  t.equal(spent(aged([condition('Denied', '2026-01-09T22:30:00Z')])), true);
  t.equal(spent(aged([condition('Failed', '2026-01-09T22:30:00Z')])), true);
  t.equal(spent(aged([condition('Approved', '2026-01-09T22:30:00Z')])), false, 'waits for its signer');
  t.equal(spent(aged([condition('Approved', '2026-01-08T22:30:00Z')])), true);
  t.equal(spent(aged([condition('Approved', '2026-01-09T23:59:00Z')], undefined, btoa('x'))), true, 'expired');
});
