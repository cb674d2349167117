import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { createAuthority, type WebhookCall } from '../../runner/webhook-server.ts';
import { allow, failing, runChecks, type Webhooks, withWebhooks } from './webhook-fixture.ts';

/** A TCP server that does one thing to whoever sends something. */
async function openPort(onData: (socket: Socket) => void): Promise<Server & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => onData(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return Object.assign(server, { [Symbol.asyncDispose]: dispose });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function unreachable(c: CaseContext): Promise<void> {
  await using plain = await openPort((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  await using closing = await openPort((socket) => socket.destroy());
  await using silent = await openPort(() => undefined);
  await withWebhooks(c, async (w) => {
    const at = (id: string, url: string, why: string, caBundle: string | undefined = w.server.caBundle) =>
      failing(id, `failed to call webhook: Post "${url}?timeout=1s": ${why}`, {
        answer: (call) => allow(call),
        webhook: {
          timeoutSeconds: 1,
          clientConfig: { url: url.replace(/\/$/, ''), ...(caBundle === '' ? {} : { caBundle }) },
        },
        unstable: true,
      });
    const local = (server: Server) => `https://127.0.0.1:${portOf(server)}/x`;
    const untrusted = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    const other = Buffer.from(createAuthority().certificate).toString('base64');
    const hint =
      '(possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "kubefacade-reference")';
    await runChecks(c, w, 'Validating', [
      at('refused', 'https://127.0.0.1:1/x', 'dial tcp 127.0.0.1:1: connect: connection refused'),
      at('portless', 'https://127.0.0.1/', 'dial tcp 127.0.0.1:443: connect: connection refused'),
      at('plain', local(plain), 'http: server gave HTTP response to HTTPS client'),
      at('closing', local(closing), 'EOF'),
      at('silent', local(silent), 'context deadline exceeded'),
      at('stranger', w.server.url('/x'), `${untrusted} ${hint}`, other),
      at('system', w.server.url('/x'), untrusted, ''),
      at('other-name', w.server.url('/x').replace('127.0.0.1', 'localhost'), 'EOF'),
      failing('hangup', `failed to call webhook: Post "${w.server.url('/hangup')}?timeout=5s": EOF`, {
        answer: () => undefined,
        unstable: true,
      }),
      serviceCheck(w, 'service', {}, 'https://none.{ns}.svc:443/'),
      serviceCheck(w, 'place', { path: '/a/b', port: 8443 }, 'https://none.{ns}.svc:8443/a/b'),
      {
        id: 'open',
        answer: (call) => allow(call),
        webhook: { failurePolicy: 'Ignore', clientConfig: { url: 'https://127.0.0.1:1/x' } },
        has: { 'data.a': 'b' },
      },
    ]);
  });
}

function serviceCheck(w: Webhooks, id: string, service: object, url: string) {
  const post = `Post "${url.replace('{ns}', w.ns)}?timeout=5s"`;
  return failing(id, `failed to call webhook: ${post}: service "none" not found`, {
    answer: (call) => allow(call),
    webhook: { clientConfig: { service: { namespace: w.ns, name: 'none', ...service }, caBundle: w.server.caBundle } },
  });
}

async function reuse(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const ports = new Set<unknown>();
    const answer = (call: WebhookCall): object => {
      ports.add(call.remotePort);
      return allow(call);
    };
    await w.install('Validating', [{ id: 'kept', answer }]);
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', labels: { check: 'kept' } } };
    for (let i = 0; i < 5; i++)
      await c.post(`/api/v1/namespaces/${w.ns}/configmaps?dryRun=All`, body, { has: { kind: 'ConfigMap' } });
    c.equal(ports.size, 1, 'connections for requests one after the other');
  });
}

const webhooks: Pick<Case, 'needs' | 'proves'> = { needs: ['loopback'], proves: 'AdmissionWebhook' };

export const webhookConnectionCases: readonly Case[] = [
  { id: 'admission/webhooks/nobody can be reached', run: unreachable, ...webhooks },
  { id: 'admission/webhooks/connections are used again', run: reuse, ...webhooks },
];
