import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { ApiClient } from '../api/client.ts';
import { issueCertificate } from '../server/tls/certificate.ts';
import { isPermitted, userOfToken } from './delegated-reviews.ts';
import { systemClock } from './system.ts';

export interface ComponentServerOptions {
  readonly name: string;
  readonly bindAddress: string;
  readonly port: number;
  /** Asks the API server who comes and what they may. */
  readonly client: ApiClient;
  metrics(): Promise<string>;
}

const yearMs = 365 * 86_400_000;
const open = new Set(['/healthz', '/livez', '/readyz']);

/** Of its own making: whoever scrapes a component does not verify it, or is given a file of theirs. */
export function selfSigned(name: string, address: string): { readonly key: string; readonly cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = { commonName: name };
  const now = systemClock.now();
  const cert = issueCertificate({
    subject,
    publicKey,
    issuer: { subject, key: privateKey },
    notBefore: now - 60_000,
    notAfter: now + yearMs,
    use: 'server',
    dnsNames: ['localhost'],
    ipAddresses: [...new Set(['127.0.0.1', address])].filter((one) => one !== '0.0.0.0' && one !== '::'),
  });
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
}

/** 200, 401 or 403: a token's bearer may read a path when the API server says so. */
async function accessOf(client: ApiClient, authorization: string, path: string): Promise<200 | 401 | 403> {
  const token = /^Bearer (.+)$/i.exec(authorization)?.[1];
  if (token === undefined) return 401;
  const user = await userOfToken(client, token);
  if (user === undefined) return 401;
  return (await isPermitted(client, user, { nonResourceAttributes: { path, verb: 'get' } })) ? 200 : 403;
}

/** Health for everybody, `/metrics` for whom the API server lets read it; over HTTPS, as upstream's components have it. */
export async function serveComponent(options: ComponentServerOptions): Promise<Server> {
  const { name, bindAddress, port, client, metrics } = options;
  const server = createServer(selfSigned(name, bindAddress), (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    };
    if (open.has(path)) answer(200, 'ok');
    else if (path !== '/metrics') answer(404, '404 page not found\n');
    else
      accessOf(client, request.headers.authorization ?? '', path)
        .then(async (status) => {
          if (status === 200) answer(200, await metrics());
          else answer(status, status === 401 ? 'Unauthorized\n' : 'Forbidden\n');
        })
        .catch(() => answer(500, 'Internal Server Error\n'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, bindAddress, resolve);
  });
  return server;
}
