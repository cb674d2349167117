import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as send } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { selfSignedAuthority } from '../reference/certificate.ts';
import type { Hooks, PassedEvent, PassedRequest } from './defect.ts';

export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** How often the hooks changed something. */
  changes(): number;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export function proxyCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: selfSignedAuthority(publicKey, privateKey),
  };
}

// They speak of one connection, or of the length that a hook may have changed.
const notPassedOn = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);

function passedHeaders(message: IncomingMessage): Record<string, string | string[] | undefined> {
  const { headersDistinct } = message;
  return Object.fromEntries(
    Object.entries(headersDistinct)
      .filter(([name]) => !notPassedOn.has(name))
      .map(([name, values]) => [name, values?.length === 1 ? values[0] : values]),
  );
}

async function received(message: IncomingMessage): Promise<PassedRequest> {
  const { pathname, searchParams } = new URL(message.url ?? '/', 'https://proxy');
  return {
    method: message.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers: passedHeaders(message),
    body: await text(message),
  };
}

/** Stands between the suite and a server, and lies where its hooks say so. */
export async function startProxy(server: string, certificate: Certificate, hooks: Hooks): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  let changes = 0;
  const changed = <T>(now: T | undefined, before: T): T => {
    if (now === undefined) return before;
    changes++;
    return now;
  };

  const ask = ({ method, path, query, headers, body }: PassedRequest): Promise<IncomingMessage> =>
    new Promise((succeed, fail) => {
      const search = query.size === 0 ? '' : `?${query}`;
      const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const options = { method, agent, headers: { ...headers, ...length } };
      const asked = send(new URL(path + search, server), options, succeed);
      asked.on('error', fail);
      asked.end(body);
    });

  const passEvents = async (asked: PassedRequest, answer: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('close', () => answer.destroy());
    response.writeHead(answer.statusCode ?? 502, passedHeaders(answer));
    response.flushHeaders();
    const change = hooks.events?.(asked);
    for await (const line of createInterface({ input: answer })) {
      const event = JSON.parse(line) as PassedEvent;
      for (const passed of changed(change?.(structuredClone(event)), [event]))
        response.write(`${JSON.stringify(passed)}\n`);
    }
    response.end();
  };

  const pass = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const came = await received(message);
    const asked = changed(hooks.request?.(came), came);
    const answer = await ask(asked);
    const isWatch = /^(1|true)$/.test(came.query.get('watch') ?? '') || came.path.includes('/watch/');
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    if (isWatch && isJson && answer.statusCode === 200) return passEvents(came, answer, response);
    const whole = { status: answer.statusCode ?? 502, headers: passedHeaders(answer), text: await text(answer) };
    const told = changed(hooks.answer?.(whole, came), whole);
    response.writeHead(told.status, { ...told.headers, 'content-length': String(Buffer.byteLength(told.text)) });
    response.end(told.text);
  };

  const proxy = createServer(certificate, (message, response) => {
    // The suite went away, or the server did: either way there is nobody left to tell but by hanging up.
    pass(message, response).catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    changes: () => changes,
    [Symbol.asyncDispose]: async () => {
      proxy.closeAllConnections();
      proxy.close();
      agent.destroy();
      await once(proxy, 'close');
    },
  };
}
