import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createApp, type Handle } from '../server/http/app.ts';
import { createUpgradeListener } from '../server/http/upgrade.ts';
import { selfSigned } from './component-server.ts';

export interface KubeletServerOptions {
  readonly node: string;
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM: who signs clients' certificates. */
  readonly clientCa: string | undefined;
}

export interface KubeletServer {
  readonly port: number;
  /** Who answers: until then everyone is told to come back. */
  serve(handle: Handle): void;
  close(): void;
}

/** Idle connections of API servers live longer than they keep them. */
const keepAliveMs = 120_000;

const starting: Handle = async () => ({
  status: 503,
  headers: { 'content-type': 'text/plain', 'retry-after': '1' },
  body: 'starting\n',
});

/** The HTTPS port of one kubelet. */
export async function openKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { node, address, clientCa } = options;
  let current = starting;
  const handle: Handle = (request) => current(request);
  const server: Server = createServer(
    {
      ...selfSigned(`system:node:${node}`, address),
      ...(clientCa === undefined ? {} : { ca: clientCa }),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    },
    createApp(handle),
  );
  server.on('upgrade', createUpgradeListener(handle));
  server.keepAliveTimeout = keepAliveMs;
  // Logs may be followed for days.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: (given) => {
      current = given;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
