import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiResponse } from './message.ts';

/** The backend agreed to something else than was asked for. */
export class InvalidUpgrade extends Error {}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a backend answers to an upgrade request: from 101 on its connection and the client's are one. */
export function upgraded(
  outgoing: ClientRequest,
  headersOf: (answered: Headers) => Record<string, string | string[]>,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('upgrade', (incoming, socket, head) => {
      resolve({
        status: 101,
        headers: {},
        takeOver: (client, early) => joinSockets(incoming, [socket, head], [client, early]),
      });
    });
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 502 } = incoming;
      if (status < 400) {
        incoming.resume();
        reject(new InvalidUpgrade(`invalid upgrade response: status code ${status}`));
        return;
      }
      void incoming.toArray().then((chunks: Buffer[]) => {
        const { 'content-length': _, ...headers } = headersOf(incoming.headersDistinct);
        resolve({ status, headers, body: Buffer.concat(chunks) });
      }, reject);
    });
  });
}

type SocketWithHead = readonly [Duplex, Uint8Array];

/** The bytes as they come, both ways; when one side ends, the other does. */
function joinSockets(
  { statusCode = 101, statusMessage = 'Switching Protocols', rawHeaders }: IncomingMessage,
  [backend, backendHead]: SocketWithHead,
  [client, clientHead]: SocketWithHead,
): void {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (backendHead.length > 0) client.write(backendHead);
  if (clientHead.length > 0) backend.write(clientHead);
  for (const [from, to] of [
    [client, backend],
    [backend, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}
