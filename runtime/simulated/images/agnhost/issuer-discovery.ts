import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { goLog } from '../go-command.ts';
import { inClusterClient } from '../in-cluster-client.ts';
import type { CommandProgram } from './command.ts';

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[] | string;
  readonly exp: number;
}

interface Keys {
  readonly keys: readonly (JsonWebKey & { readonly kid?: string })[];
}

const partOf = <T>(part: string | undefined): T =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')) as T;

/** Checks a mounted token by what its issuer publishes. */
export const issuerDiscovery: CommandProgram = async (context, flags) => {
  const log = goLog(context);
  const path = flags.text('token-path');
  const raw = context.files.read(path)?.trim();
  if (raw === undefined) {
    log(`open ${path}: no such file or directory`);
    return 1;
  }
  log('OK: Got token');
  log('validating with in-cluster discovery');
  const client = inClusterClient(context);
  if (typeof client === 'string') {
    log(client);
    return 1;
  }
  const [head, body, signature = ''] = raw.split('.');
  const claims = partOf<Claims>(body);
  log(`OK: got issuer ${claims.iss}`);
  log(`Full, not-validated claims: \n${JSON.stringify(claims)}`);
  const get = async <T>(url: string): Promise<T> => {
    const answer = await client.fetch(url);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body) as T;
  };
  try {
    const issuer = claims.iss.replace(/\/$/, '');
    const found = await get<{ issuer: string; jwks_uri: string }>(`${issuer}/.well-known/openid-configuration`);
    if (found.issuer !== claims.iss)
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(claims.iss)} got ${JSON.stringify(found.issuer)}`,
      );
    log(`OK: Constructed OIDC provider for issuer ${claims.iss}`);
    const { keys } = await get<Keys>(found.jwks_uri);
    const { kid, alg } = partOf<{ kid?: string; alg: string }>(head);
    const key = keys.find((one) => one.kid === kid);
    if (key === undefined) throw new Error('failed to verify signature: failed to verify id token signature');
    const publicKey = createPublicKey({ key, format: 'jwk' });
    const signed = Buffer.from(`${head}.${body}`);
    const given = Buffer.from(signature, 'base64url');
    const isRight = verify(
      'sha256',
      signed,
      alg.startsWith('ES') ? { key: publicKey, dsaEncoding: 'ieee-p1363' } : publicKey,
      given,
    );
    if (!isRight) throw new Error('failed to verify signature: failed to verify id token signature');
    const audience = flags.text('audience');
    if (![claims.aud].flat().includes(audience))
      throw new Error(`oidc: expected audience ${JSON.stringify(audience)} got ${JSON.stringify(claims.aud)}`);
    if (claims.exp * 1000 < context.clock.now()) throw new Error('oidc: token is expired');
  } catch (error) {
    log(`failed to validate with in-cluster discovery: ${error instanceof Error ? error.message : error}`);
    log('falling back to validating with external discovery');
    return 1;
  }
  log('OK: Validated signature on JWT');
  log('OK: Got valid claims from token!');
  log(`Full, validated claims: \n${JSON.stringify(claims)}`);
  return 0;
};
