import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { sleep } from '../../../client/sleep.ts';
import { goLog, klog } from '../go-command.ts';
import { fetchHttp } from '../http-client.ts';
import { type HttpCall, reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

const pollMs = 10_000;
const maxChain = 8;

const blocksOf = (pem: string, kind: string): readonly string[] =>
  pem.match(new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----\\n?`, 'g')) ?? [];

/** Asks a server every ten seconds with the certificate of a bundle. */
export const mtlsClient: CommandProgram = async (context, flags) => {
  const { files, stderr, clock, killed, onTerminate } = context;
  const [url, trust, bundle] = ['fetch-url', 'server-trust-bundle', 'client-cred-bundle'].map((name) =>
    flags.text(name),
  );
  if (!url || !trust || !bundle) {
    stderr.write('Error: missing required flags\n');
    return 1;
  }
  const ended = new AbortController();
  onTerminate(() => ended.abort());
  const signal = AbortSignal.any([killed, ended.signal]);
  for (;;) {
    await sleep(clock, pollMs, signal);
    if (signal.aborted) return goTerminated;
    try {
      const credentials = files.read(bundle) ?? '';
      const cert = blocksOf(credentials, 'CERTIFICATE').join('');
      const key = blocksOf(credentials, 'PRIVATE KEY').join('');
      const { status, body } = await fetchHttp(context, url, { tls: { ca: files.read(trust) ?? '', cert, key } });
      if (status < 200 || status >= 300) throw new Error(`non-2xx status ${status}`);
      goLog(context)(`Got response body: ${body}`);
    } catch (error) {
      klog(context, 'client.go:73')(
        `while sending requests to the server: ${error instanceof Error ? error.message : error}`,
        'E',
      );
    }
  }
};

/** Tells a client the identity that its certificate has. */
export const mtlsServer: CommandProgram = (context, flags) => {
  const { files, stderr, network } = context;
  const [listen, credentials, trust] = ['listen', 'server-creds', 'spiffe-trust-bundle'].map((name) =>
    flags.text(name),
  );
  if (!listen || !credentials || !trust) {
    stderr.write('Error: missing required flags\n');
    return 1;
  }
  const pem = files.read(credentials);
  if (pem === undefined) {
    stderr.write(
      `Error: error while serving: while loading server key pair: open ${credentials}: no such file or directory\n`,
    );
    return 1;
  }
  const tls = {
    cert: blocksOf(pem, 'CERTIFICATE').join(''),
    key: blocksOf(pem, 'PRIVATE KEY').join(''),
    asksForCertificate: true,
  };
  const log = goLog(context);
  const service = serveHttp(
    network,
    Number(listen.replace(/^.*:/, '')),
    (call) => {
      if (call.url.pathname !== '/spiffe-echo') return reply(call, { status: 404, body: '404 page not found\n' });
      const identity = identityOf(call, blocksOf(files.read(trust) ?? '', 'CERTIFICATE'), log);
      return identity === undefined
        ? reply(call, { status: 401, body: 'SPIFFE client certificate authentication required\n' })
        : reply(call, { body: `Client Identity: ${identity}` });
    },
    { tls },
  );
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

function identityOf({ request }: HttpCall, roots: readonly string[], log: (text: string) => void): string | undefined {
  if (!(request.socket instanceof TLSSocket)) return undefined;
  const leaf = request.socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  if (
    !isTrusted(
      leaf,
      roots.map((pem) => new X509Certificate(pem)),
    )
  ) {
    log('Error while verifying SPIFFE client certificate: x509: certificate signed by unknown authority');
    return undefined;
  }
  const names = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  if (names.length === 1) return names[0]?.slice('URI:'.length);
  log(`SPIFFE client certificate did not have 1 URI SAN, count: ${names.length}`);
  return undefined;
}

/** Through the certificates that the client sent with its own. */
function isTrusted(leaf: X509Certificate, roots: readonly X509Certificate[]): boolean {
  let at: X509Certificate | undefined = leaf;
  for (let depth = 0; at !== undefined && depth < maxChain; depth++) {
    const certificate: X509Certificate = at;
    if (roots.some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey))) return true;
    at = certificate.issuerCertificate;
  }
  return false;
}
