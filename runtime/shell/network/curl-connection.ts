import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { resolvePath } from '../../files/path.ts';
import { CurlError } from './curl-options.ts';
import { type Transfer, timedOut } from './curl-transfer.ts';
import { exchange, type HttpRequest, hostOf, portOf, secured } from './exchange.ts';
import type { ParsedFlags } from './flags.ts';
import { addressOf, codeOf, connectWithin, deadline, type NetworkProcess, withPort } from './place.ts';

/** What `--resolve` and `--connect-to` say of a place. */
function placeFor(url: URL, flags: ParsedFlags): { readonly name: string; readonly port: number } {
  const [name, port] = [hostOf(url), portOf(url)];
  for (const rule of flags.values('resolve')) {
    const [, host, wanted, ip] = /^[+]?(\*|[^:]+|\[[^\]]+\]):(\d+):(.+)$/.exec(rule) ?? [];
    if ((host === name || host === '*') && Number(wanted) === port && ip !== undefined)
      return { name: (ip.split(',')[0] ?? '').replace(/^\[(.*)\]$/, '$1'), port };
  }
  for (const rule of flags.values('connect-to')) {
    const [, host = '', from = '', to = '', at = ''] = /^([^:]*):(\d*):([^:]*):(\d*)$/.exec(rule) ?? [];
    if ((host === '' || host === name) && (from === '' || Number(from) === port))
      return { name: to || name, port: Number(at || port) };
  }
  return { name, port };
}

/** The answer, whose body is still to come. */
export async function send(
  request: HttpRequest,
  transfer: Transfer,
): Promise<{ readonly response: IncomingMessage; readonly stream: Duplex }> {
  const { flags, process, limit, facts, say } = transfer;
  const { name, port } = placeFor(request.url, flags);
  const family = flags.has('6') ? 6 : flags.has('4') ? 4 : undefined;
  const ip = await addressOf(name, process, family === undefined ? {} : { family });
  if (ip === undefined) throw new CurlError(6, `Could not resolve host: ${name}`);
  say(`*   Trying ${withPort(ip, port)}...\n`);
  const stream = await dial({ ip, port }, request.url, transfer);
  facts['remote_ip'] = ip;
  facts['remote_port'] = String(port);
  say(`* Connected to ${hostOf(request.url)} (${ip}) port ${port}\n`);
  const socket = request.url.protocol === 'https:' ? await handshake(stream, request.url, transfer) : stream;
  const path = `${request.url.pathname}${request.url.search}`;
  const lines = request.headers.map(([header, value]) => `> ${header}: ${value}\r\n`).join('');
  say(`> ${request.method} ${path} HTTP/1.1\r\n${lines}> \r\n`);
  if (request.body !== undefined && request.body !== '')
    say(`* upload completely sent off: ${request.body.length} bytes\n`);
  try {
    return { response: await exchange(socket, request, limit.signal), stream: socket };
  } catch (error) {
    if (limit.hasPassed()) throw timedOut(transfer, 0);
    const code = codeOf(error);
    if (code === 'ECONNRESET' && String(error).includes('hang up')) throw new CurlError(52, 'Empty reply from server');
    if (code.startsWith('HPE_')) throw new CurlError(1, 'Received HTTP/0.9 when not allowed');
    throw new CurlError(56, 'Recv failure: Connection reset by peer');
  }
}

async function dial(to: { ip: string; port: number }, url: URL, transfer: Transfer): Promise<Duplex> {
  const { flags, process, limit, startedAt } = transfer;
  const own = flags.value('connect-timeout');
  const connectLimit = deadline(
    { clock: process.clock, killed: limit.signal },
    own === undefined ? undefined : Number(own) * 1000,
  );
  try {
    return (await connectWithin(process, to, connectLimit)).stream;
  } catch (error) {
    const ms = process.clock.now() - startedAt;
    const isTimeout = limit.hasPassed() || connectLimit.hasPassed() || codeOf(error) === 'ETIMEDOUT';
    if (isTimeout && codeOf(error) === 'ETIMEDOUT' && (limit.hasPassed() || connectLimit.hasPassed()))
      throw new CurlError(28, `Connection timed out after ${ms} milliseconds`);
    throw new CurlError(
      7,
      `Failed to connect to ${hostOf(url)} port ${to.port} after ${ms} ms: Could not connect to server`,
    );
  } finally {
    connectLimit.end();
  }
}

const certificateWords: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to get local issuer certificate',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
};

async function handshake(stream: Duplex, url: URL, { flags, process, say }: Transfer): Promise<TLSSocket> {
  const { files, cwd } = process;
  const read = (name: string): Buffer | undefined => {
    const path = flags.value(name);
    const text = path === undefined ? undefined : files.read(resolvePath(cwd, path));
    if (path !== undefined && text === undefined) throw certificateFileError(name, path);
    return text === undefined ? undefined : Buffer.from(text, 'latin1');
  };
  const name = hostOf(url);
  const [ca, cert, key] = [read('cacert') ?? trusted(process), read('E'), read('key')];
  try {
    const socket = await secured(stream, {
      servername: /[a-z]/i.test(name) && !name.includes(':') ? name : '',
      rejectUnauthorized: !flags.has('k'),
      ALPNProtocols: ['http/1.1'],
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert, key: key ?? cert }),
    });
    say(`* SSL connection using ${socket.getProtocol()} / ${socket.getCipher()?.name}\n`);
    return socket;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      throw new CurlError(
        60,
        `SSL: no alternative certificate subject name matches target host name '${name}'\n${moreDetails}`,
      );
    const words = certificateWords[code];
    if (words !== undefined) throw new CurlError(60, `SSL certificate problem: ${words}\n${moreDetails}`);
    throw new CurlError(35, `TLS connect error: ${error instanceof Error ? error.message : code}`);
  }
}

function certificateFileError(name: string, path: string): CurlError {
  if (name !== 'cacert') return new CurlError(58, `could not load PEM client certificate from ${path}, no such file`);
  return new CurlError(77, `error setting certificate verify locations:  CAfile: ${path} CApath: none`);
}

/** What the container itself trusts, where a volume or an image brought it. */
function trusted({ files, environment }: NetworkProcess): Buffer | undefined {
  const places = [
    environment.get('SSL_CERT_FILE'),
    environment.get('CURL_CA_BUNDLE'),
    '/etc/ssl/certs/ca-certificates.crt',
  ];
  for (const path of places) {
    const text = path === undefined ? undefined : files.read(path);
    if (text !== undefined) return Buffer.from(text, 'latin1');
  }
  return undefined;
}

const moreDetails = `More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.`;
