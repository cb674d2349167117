import { createPrivateKey, X509Certificate } from 'node:crypto';

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

function blocks(base64: string | undefined): { readonly type: string; readonly text: string }[] {
  const text = Buffer.from(base64 ?? '', 'base64').toString('latin1');
  return [...text.matchAll(block)].map((match) => ({ type: match[1] ?? '', text: match[0] }));
}

function notFoundIn(what: string, wanted: string, types: readonly string[]): string {
  if (types.length === 0) return `tls: failed to find any PEM data in ${what} input`;
  const skipped = `after skipping PEM blocks of the following types: [${types.join(' ')}]`;
  return `tls: failed to find ${wanted} in ${what} input ${skipped}`;
}

/** Why a certificate and its key (base64 of PEM) do not make a TLS key pair, in Go's words; undefined when they do. */
export function keyPairError(certificate: string | undefined, key: string | undefined): string | undefined {
  const certificates = blocks(certificate);
  const leaf = certificates.find(({ type }) => type === 'CERTIFICATE');
  if (leaf === undefined) {
    const types = certificates.map(({ type }) => type);
    if (types.length === 1 && types[0]?.endsWith('PRIVATE KEY')) {
      return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
    }
    return notFoundIn('certificate', '"CERTIFICATE" PEM block', types);
  }
  const keys = blocks(key);
  const privateKey = keys.find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (privateKey === undefined) {
    const types = keys.map(({ type }) => type);
    if (types.length === 1 && types[0] === 'CERTIFICATE') {
      return 'tls: found a certificate rather than a key in the PEM for the private key';
    }
    return notFoundIn('key', 'PEM block with type ending in "PRIVATE KEY"', types);
  }
  return mismatch(leaf.text, privateKey.text);
}

function mismatch(certificate: string, key: string): string | undefined {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch {
    return 'x509: malformed certificate';
  }
  try {
    const privateKey = createPrivateKey(key);
    if (parsed.publicKey.asymmetricKeyType !== privateKey.asymmetricKeyType) {
      return 'tls: private key type does not match public key type';
    }
    return parsed.checkPrivateKey(privateKey) ? undefined : 'tls: private key does not match public key';
  } catch {
    return 'tls: failed to parse private key';
  }
}
