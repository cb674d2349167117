import type { TLSSocket } from 'node:tls';
import { StatusError } from '../../api/status.ts';
import { type Authenticator, bearerTokenOf } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { PeerCertificateChain } from '../auth/client-certificate.ts';
import { impersonate } from '../auth/impersonation.ts';
import { hasImpersonation, wantedUser } from '../auth/impersonation-headers.ts';
import type { RequestHeaderAuthenticator } from '../auth/request-header.ts';
import type { UserInfo } from '../registry/strategy.ts';
import { rawRequestOf } from './app.ts';
import { attributesOf } from './attributes.ts';
import { type ApiRequest, headerOf } from './message.ts';

/** Who asks: by the certificate of the connection or a bearer token, then as whom. */
export function createAuthentication(
  authenticator: Authenticator,
  authorizer: Authorizer,
  requestHeader?: RequestHeaderAuthenticator,
): (request: ApiRequest) => UserInfo | undefined | Promise<UserInfo | undefined> {
  // Certificates belong to connections: asking the TLS layer for each request costs more than the request.
  const certificates = new WeakMap<TLSSocket, PeerCertificateChain | null>();
  const certificateOf = (request: ApiRequest): PeerCertificateChain | undefined => {
    const socket = rawRequestOf(request)?.socket as TLSSocket | undefined;
    if (socket?.getPeerCertificate === undefined) return undefined;
    let certificate = certificates.get(socket);
    if (certificate === undefined) {
      const peer = socket.getPeerCertificate(true);
      certificate = peer.raw === undefined ? null : peer;
      certificates.set(socket, certificate);
    }
    return certificate ?? undefined;
  };
  return (request) => {
    const authorization = headerOf(request, 'authorization');
    const proxied =
      requestHeader?.isMeant(request.headers) === true
        ? spokenFor(requestHeader, distinctHeaders(request), certificateOf(request))
        : nobody;
    const user =
      proxied.user ??
      authenticator.authenticate({
        bearerToken: authorization === '' ? undefined : bearerTokenOf(authorization),
        clientCertificate: certificateOf(request),
      });
    if (user === undefined && proxied.refused) throw new StatusError('Unauthorized', 'Unauthorized');
    if (user === undefined || !hasImpersonation(request.headers)) return user;
    const wanted = wantedUser(distinctHeaders(request));
    return wanted === undefined ? user : impersonate(authorizer, wanted, attributesOf(request, user));
  };
}

const nobody = { user: undefined, refused: false } as const;

/** With the values of repeated headers apart. */
function distinctHeaders(request: ApiRequest): ApiRequest['headers'] {
  return rawRequestOf(request)?.headersDistinct ?? request.headers;
}

type Headers = Parameters<RequestHeaderAuthenticator['authenticate']>[0];

/** Who is no front proxy may still be somebody. */
function spokenFor(
  requestHeader: RequestHeaderAuthenticator,
  headers: Headers,
  certificate: PeerCertificateChain | undefined,
): { readonly user: UserInfo | undefined; readonly refused: boolean } {
  try {
    return { user: requestHeader.authenticate(headers, certificate), refused: false };
  } catch {
    return { user: undefined, refused: true };
  }
}
