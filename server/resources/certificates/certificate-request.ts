import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { pemBlocks } from './pem.ts';

interface DerElement {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

const malformed = 'x509: malformed certificate request';

/** Reads the elements that follow each other in `bytes`; undefined when they do not fill it exactly. */
function derElements(bytes: Buffer): DerElement[] | undefined {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1];
    let start = at + 2;
    if (length === undefined) return undefined;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || start + count > bytes.length) return undefined;
      length = bytes.readUIntBE(start, count);
      start += count;
    }
    const end = start + length;
    if (end > bytes.length) return undefined;
    elements.push({ tag, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) });
    at = end;
  }
  return elements;
}

/** Object identifiers of signature algorithms, as DER content in hex, to the digest they use (none: the algorithm has its own). */
const signatureDigests: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
]);

const failures: Readonly<Record<string, string>> = {
  ec: 'x509: ECDSA verification failure',
  rsa: 'crypto/rsa: verification error',
  ed25519: 'x509: Ed25519 verification failure',
};

function publicKeyOf(request: Buffer): KeyObject | undefined {
  // CertificationRequestInfo: version, subject, subjectPKInfo, attributes.
  const key = derElements(request)?.[2];
  if (key === undefined) return undefined;
  try {
    return createPublicKey({ key: key.whole, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** Why a PEM text is not a signed PKCS #10 request; undefined when it is. */
export function certificateRequestError(pem: string): string | undefined {
  const [block] = pemBlocks(pem);
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  const [outer, ...rest] = derElements(block.bytes) ?? [];
  const [info, algorithm, signature] = outer === undefined || rest.length > 0 ? [] : (derElements(outer.content) ?? []);
  if (info === undefined || algorithm === undefined || signature === undefined) return malformed;
  const publicKey = publicKeyOf(info.content);
  if (publicKey === undefined) return malformed;
  const digest = signatureDigests.get(derElements(algorithm.content)?.[0]?.content.toString('hex') ?? '');
  if (digest === undefined) return 'x509: cannot verify signature: algorithm unimplemented';
  // A BIT STRING begins with the number of unused bits.
  const valid = verify(digest, info.whole, publicKey, signature.content.subarray(1));
  return valid
    ? undefined
    : (failures[publicKey.asymmetricKeyType ?? ''] ?? 'x509: cannot verify signature: algorithm unimplemented');
}

const commonName = '550403';
const organizationName = '55040a';

/** Whom a well-formed request names. */
export function certificateRequestSubject(pem: string): {
  readonly commonName: string;
  readonly organizations: readonly string[];
} {
  const [block] = pemBlocks(pem);
  const [outer] = block === undefined ? [] : (derElements(block.bytes) ?? []);
  const [info] = outer === undefined ? [] : (derElements(outer.content) ?? []);
  const subject = info === undefined ? undefined : derElements(info.content)?.[1];
  const attributes = (subject === undefined ? [] : (derElements(subject.content) ?? []))
    .flatMap(({ content }) => derElements(content) ?? [])
    .map(({ content }) => derElements(content) ?? []);
  const valuesOf = (type: string): string[] =>
    attributes.flatMap(([name, value]) =>
      name?.content.toString('hex') === type && value !== undefined ? [value.content.toString()] : [],
    );
  return { commonName: valuesOf(commonName).at(-1) ?? '', organizations: valuesOf(organizationName) };
}
