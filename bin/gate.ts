import { readFile } from 'node:fs/promises';
import type { RequestHeaderConfig } from '../server/aggregation/authentication-config.ts';
import { type Authenticator, createAuthenticator } from '../server/auth/authenticator.ts';
import { createCertificateVerifier } from '../server/auth/client-certificate.ts';
import { createRequestHeaderAuthenticator, type RequestHeaderAuthenticator } from '../server/auth/request-header.ts';
import { signingKey, type VerificationKey, verificationKeys } from '../server/auth/signing-keys.ts';
import { parseTokenFile } from '../server/auth/token-file.ts';
import type { TokenIssuer } from '../server/auth/token-request.ts';
import { createTokenVerifier, type TokenVerifier } from '../server/auth/token-verifier.ts';
import type { ClusterReader } from '../server/registry/strategy.ts';
import type { Identity } from '../server/tls/identity.ts';
import { frontProxyName } from '../server/tls/pki.ts';
import type { StartOptions } from './options.ts';
import { systemClock } from './system.ts';

export interface Gate {
  readonly requestHeader: RequestHeaderAuthenticator;
  /** What aggregated servers are told of it. */
  readonly requestHeaderConfig: RequestHeaderConfig;
  readonly authenticator: Authenticator;
  readonly tokens: TokenVerifier;
  readonly issuer: TokenIssuer;
  readonly keys: readonly VerificationKey[];
}

/** Who may come in, by the keys and certificates of the identity. */
export async function openGate(options: StartOptions, identity: Identity, reader: ClusterReader): Promise<Gate> {
  const key = signingKey(identity.serviceAccountSigningKey);
  const accepted = identity.serviceAccountKeys.flatMap(verificationKeys);
  const keys = accepted.some(({ id }) => id === key.id) ? accepted : [key, ...accepted];
  const apiAudiences = [options.serviceAccountIssuer];
  const { tokenAuthFile } = options;
  const staticTokens =
    tokenAuthFile === undefined ? undefined : parseTokenFile(await readFile(tokenAuthFile, 'utf8'), tokenAuthFile);
  const tokens = createTokenVerifier({
    clock: systemClock,
    reader,
    keys,
    apiAudiences,
    issuers: [options.serviceAccountIssuer],
    ...(staticTokens === undefined ? {} : { staticTokens }),
  });
  const certificates = createCertificateVerifier(identity.clientCa, systemClock);
  const requestHeaderConfig = requestHeaderConfigOf(options, identity);
  return {
    requestHeaderConfig,
    requestHeader: createRequestHeaderAuthenticator({
      ...requestHeaderConfig,
      certificates: createCertificateVerifier(identity.requestHeaderCa, systemClock),
    }),
    authenticator: createAuthenticator({ tokens, certificates }),
    tokens,
    issuer: { issuer: options.serviceAccountIssuer, key, apiAudiences },
    keys,
  };
}

/** Of the own CA only the own certificate speaks for others, unless the flags say otherwise. */
export function requestHeaderConfigOf(
  { requestHeader }: StartOptions,
  { requestHeaderCa }: Pick<Identity, 'requestHeaderCa'>,
): RequestHeaderConfig {
  const { clientCaFile, allowedNames = clientCaFile === undefined ? [frontProxyName] : [], ...headers } = requestHeader;
  return { clientCa: requestHeaderCa, allowedNames, ...headers };
}
