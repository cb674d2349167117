import { createServer as createHttpsServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { kubernetesServiceIP } from '../server/bootstrap/kubernetes-service.ts';
import { createApp, type Handle } from '../server/http/app.ts';
import type { createUpgradeListener } from '../server/http/upgrade.ts';
import { openLevelStore } from '../server/storage/level-store.ts';
import { openMemoryStore } from '../server/storage/memory-store.ts';
import { type Identity, openIdentity } from '../server/tls/identity.ts';
import { writeKubeconfig } from '../server/tls/kubeconfig.ts';
import { loadGenerated, openCluster } from './cluster.ts';
import { parseStartOptions, type StartOptions } from './options.ts';
import { systemClock } from './system.ts';

/** Longer than client-go keeps idle connections (90 s), so that the client closes first. */
const keepAliveMs = 120_000;
const maxHeaderBytes = 1024 * 1024;
/** Draining ends after this. */
const stopDeadlineMs = 5000;
/** Where there is no network: an address that Endpoints accept. */
const fallbackAddress = '100.64.0.1';

/** Loopback is no address for others: then the machine's own first one stands in. */
function advertisedAddress(options: StartOptions): string {
  const isLoopback = /^(127\.|::1$|0\.0\.0\.0$|::$|localhost$)/.test(options.bindAddress);
  if (options.advertiseAddress !== undefined) return options.advertiseAddress;
  if (!isLoopback) return options.bindAddress;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? fallbackAddress;
}

async function listen(server: Server, options: StartOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.securePort, options.bindAddress, () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

function openEdge(identity: Identity, handle: { current: Handle | undefined }): Server {
  const current: Handle = (request) => {
    if (handle.current !== undefined) return handle.current(request);
    return Promise.resolve({
      status: 503,
      headers: { 'content-type': 'text/plain', 'retry-after': '1' },
      body: 'starting\n',
    });
  };
  const server = createHttpsServer(
    {
      cert: identity.serving.certificate,
      key: identity.serving.key,
      ca: [identity.clientCa, identity.requestHeaderCa],
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      maxHeaderSize: maxHeaderBytes,
    },
    createApp(current),
  );
  // WebSockets' library is loaded for the first who upgrades.
  let listener: Promise<ReturnType<typeof createUpgradeListener>> | undefined;
  server.on('upgrade', (req, socket, head) => {
    listener ??= import('../server/http/upgrade.ts').then((module) => module.createUpgradeListener(current));
    void listener.then((upgrade) => upgrade(req, socket, head));
  });
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = keepAliveMs + 1000;
  // Watches last as long as they like.
  server.requestTimeout = 0;
  return server;
}

export async function start(args: readonly string[]): Promise<void> {
  const options = parseStartOptions(args);
  const log = pino({ level: options.logLevel }, pino.destination({ dest: 2, sync: true }));
  for (const warning of options.warnings) process.stderr.write(`warning: ${warning}\n`);
  const advertiseAddress = advertisedAddress(options);
  const [generated, identity, store] = await Promise.all([
    loadGenerated(),
    openIdentity({
      directory: join(options.dataDir, 'pki'),
      clock: systemClock,
      addresses: [options.bindAddress, advertiseAddress, kubernetesServiceIP(options.serviceClusterIPRange)].filter(
        (a) => a !== 'localhost',
      ),
      tlsCertFile: options.tlsCertFile,
      tlsPrivateKeyFile: options.tlsPrivateKeyFile,
      clientCaFile: options.clientCaFile,
      requestHeaderClientCaFile: options.requestHeader.clientCaFile,
      proxyClientCertFile: options.proxyClientCertFile,
      proxyClientKeyFile: options.proxyClientKeyFile,
      serviceAccountKeyFiles: options.serviceAccountKeyFiles,
      serviceAccountSigningKeyFile: options.serviceAccountSigningKeyFile,
    }),
    options.storage === 'memory'
      ? openMemoryStore({ clock: systemClock })
      : openLevelStore({ directory: join(options.dataDir, 'objects'), clock: systemClock }),
  ]);
  const handle: { current: Handle | undefined } = { current: undefined };
  const server = openEdge(identity, handle);
  const port = await listen(server, options);
  const cluster = await openCluster({ options, generated, identity, store, log, securePort: port, advertiseAddress });
  handle.current = cluster.handle;
  const kubeconfigPath = options.kubeconfigOut ?? join(options.dataDir, 'kubeconfig');
  const host =
    options.bindAddress === '0.0.0.0'
      ? '127.0.0.1'
      : options.bindAddress.includes(':')
        ? `[${options.bindAddress}]`
        : options.bindAddress;
  await writeKubeconfig(kubeconfigPath, {
    server: `https://${host}:${port}`,
    certificateAuthority: identity.servingCa,
    client: identity.pki.admin,
  });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await cluster.shutDownNodes();
    // Whatever hangs on the way: what was acknowledged is on disk, and nobody waits for ever.
    systemClock.after(stopDeadlineMs, () => process.exit(0));
    server.close();
    server.closeIdleConnections();
    await cluster.close();
    // Watches end with the cluster; what is left after a moment is cut.
    systemClock.after(2000, () => server.closeAllConnections());
    server.closeIdleConnections();
    await store[Symbol.asyncDispose]();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The new listener comes before the old one goes: a signal that is on its way is lost with the last listener.
    const before = process.listeners(signal);
    process.on(signal, () => void stop());
    for (const listener of before) process.removeListener(signal, listener);
  }
  process.stdout.write(`ready https://${host}:${port} kubeconfig=${kubeconfigPath}\n`);
}
