import { createPrivateKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { bitString, type Der, der, explicit, implicit, integer, octetString, oid, pem, sequence, time } from './der.ts';
import { derElements } from './der-reader.ts';
import { readSigningRequest } from './signing-request.ts';

export interface SigningTerms {
  /** As CertificateSigningRequests name them. */
  readonly usages: readonly string[];
  readonly ttlMs: number;
  readonly now: number;
}

export interface CertificateAuthority {
  /** PEM. Throws an Error in upstream's words where it cannot. */
  sign(request: string, terms: SigningTerms): string;
}

const minute = 60_000;
const backdateMs = 5 * minute;
/** Below this a certificate's time is not shortened by what it is dated back. */
const shortMs = 8 * 60 * minute;

/** Bits of the key usage extension, the first one the highest. */
const keyUsages: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
};

/** In the order of certificates that a stock cluster signs. */
const extendedUsages: readonly (readonly [name: string, id: string])[] = [
  ['any', '2.5.29.37.0'],
  ['server auth', '1.3.6.1.5.5.7.3.1'],
  ['client auth', '1.3.6.1.5.5.7.3.2'],
  ['code signing', '1.3.6.1.5.5.7.3.3'],
  ['email protection', '1.3.6.1.5.5.7.3.4'],
  ['s/mime', '1.3.6.1.5.5.7.3.4'],
  ['ipsec end system', '1.3.6.1.5.5.7.3.5'],
  ['ipsec tunnel', '1.3.6.1.5.5.7.3.6'],
  ['ipsec user', '1.3.6.1.5.5.7.3.7'],
  ['timestamping', '1.3.6.1.5.5.7.3.8'],
  ['ocsp signing', '1.3.6.1.5.5.7.3.9'],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
];

/** A CA that signs what it is asked to: who may ask is for others to decide. PEM. */
export function createCertificateAuthority(certificate: string, key: string): CertificateAuthority {
  const authority = new X509Certificate(certificate);
  const privateKey = createPrivateKey(key);
  const { subject, keyId } = issuerOf(authority);
  const notAfterOfIssuer = authority.validToDate.getTime();
  return {
    sign: (text, { usages, ttlMs, now }) => {
      const request = readSigningRequest(text);
      if (request === undefined) throw new Error('unable to parse certificate request');
      if (now >= notAfterOfIssuer)
        throw new Error(
          `refusing to sign a certificate that expired in the past: NotAfter=${authority.validToDate.toISOString()}`,
        );
      const wished = ttlMs < shortMs ? now + ttlMs : now + ttlMs - backdateMs;
      const serial = randomBytes(16);
      serial[0] = (serial[0] ?? 0) & 0x7f;
      const alternatives = [
        ...request.dnsNames.map((name) => implicit(2, Buffer.from(name, 'latin1'))),
        ...request.emailAddresses.map((address) => implicit(1, Buffer.from(address, 'latin1'))),
        ...request.ipAddresses.map((address) => implicit(7, address)),
        ...request.uris.map((uri) => implicit(6, Buffer.from(uri, 'latin1'))),
      ];
      const algorithm = algorithmOf(privateKey);
      const toBeSigned = sequence(
        explicit(0, integer(Buffer.from([2]))),
        integer(serial),
        algorithm.id,
        subject,
        sequence(time(now - backdateMs), time(Math.min(wished, notAfterOfIssuer))),
        request.subject,
        request.publicKey,
        explicit(
          3,
          sequence(
            ...usageExtensions(usages),
            extension('2.5.29.19', sequence(), true),
            ...(keyId === undefined ? [] : [extension('2.5.29.35', sequence(implicit(0, keyId)))]),
            ...(alternatives.length === 0 ? [] : [extension('2.5.29.17', sequence(...alternatives))]),
          ),
        ),
      );
      const signature = sign(algorithm.digest, toBeSigned, privateKey);
      return pem('CERTIFICATE', sequence(toBeSigned, algorithm.id, bitString(signature)));
    },
  };
}

function extension(id: string, value: Der, critical = false): Der {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), octetString(value));
}

function usageExtensions(usages: readonly string[]): Der[] {
  const known = new Set([...Object.keys(keyUsages), ...extendedUsages.map(([name]) => name)]);
  const unknown = usages.filter((usage) => !known.has(usage));
  if (unknown.length > 0)
    throw new Error(`unrecognized usage values: [${unknown.map((one) => JSON.stringify(one)).join(' ')}]`);
  const extensions: Der[] = [];
  const bits = usages.flatMap((usage) => keyUsages[usage] ?? []);
  if (bits.length > 0) {
    const last = Math.max(...bits);
    const bytes = Buffer.alloc(last < 8 ? 1 : 2);
    for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    extensions.push(extension('2.5.29.15', bitString(bytes, 7 - (last & 7)), true));
  }
  const ids = new Set(extendedUsages.filter(([name]) => usages.includes(name)).map(([, id]) => id));
  if (ids.size > 0) extensions.push(extension('2.5.29.37', sequence(...[...ids].map(oid))));
  return extensions;
}

function algorithmOf(key: KeyObject): { readonly id: Der; readonly digest: string | null } {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { id: sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0])), digest: 'sha256' };
    case 'ed25519':
      return { id: sequence(oid('1.3.101.112')), digest: null };
    default:
      switch (key.asymmetricKeyDetails?.namedCurve) {
        case 'secp384r1':
          return { id: sequence(oid('1.2.840.10045.4.3.3')), digest: 'sha384' };
        case 'secp521r1':
          return { id: sequence(oid('1.2.840.10045.4.3.4')), digest: 'sha512' };
        default:
          return { id: sequence(oid('1.2.840.10045.4.3.2')), digest: 'sha256' };
      }
  }
}

const subjectKeyId = oid('2.5.29.14').toString('hex');

/** The issuer's name as it spells it, and what it calls its key. */
function issuerOf({ raw }: X509Certificate): { readonly subject: Buffer; readonly keyId?: Buffer } {
  const [outer] = derElements(raw);
  const [info] = derElements(outer?.content ?? Buffer.alloc(0));
  const fields = derElements(info?.content ?? Buffer.alloc(0));
  // version, serial, algorithm, issuer, validity, subject, key, extensions; version 1 has no first one.
  const at = fields[0]?.tag === 0xa0 ? 5 : 4;
  const subject = fields[at]?.whole ?? sequence();
  const extensions = derElements(fields.find(({ tag }) => tag === 0xa3)?.content ?? Buffer.alloc(0));
  for (const { content } of derElements(extensions[0]?.content ?? Buffer.alloc(0))) {
    const parts = derElements(content);
    if (parts[0]?.whole.toString('hex') !== subjectKeyId) continue;
    const [id] = derElements(parts.at(-1)?.content ?? Buffer.alloc(0));
    if (id !== undefined) return { subject, keyId: id.content };
  }
  return { subject };
}
