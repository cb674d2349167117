import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { formatIP, parseIP } from '../../api/ip.ts';
import {
  bitString,
  boolean,
  type Der,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  pem,
  sequence,
  setOf,
  time,
  utf8String,
} from './der.ts';

export interface SubjectName {
  readonly commonName: string;
  /** Kubernetes reads groups from them. */
  readonly organizations?: readonly string[];
}

export interface Issuer {
  readonly subject: SubjectName;
  /** P-256. */
  readonly key: KeyObject;
}

export interface CertificateRequest {
  readonly subject: SubjectName;
  readonly publicKey: KeyObject;
  readonly issuer: Issuer;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly use: 'ca' | 'server' | 'client';
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/**
 * Issues one X.509 certificate, as PEM. Written out here, some hundred lines with `der.ts`, because the libraries that can do it take longer to
 * load than the whole server takes to start.
 */
export function issueCertificate(request: CertificateRequest): string {
  const { subject, issuer, publicKey } = request;
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    nameOf(issuer.subject),
    sequence(time(request.notBefore), time(request.notAfter)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensionsOf(request))),
  );
  const signature = sign('sha256', toBeSigned, issuer.key);
  return pem('CERTIFICATE', sequence(toBeSigned, ecdsaWithSha256, bitString(signature)));
}

function nameOf({ commonName, organizations = [] }: SubjectName): Der {
  const attribute = (type: string, value: string) => setOf(sequence(oid(type), utf8String(value)));
  return sequence(...organizations.map((name) => attribute('2.5.4.10', name)), attribute('2.5.4.3', commonName));
}

const authUse = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

function extensionsOf({ use, publicKey, issuer, dnsNames = [], ipAddresses = [] }: CertificateRequest): Der[] {
  const issuerKeyId = keyIdOf(createPublicKey(issuer.key));
  const extensions = [
    use === 'ca'
      ? // keyCertSign, cRLSign and digitalSignature.
        extension('2.5.29.15', bitString(Buffer.from([0x86]), 1), true)
      : extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), true),
    extension('2.5.29.19', use === 'ca' ? sequence(boolean(true)) : sequence(), true),
    extension('2.5.29.14', octetString(keyIdOf(publicKey))),
    extension('2.5.29.35', sequence(implicit(0, issuerKeyId))),
  ];
  if (use !== 'ca') extensions.push(extension('2.5.29.37', sequence(oid(authUse[use]))));
  const names = [
    ...dnsNames.map((name) => implicit(2, Buffer.from(name, 'latin1'))),
    ...ipAddresses.map((address) => implicit(7, ipBytes(address))),
  ];
  if (names.length > 0) extensions.push(extension('2.5.29.17', sequence(...names)));
  return extensions;
}

function extension(id: string, value: Der, critical = false): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

/** RFC 5280, method 1: SHA-1 of the public key's bits, which end the SubjectPublicKeyInfo of a P-256 key. */
function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();
}

function ipBytes(address: string): Buffer {
  const parsed = parseIP(address);
  if (parsed === undefined) throw new Error(`not an IP address: ${address}`);
  const digits = parsed.family === 4 ? 8 : 32;
  return Buffer.from(parsed.bits.toString(16).padStart(digits, '0'), 'hex');
}

/** As certificates print addresses, so that two spellings compare equal. */
export function canonicalAddress(address: string): string {
  const parsed = parseIP(address);
  return parsed === undefined ? address : formatIP(parsed.family, parsed.bits);
}
