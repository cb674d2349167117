import { X509Certificate } from 'node:crypto';
import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, getCACertificates, type TLSSocket } from 'node:tls';
import type { Clock } from '../../api/clock.ts';
import type { Dial } from '../dial.ts';
import { networkErrorText } from '../network-error.ts';
import type { Endpoint } from '../service-resolver.ts';
import { authorityHint, identityProblem, validityProblem } from './server-identity.ts';

export interface Trust {
  /** Whom the certificate must speak for. */
  readonly serverName: string;
  /** PEM; undefined: the system's authorities. */
  readonly authorities: string | undefined;
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly insecure?: boolean;
}

// Go's default. Who called may have given up long before.
const handshakeTimeoutMs = 10_000;

/** A message that is in Go's words already. */
export class ConnectError extends Error {}

/** A TLS connection whose peer was verified, through the cluster's own network where the address is in it. Fails with a ConnectError. */
export async function connectSecurely(endpoint: Endpoint, trust: Trust, clock: Clock, dial?: Dial): Promise<TLSSocket> {
  const controller = new AbortController();
  const inside = dial?.(endpoint.host, endpoint.port, controller.signal);
  if (inside === undefined) return handshake(endpoint, undefined, trust, clock);
  const timedOut = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
  const timer = clock.after(handshakeTimeoutMs, () => controller.abort(timedOut));
  let wire: Duplex;
  try {
    wire = await inside;
  } catch (error) {
    throw new ConnectError(textOf(error as Error, endpoint, trust.serverName));
  } finally {
    timer.cancel();
  }
  return handshake(endpoint, wire, trust, clock);
}

function handshake(endpoint: Endpoint, wire: Duplex | undefined, trust: Trust, clock: Clock): Promise<TLSSocket> {
  const { serverName, authorities, certificate } = trust;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...(wire === undefined ? { host: endpoint.host, port: endpoint.port } : { socket: wire }),
      ca: authorities ?? getCACertificates('system'),
      // Servers' names are never addresses in TLS.
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      ALPNProtocols: ['http/1.1'],
      // Nothing is sent before `problemOf` has looked: its words are Go's.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...certificate,
    });
    const timer = clock.after(handshakeTimeoutMs, () => fail(new ConnectError('net/http: TLS handshake timeout')));
    const fail = (error: Error): void => {
      timer.cancel();
      socket.destroy();
      wire?.destroy();
      reject(error instanceof ConnectError ? error : new ConnectError(textOf(error, endpoint, serverName)));
    };
    socket.once('error', fail);
    socket.once('close', () => fail(new ConnectError('EOF')));
    socket.once('secureConnect', () => {
      const problem = trust.insecure === true ? undefined : problemOf(socket, trust, clock);
      if (problem !== undefined) {
        fail(new ConnectError(`tls: failed to verify certificate: x509: ${problem}`));
        return;
      }
      timer.cancel();
      socket.removeAllListeners('error');
      socket.removeAllListeners('close');
      resolve(socket);
    });
  });
}

function textOf(error: Error, endpoint: Endpoint, serverName: string): string {
  const { code = '' } = error as { code?: string };
  if (code === 'ECONNRESET') return 'EOF';
  // An answer in plain HTTP looks like any other text to OpenSSL, but is what developers' servers send.
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'http: server gave HTTP response to HTTPS client';
  const { address, port } = attemptOf(error);
  if (code === 'ENOTFOUND') {
    const [server = ''] = getServers();
    return `dial tcp: lookup ${endpoint.host} on ${server}${/\]?:\d+$/.test(server) ? '' : ':53'}: no such host`;
  }
  const tried = { host: address ?? endpoint.host, port: port ?? endpoint.port };
  return networkErrorText(error, tried, serverName);
}

interface Attempt {
  readonly address?: string;
  readonly port?: number;
}

/** A name with several addresses fails with several errors: one is told. */
function attemptOf(error: Error): Attempt {
  const { errors } = error as { errors?: readonly Attempt[] };
  return errors?.find(({ address = '' }) => isIP(address) === 4) ?? errors?.[0] ?? (error as Attempt);
}

function problemOf(socket: TLSSocket, trust: Trust, clock: Clock): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'certificate signed by unknown authority';
  const early = validityProblem(certificate, clock.now()) ?? identityProblem(certificate, trust.serverName);
  if (early !== undefined) return early;
  if (socket.authorized) return undefined;
  // Typed as an Error, but a code is what it is.
  if (String(socket.authorizationError) === 'INVALID_PURPOSE') return 'certificate specifies an incompatible key usage';
  return `certificate signed by unknown authority${authorityHint(certificate, authoritiesOf(trust.authorities))}`;
}

function authoritiesOf(pem: string | undefined): X509Certificate[] {
  const blocks = pem?.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
