import type { Clock } from '../../api/clock.ts';
import type { ClusterReader, UserInfo } from '../registry/strategy.ts';
import { legacyTokenFault, tokenFault } from './bound-objects.ts';
import { BoundedCache } from './bounded-cache.ts';
import {
  type LegacyClaims,
  legacyIssuer,
  type ServiceAccountClaims,
  serviceAccountUser,
} from './service-account-token.ts';
import { isSignedBy, type VerificationKey } from './signing-keys.ts';

export interface TokenVerifierOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly reader: ClusterReader;
  /** The first signs, all are accepted. */
  readonly issuers: readonly string[];
  readonly keys: readonly VerificationKey[];
  /** What this server answers to: `--api-audiences`, by default its issuers. */
  readonly apiAudiences: readonly string[];
  /** From `parseTokenFile`. */
  readonly staticTokens?: ReadonlyMap<string, UserInfo>;
}

export type TokenVerdict =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  /** Why not, in the words of TokenReview's `status.error`. */
  | { readonly user?: undefined; readonly error: string };

export interface TokenVerifier {
  /** `audiences`: whom the token must be meant for, at least one of them; default: this server. */
  verify(token: string, audiences?: readonly string[]): TokenVerdict;
}

type Claims = Partial<ServiceAccountClaims> & Partial<LegacyClaims>;

interface Verified {
  readonly claims: Claims;
  readonly user: UserInfo;
}

// Bounds memory at a few megabytes; a cluster's kubelets and controllers use far fewer tokens at a time.
const rememberedTokens = 2048;
const invalidBearer = 'invalid bearer token';

/** Signatures are checked once per token and remembered; times and bound objects are checked each time. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { reader, clock, apiAudiences, staticTokens } = options;
  const issuers = new Set([...options.issuers, legacyIssuer]);
  const remembered = new BoundedCache<string, Verified>(rememberedTokens);

  function verifySigned(token: string): Verified | string | undefined {
    const known = remembered.get(token);
    if (known !== undefined) return known;
    const parsed = parseToken(token);
    if (parsed === undefined || !issuers.has(parsed.claims.iss ?? '')) return undefined;
    const keys = parsed.keyId === '' ? options.keys : options.keys.filter((key) => key.id === parsed.keyId);
    if (keys.length === 0) return 'invalid signature, no keys found';
    const isGood = keys.some(
      (key) => key.algorithm === parsed.algorithm && isSignedBy(key, parsed.signed, parsed.signature),
    );
    // go-jose's words, which TokenReview shows.
    if (!isGood) return 'go-jose/go-jose: error in cryptographic primitive';
    const verified = { claims: parsed.claims, user: userOf(parsed.claims) };
    remembered.set(token, verified);
    return verified;
  }

  function faultOf(claims: Claims, token: string): string | undefined {
    return claims.iss === legacyIssuer
      ? legacyTokenFault(claims as LegacyClaims, token, reader)
      : tokenFault(claims as ServiceAccountClaims, reader, clock.now());
  }

  return {
    verify(token, audiences = apiAudiences) {
      const fixed = staticTokens?.get(token);
      if (fixed !== undefined) {
        const common = apiAudiences.filter((audience) => audiences.includes(audience));
        return common.length > 0 ? { user: fixed, audiences: common } : { error: invalidBearer };
      }
      const verified = verifySigned(token);
      if (verified === undefined) return { error: invalidBearer };
      if (typeof verified === 'string') return refusal(verified);
      const { claims, user } = verified;
      // Tokens without an audience are for this server alone.
      const meant = claims.aud === undefined || claims.aud.length === 0 ? apiAudiences : claims.aud;
      const common = meant.filter((audience) => audiences.includes(audience));
      if (common.length === 0) {
        return refusal(`token audiences ${quoted(meant)} is invalid for the target audiences ${quoted(audiences)}`);
      }
      const fault = faultOf(claims, token);
      return fault === undefined ? { user, audiences: common } : refusal(fault);
    },
  };
}

function refusal(fault: string): TokenVerdict {
  return { error: `[${invalidBearer}, ${fault}]` };
}

function quoted(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}

interface ParsedToken {
  readonly keyId: string;
  readonly algorithm: string;
  readonly claims: Claims;
  readonly signed: string;
  readonly signature: Uint8Array;
}

const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Undefined for what is no JWS in compact form; nothing in it may be trusted yet. */
function parseToken(token: string): ParsedToken | undefined {
  if (!compactForm.test(token)) return undefined;
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { alg, kid } = parseObject(header) ?? {};
  const claims = parseObject(payload);
  if (typeof alg !== 'string' || claims === undefined) return undefined;
  return {
    keyId: typeof kid === 'string' ? kid : '',
    algorithm: alg,
    claims: { ...claims, aud: audiencesOf(claims['aud']) } as Claims,
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // Not JSON: not a token of ours.
  }
}

/** RFC 7519 allows a lone string. */
function audiencesOf(aud: unknown): string[] {
  return (Array.isArray(aud) ? aud : [aud]).filter((audience) => typeof audience === 'string');
}

function userOf(claims: Claims): UserInfo {
  if (claims.iss === legacyIssuer) {
    return serviceAccountUser({
      namespace: claims['kubernetes.io/serviceaccount/namespace'] ?? '',
      name: claims['kubernetes.io/serviceaccount/service-account.name'] ?? '',
      uid: claims['kubernetes.io/serviceaccount/service-account.uid'] ?? '',
    });
  }
  const { namespace = '', serviceaccount, pod, node } = claims['kubernetes.io'] ?? {};
  return serviceAccountUser({
    namespace,
    name: serviceaccount?.name ?? '',
    uid: serviceaccount?.uid ?? '',
    jti: claims.jti,
    pod,
    node,
  });
}
