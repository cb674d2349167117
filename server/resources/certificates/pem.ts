import { X509Certificate } from 'node:crypto';

interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

const pemBlock = /-----BEGIN ([^\n-]*)-----[ \t\r]*\n([\s\S]*?)-----END \1-----/g;

/** The PEM blocks in a text; what stands around them is ignored. */
export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(pemBlock)].map(([, type = '', content = '']) => {
    const lines = content.split('\n');
    const hasHeaders = lines.some((line) => line.includes(':'));
    return { type, hasHeaders, bytes: Buffer.from(lines.filter((line) => !line.includes(':')).join(''), 'base64') };
  });
}

function isCertificate(bytes: Buffer): boolean {
  try {
    new X509Certificate(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Why this is not a chain of certificates; undefined when it is. */
export function certificateChainError(text: string): string | undefined {
  const blocks = pemBlocks(text);
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    if (!isCertificate(bytes)) return 'x509: malformed certificate';
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

/** Why this text holds no certificates to trust; undefined when it does. */
export function trustBundleError(text: string): string | undefined {
  const blocks = pemBlocks(text);
  const certificates = blocks.filter(({ type, hasHeaders }) => type === 'CERTIFICATE' && !hasHeaders);
  if (certificates.some(({ bytes }) => isCertificate(bytes))) return undefined;
  if (certificates.length > 0)
    return 'unable to load root certificates: failed to parse certificate: x509: malformed certificate';
  return 'unable to load root certificates: unable to parse bytes as PEM block';
}
