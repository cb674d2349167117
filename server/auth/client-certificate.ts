import { createHash, X509Certificate } from 'node:crypto';
import type { Clock } from '../../api/clock.ts';
import type { UserInfo } from '../registry/strategy.ts';
import { credentialIdKey, withAuthenticatedGroup } from './service-account.ts';

/** A client's certificate in DER, or what `TLSSocket.getPeerCertificate(true)` returns. Keep one object per connection: it is the key of what is remembered. */
export type ClientCertificate = Uint8Array | PeerCertificateChain;

export interface PeerCertificateChain {
  readonly raw: Uint8Array;
  readonly issuerCertificate?: PeerCertificateChain | undefined;
}

export interface CertificateVerifier {
  /** Undefined: the certificate names nobody. Throws an Error when it is not to be trusted. */
  verify(certificate: ClientCertificate): UserInfo | undefined;
}

interface Verified {
  readonly user: UserInfo | undefined;
  readonly notBefore: number;
  readonly notAfter: number;
}

const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyUse = '2.5.29.37.0';
// Longer chains serve nobody but attackers.
const maxIntermediates = 8;

/** `authorities` are the PEM certificates of `--client-ca-file`. A certificate is verified once per connection. */
export function createCertificateVerifier(authorities: string, clock: Pick<Clock, 'now'>): CertificateVerifier {
  const roots = (authorities.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
  const remembered = new WeakMap<ClientCertificate, Verified>();
  return {
    verify(certificate) {
      let verified = remembered.get(certificate);
      if (verified === undefined) {
        verified = verifyChain(chainOf(certificate), roots);
        remembered.set(certificate, verified);
      }
      const now = clock.now();
      if (now < verified.notBefore || now > verified.notAfter) {
        throw new Error('x509: certificate has expired or is not yet valid');
      }
      return verified.user;
    },
  };
}

function chainOf(certificate: ClientCertificate): X509Certificate[] {
  if (certificate instanceof Uint8Array) return [new X509Certificate(certificate)];
  const chain: X509Certificate[] = [];
  const seen = new Set<PeerCertificateChain>();
  // A self-signed certificate is its own issuer.
  for (
    let next: PeerCertificateChain | undefined = certificate;
    next !== undefined && !seen.has(next);
    next = next.issuerCertificate
  ) {
    if (chain.length > maxIntermediates) break;
    seen.add(next);
    chain.push(new X509Certificate(next.raw));
  }
  return chain;
}

function verifyChain(
  [leaf, ...intermediates]: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): Verified {
  if (leaf === undefined) throw new Error('x509: no certificate');
  const path = pathToRoot(leaf, intermediates, roots);
  const uses = leaf.keyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.includes(clientAuth) && !uses.includes(anyUse)) {
    throw new Error('x509: certificate specifies an incompatible key usage');
  }
  return {
    user: userOf(leaf),
    notBefore: Math.max(...path.map((certificate) => certificate.validFromDate.getTime())),
    notAfter: Math.min(...path.map((certificate) => certificate.validToDate.getTime())),
  };
}

function pathToRoot(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): X509Certificate[] {
  const path = [leaf];
  for (let current = leaf; path.length <= maxIntermediates; ) {
    const root = roots.find((candidate) => isIssuedBy(current, candidate));
    if (root !== undefined) return [...path, root];
    const issuer = intermediates.find((candidate) => !path.includes(candidate) && isIssuedBy(current, candidate));
    if (issuer === undefined) break;
    path.push(issuer);
    current = issuer;
  }
  throw new Error('x509: certificate signed by unknown authority');
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Common name and organizations are user and groups. Upstream: CommonNameUserConversion. */
function userOf(leaf: X509Certificate): UserInfo | undefined {
  const subject = leaf.toLegacyObject().subject as Readonly<Record<string, string | string[] | undefined>>;
  const { CN, O } = subject;
  // Of several, Go takes the last.
  const username = [CN ?? ''].flat().at(-1) ?? '';
  if (username === '') return undefined;
  const uid = uidOf([subject[uidAttribute] ?? []].flat());
  return withAuthenticatedGroup({
    username,
    ...(uid === undefined ? {} : { uid }),
    groups: [O ?? []].flat(),
    extra: { [credentialIdKey]: [`X509SHA256=${createHash('sha256').update(leaf.raw).digest('hex')}`] },
  });
}

// Kubernetes' own attribute of a distinguished name. Upstream: apis/asn1/oid.go.
const uidAttribute = '1.3.6.1.4.1.57683.2';

function uidOf(uids: readonly string[]): string | undefined {
  if (uids.length > 1) throw new Error(`expected 1 UID, but found multiple: [${uids.join(' ')}]`);
  if (uids[0] === '') throw new Error('UID cannot be an empty string');
  return uids[0];
}
