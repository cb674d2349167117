import { StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';
import type { CertificateVerifier, ClientCertificate } from './client-certificate.ts';
import type { TokenVerifier } from './token-verifier.ts';

export interface Credentials {
  /** From `bearerTokenOf`. */
  readonly bearerToken?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
}

export interface Authenticator {
  /** Undefined when there are no credentials. Throws Unauthorized when there are and none of them is good. */
  authenticate(credentials: Credentials): UserInfo | undefined;
}

export interface AuthenticatorOptions {
  readonly tokens: TokenVerifier;
  /** Absent without client CA: certificates say nothing then. */
  readonly certificates?: CertificateVerifier;
}

/** Certificate first, then token; a bad certificate does not spoil a good token. Upstream: union of request authenticators. */
export function createAuthenticator({ tokens, certificates }: AuthenticatorOptions): Authenticator {
  return {
    authenticate({ bearerToken, clientCertificate }) {
      let isRefused = false;
      if (clientCertificate !== undefined && certificates !== undefined) {
        try {
          const user = certificates.verify(clientCertificate);
          if (user !== undefined) return user;
        } catch {
          // The client learns no more than that it is not authenticated.
          isRefused = true;
        }
      }
      if (bearerToken !== undefined) {
        const { user } = tokens.verify(bearerToken);
        if (user !== undefined) return user;
        isRefused = true;
      }
      if (isRefused) throw new StatusError('Unauthorized', 'Unauthorized');
      return undefined;
    },
  };
}

/** The token of an Authorization header; undefined when it holds none. */
export function bearerTokenOf(authorization: string): string | undefined {
  const [scheme = '', token = ''] = authorization.trim().split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/** What browsers' sockets carry it in: `Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.TOKEN`. The other protocols are left. */
export function webSocketTokenOf(protocols: string): {
  readonly token?: string;
  readonly protocols: readonly string[];
} {
  const prefix = 'base64url.bearer.authorization.k8s.io.';
  const all = protocols
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
  const carrier = all.find((protocol) => protocol.startsWith(prefix));
  if (carrier === undefined) return { protocols: all };
  const token = Buffer.from(carrier.slice(prefix.length), 'base64url').toString('utf8');
  return { token, protocols: all.filter((protocol) => protocol !== carrier) };
}

const publicPaths = /^\/(?:healthz|livez|readyz|version)(?:\/|$)/;

/** Paths that everyone may read without credentials. */
export function isPublicPath(path: string): boolean {
  return publicPaths.test(path);
}
