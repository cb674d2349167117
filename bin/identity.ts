import { readFile } from 'node:fs/promises';
import { type Authenticator, createAuthenticator } from '../server/auth/authenticator.ts';
import { createCertificateVerifier } from '../server/auth/client-certificate.ts';
import { signingKey, type VerificationKey, verificationKeys } from '../server/auth/signing-keys.ts';
import { parseTokenFile } from '../server/auth/token-file.ts';
import type { TokenIssuer } from '../server/auth/token-request.ts';
import { createTokenVerifier, type TokenVerifier } from '../server/auth/token-verifier.ts';
import type { ClusterReader } from '../server/registry/strategy.ts';
import type { Pki } from '../server/tls/pki.ts';
import type { StartOptions } from './options.ts';
import { systemClock } from './system.ts';

export interface Identity {
  readonly authenticator: Authenticator;
  readonly tokens: TokenVerifier;
  readonly issuer: TokenIssuer;
  readonly keys: readonly VerificationKey[];
}

/** Who may come in, and the keys that say so. */
export async function openIdentity(options: StartOptions, pki: Pki, reader: ClusterReader): Promise<Identity> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  const signing = options.serviceAccountSigningKeyFile === undefined ? pki.serviceAccountKey : await read(options.serviceAccountSigningKeyFile);
  const key = signingKey(signing);
  const given = (await Promise.all(options.serviceAccountKeyFiles.map(read))).flatMap(verificationKeys);
  const keys = given.some(({ id }) => id === key.id) ? given : [key, ...given];
  const apiAudiences = [options.serviceAccountIssuer];
  const staticTokens = options.tokenAuthFile === undefined ? undefined : parseTokenFile(await read(options.tokenAuthFile), options.tokenAuthFile);
  const tokens = createTokenVerifier({
    clock: systemClock, reader, keys, apiAudiences,
    issuers: [options.serviceAccountIssuer],
    ...(staticTokens === undefined ? {} : { staticTokens }),
  });
  const clientCa = options.clientCaFile === undefined ? '' : await read(options.clientCaFile);
  const certificates = createCertificateVerifier(`${pki.ca.certificate}\n${clientCa}`, systemClock);
  return { authenticator: createAuthenticator({ tokens, certificates }), tokens, issuer: { issuer: options.serviceAccountIssuer, key, apiAudiences }, keys };
}
