import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import t from 'tap';
import { issueCertificate } from './certificate.ts';
import { createCertificateAuthority } from './certificate-signer.ts';
import { bitString, explicit, implicit, integer, octetString, oid, pem, sequence, setOf, utf8String } from './der.ts';
import { readSigningRequest } from './signing-request.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const hour = 3600_000;

/** A signed PKCS #10 request of system:node:a, with alternative names. */
function makeRequest(): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = (type: string, value: string) => setOf(sequence(oid(type), utf8String(value)));
  const alternatives = sequence(
    implicit(2, Buffer.from('a.example.com')),
    implicit(7, Buffer.from([10, 0, 0, 1])),
    implicit(1, Buffer.from('a@example.com')),
    implicit(6, Buffer.from('spiffe://example.com/a')),
  );
  const extensions = sequence(sequence(oid('2.5.29.17'), octetString(alternatives)));
  const info = sequence(
    integer(Buffer.from([0])),
    sequence(name('2.5.4.10', 'system:nodes'), name('2.5.4.3', 'system:node:a')),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(0, sequence(oid('1.2.840.113549.1.9.14'), setOf(extensions))),
  );
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  return pem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(sign('sha256', info, privateKey))));
}

function makeAuthority(notAfter = now + 24 * hour) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = { commonName: 'test CA' };
  const issuer = { subject, key: privateKey };
  const certificate = issueCertificate({ subject, publicKey, issuer, notBefore: now - hour, notAfter, use: 'ca' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificate, key, authority: createCertificateAuthority(certificate, key) };
}

const usages = ['client auth', 'digital signature', 'key encipherment'];

t.test('a request says whom it names', async (t) => {
  t.match(readSigningRequest(makeRequest()), {
    commonName: 'system:node:a',
    organizations: ['system:nodes'],
    dnsNames: ['a.example.com'],
    emailAddresses: ['a@example.com'],
    uris: ['spiffe://example.com/a'],
    ipAddresses: [Buffer.from([10, 0, 0, 1])],
  });
  t.equal(readSigningRequest('nothing'), undefined);
  t.equal(readSigningRequest(pem('CERTIFICATE REQUEST', Buffer.from([1, 2, 3]))), undefined);
});

t.test('a certificate has the names of its request, the usages asked for and a bounded time', async (t) => {
  const { certificate, authority } = makeAuthority();
  const made = new X509Certificate(authority.sign(makeRequest(), { usages, ttlMs: hour, now }));
  const ca = new X509Certificate(certificate);
  t.equal(made.verify(ca.publicKey), true);
  t.equal(made.checkIssued(ca), true);
  t.equal(made.ca, false);
  t.equal(made.subject, 'O=system:nodes\nCN=system:node:a');
  t.equal(
    made.subjectAltName,
    'DNS:a.example.com, email:a@example.com, IP Address:10.0.0.1, URI:spiffe://example.com/a',
  );
  t.same(made.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  t.equal(made.validFromDate.getTime(), now - 300_000);
  t.equal(made.validToDate.getTime(), now + hour);
  const long = new X509Certificate(authority.sign(makeRequest(), { usages, ttlMs: 10 * hour, now }));
  t.equal(long.validToDate.getTime(), now + 10 * hour - 300_000, 'dated back on the whole');
  const longest = new X509Certificate(authority.sign(makeRequest(), { usages, ttlMs: 1000 * hour, now }));
  t.equal(longest.validToDate.getTime(), now + 24 * hour, 'never longer than its CA');
});

t.test('what cannot be signed is refused', async (t) => {
  const { authority } = makeAuthority(now - 1000);
  t.throws(() => authority.sign(makeRequest(), { usages, ttlMs: hour, now }), /refusing to sign/);
  const { authority: fresh } = makeAuthority();
  t.throws(() => fresh.sign('nothing', { usages, ttlMs: hour, now }), /unable to parse certificate request/);
  t.throws(
    () => fresh.sign(makeRequest(), { usages: ['odd'], ttlMs: hour, now }),
    /unrecognized usage values: \["odd"\]/,
  );
});

t.test('a CA may have an RSA key', async (t) => {
  const { certificate } = makeAuthority();
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signed = createCertificateAuthority(certificate, key).sign(makeRequest(), { usages, ttlMs: hour, now });
  t.equal(new X509Certificate(signed).verify(publicKey), true);
  t.equal(createPrivateKey(key).asymmetricKeyType, 'rsa');
});
