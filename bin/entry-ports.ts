import { generateKeyPair } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Resolver } from '../runtime/dns/resolver.ts';
import type { CertificatePair } from '../runtime/ingress/certificates.ts';
import type { AcceptConnection } from '../runtime/ingress/ingress-controller.ts';
import { systemClock } from './system.ts';

/** Ports of this machine that lead into the cluster. Undefined: none; 0: a free one. */
export interface EntryPorts {
  readonly address: string;
  readonly dns: number | undefined;
  readonly ingress: number | undefined;
  readonly ingressHttps: number | undefined;
}

/** Ports close when the signal aborts. */
interface Lifetime {
  readonly signal: AbortSignal;
  onError(error: unknown): void;
}

export interface OpenEntries {
  dns(resolve: Resolver, lifetime: Lifetime): void;
  ingress(accept: AcceptConnection, lifetime: Lifetime): void;
}

export function createEntries(ports: EntryPorts): OpenEntries {
  return {
    dns: (resolve, { signal, onError }) => {
      if (ports.dns === undefined) return;
      const wanted = ports.dns;
      void import('./dns-port.ts')
        .then(({ openDnsPort }) => openDnsPort(ports.address, wanted, resolve))
        .then((open) => onceAborted(signal, () => void open.close()))
        .catch(onError);
    },
    ingress: (accept, lifetime) => {
      for (const [port, isSecure] of [
        [ports.ingress, false],
        [ports.ingressHttps, true],
      ] as const) {
        if (port === undefined) continue;
        const server = createServer((socket) => void accept(socket, isSecure, socket.remoteAddress ?? ''));
        listen(server, port, ports.address, lifetime);
      }
    },
  };
}

function onceAborted(signal: AbortSignal, close: () => void): void {
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
}

function listen(server: Server, port: number, address: string, { signal, onError }: Lifetime): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.once('error', onError);
  server.listen(port, address);
  onceAborted(signal, () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
}

const yearMs = 365 * 86_400_000;
const subject = { commonName: 'Kubernetes Ingress Controller Fake Certificate' };

/** What hosts of Ingresses show that have no certificate of their own. */
export async function fallbackCertificate(): Promise<CertificatePair> {
  const { issueCertificate } = await import('../server/tls/certificate.ts');
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const now = systemClock.now();
  const certificate = issueCertificate({
    subject,
    issuer: { subject, key: privateKey },
    publicKey,
    notBefore: now - 60_000,
    notAfter: now + yearMs,
    use: 'server',
    dnsNames: ['ingress.local'],
  });
  return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
