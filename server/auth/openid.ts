import { jsonWebKey, type VerificationKey } from './signing-keys.ts';

/** Both documents are answered with this: relying parties may keep them for an hour. */
export const openIdCacheControl = 'public, max-age=3600';

export interface OpenIdOptions {
  readonly issuer: string;
  /** `https://HOST:PORT/openid/v1/jwks`, or what `--service-account-jwks-uri` says. */
  readonly jwksUri: string;
  readonly keys: readonly VerificationKey[];
}

/** `/.well-known/openid-configuration`, answered as application/json. */
export function openIdConfiguration({ issuer, jwksUri, keys }: OpenIdOptions): object {
  return {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.algorithm))].toSorted(),
  };
}

/** `/openid/v1/jwks`, answered as application/jwk-set+json. */
export function jsonWebKeySet(keys: readonly VerificationKey[]): object {
  return { keys: keys.map(jsonWebKey) };
}
