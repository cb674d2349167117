import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../api/clock.ts';
import { readIfPresent, writeFileAtomically } from './atomic-file.ts';
import {
  type CertificateRequest,
  canonicalAddress,
  type Issuer,
  issueCertificate,
  type SubjectName,
} from './certificate.ts';

/** A certificate with its private key, both PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

export interface Pki {
  readonly ca: Credential;
  readonly serving: Credential;
  /** system:masters. */
  readonly admin: Credential;
  /** Signs front proxies: who shows such a certificate speaks for others. */
  readonly frontProxyCa: Credential;
  /** What this server shows to aggregated ones. */
  readonly frontProxyClient: Credential;
  /** PEM; signs service account tokens. */
  readonly serviceAccountKey: string;
}

export interface PkiOptions {
  /** `DATA_DIR/pki`. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Beside localhost and the names of the `kubernetes` Service: bind and advertise addresses, the Service's address. */
  readonly addresses: readonly string[];
  readonly dnsNames?: readonly string[];
}

const day = 24 * 60 * 60 * 1000;
const caLifetime = 3650 * day;
const leafLifetime = 365 * day;
// A server that was started in good time never serves an expired certificate; clocks may differ a little.
const renewBefore = 30 * day;
const backdate = 5 * 60 * 1000;

const caSubject = { commonName: 'kubernetes' };
const frontProxySubject = { commonName: 'front-proxy-ca' };
/** The common name of this server as a front proxy. */
export const frontProxyName = 'front-proxy-client';
const servingNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'localhost',
];
const loopback = ['127.0.0.1', '::1'];

const makeKeyPair = promisify(generateKeyPair);

/** What the directory holds, and what it lacks made: keys survive restarts, certificates are remade when they end or no longer fit. */
export async function openPki({ directory, clock, addresses, dnsNames = [] }: PkiOptions): Promise<Pki> {
  const now = clock.now();
  const [ca, frontProxyCa, serviceAccountKey] = await Promise.all([
    openCa(join(directory, 'ca'), caSubject, now),
    openCa(join(directory, 'front-proxy-ca'), frontProxySubject, now),
    openServiceAccountKey(directory),
  ]);
  const issuer: Issuer = { subject: caSubject, key: createPrivateKey(ca.key) };
  const unspecified = new Set(['0.0.0.0', '::']);
  const ipAddresses = [...new Set([...loopback, ...addresses.map(canonicalAddress)])].filter(
    (a) => !unspecified.has(a),
  );
  const leaf = { issuer, notBefore: now - backdate, notAfter: now + leafLifetime };
  const [serving, admin, frontProxyClient] = await Promise.all([
    openLeaf(join(directory, 'apiserver'), ca, now, {
      ...leaf,
      use: 'server',
      subject: { commonName: 'kube-apiserver' },
      dnsNames: [...new Set([...servingNames, ...dnsNames])],
      ipAddresses,
    }),
    openLeaf(join(directory, 'admin'), ca, now, {
      ...leaf,
      use: 'client',
      subject: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    }),
    openLeaf(join(directory, 'front-proxy-client'), frontProxyCa, now, {
      ...leaf,
      issuer: { subject: frontProxySubject, key: createPrivateKey(frontProxyCa.key) },
      use: 'client',
      subject: { commonName: frontProxyName },
    }),
  ]);
  return { ca, serving, admin, frontProxyCa, frontProxyClient, serviceAccountKey };
}

async function openCa(path: string, subject: SubjectName, now: number): Promise<Credential> {
  const found = await readCredential(path);
  if (found !== undefined && isFresh(found.certificate, now)) return found;
  const pair = await makeKeyPair('ec', { namedCurve: 'P-256' });
  const certificate = issueCertificate({
    subject,
    publicKey: pair.publicKey,
    issuer: { subject, key: pair.privateKey },
    notBefore: now - backdate,
    notAfter: now + caLifetime,
    use: 'ca',
  });
  return writeCredential(path, certificate, pair.privateKey);
}

async function openLeaf(
  path: string,
  ca: Credential,
  now: number,
  request: Omit<CertificateRequest, 'publicKey'>,
): Promise<Credential> {
  const found = await readCredential(path);
  if (found !== undefined && isFresh(found.certificate, now) && fits(found.certificate, ca, request)) return found;
  const pair = await makeKeyPair('ec', { namedCurve: 'P-256' });
  return writeCredential(path, issueCertificate({ ...request, publicKey: pair.publicKey }), pair.privateKey);
}

function isFresh(certificate: string, now: number): boolean {
  return new X509Certificate(certificate).validToDate.getTime() - renewBefore > now;
}

/** Signed by this CA, and valid for each name asked for. */
function fits(
  certificate: string,
  ca: Credential,
  { dnsNames = [], ipAddresses = [] }: Omit<CertificateRequest, 'publicKey'>,
): boolean {
  const x509 = new X509Certificate(certificate);
  return (
    x509.verify(createPublicKey(ca.certificate)) &&
    dnsNames.every((name) => x509.checkHost(name) !== undefined) &&
    ipAddresses.every((address) => x509.checkIP(address) !== undefined)
  );
}

async function openServiceAccountKey(directory: string): Promise<string> {
  const path = join(directory, 'sa.key');
  const found = await readIfPresent(path);
  if (found !== undefined) return found;
  // RSA: every OpenID Connect client knows RS256, and some know nothing else.
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
  const key = pkcs8(privateKey);
  await writeFileAtomically(path, key);
  await writeFileAtomically(
    join(directory, 'sa.pub'),
    createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    0o644,
  );
  return key;
}

/** Undefined when a half is missing or the halves do not belong together, as after a crash between two writes. */
async function readCredential(path: string): Promise<Credential | undefined> {
  const [certificate, key] = await Promise.all([readIfPresent(`${path}.crt`), readIfPresent(`${path}.key`)]);
  if (certificate === undefined || key === undefined) return undefined;
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { certificate, key } : undefined;
}

async function writeCredential(path: string, certificate: string, privateKey: KeyObject): Promise<Credential> {
  const key = pkcs8(privateKey);
  await writeFileAtomically(`${path}.key`, key);
  await writeFileAtomically(`${path}.crt`, certificate, 0o644);
  return { certificate, key };
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
