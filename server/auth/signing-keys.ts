import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512';

/** A key that service account tokens are verified with. */
export interface VerificationKey {
  /** As upstream derives it: the hash of the public key, so that any server names a key alike. */
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

/** From PEM: a private key's public half, or public keys; a file may hold several. */
export function verificationKeys(pem: string): VerificationKey[] {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
  const keys = blocks
    .filter((block) => !block.startsWith('-----BEGIN EC PARAMETERS'))
    .map((block) => verificationKey(createPublicKey(block)));
  if (keys.length === 0) throw new Error('data does not contain any valid RSA or ECDSA public keys');
  return keys;
}

export function signingKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  return { ...verificationKey(createPublicKey(privateKey)), privateKey };
}

/** A compact JWS. */
export function signToken(key: SigningKey, claims: object): string {
  const signed = `${encoded({ alg: key.algorithm, kid: key.id })}.${encoded(claims)}`;
  const signature = sign(hashOf(key), Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The algorithm is the key's own: what the token's header says is compared by the caller and never obeyed. */
export function isSignedBy(key: VerificationKey, signed: string, signature: Uint8Array): boolean {
  return verify(hashOf(key), Buffer.from(signed), { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** The public key as an entry of a JSON Web Key Set. */
export function jsonWebKey(key: VerificationKey): object {
  const { kty, ...parameters } = key.publicKey.export({ format: 'jwk' });
  const { crv, x, y, n, e } = parameters;
  return {
    use: 'sig',
    kty,
    kid: key.id,
    ...(crv === undefined ? {} : { crv }),
    alg: key.algorithm,
    ...(kty === 'RSA' ? { n, e } : { x, y }),
  };
}

const hashes = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' };

function hashOf(key: VerificationKey): string {
  return hashes[key.algorithm];
}

function verificationKey(publicKey: KeyObject): VerificationKey {
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { id, algorithm: algorithmOf(publicKey), publicKey };
}

const curves: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

function algorithmOf(publicKey: KeyObject): SigningAlgorithm {
  if (publicKey.asymmetricKeyType === 'rsa') return 'RS256';
  const algorithm = curves[publicKey.asymmetricKeyDetails?.namedCurve ?? ''];
  if (publicKey.asymmetricKeyType === 'ec' && algorithm !== undefined) return algorithm;
  throw new Error('unknown private key type, must be RSA or ECDSA with curve 256, 384, or 521');
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
