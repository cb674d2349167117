import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { badRequest } from '../../api/status.ts';
import { rawRequestOf } from '../http/app.ts';
import { type ApiRequest, type ApiResponse, headerOf } from '../http/message.ts';

/** As upstream's WebSocket library. */
const maxMessageBytes = 32 * 1024 * 1024;

export function isUpgradeRequest(request: Pick<ApiRequest, 'headers'>): boolean {
  return headerOf(request, 'connection').toLowerCase().includes('upgrade') && headerOf(request, 'upgrade') !== '';
}

export function isWebSocketRequest(request: Pick<ApiRequest, 'headers'>): boolean {
  return isUpgradeRequest(request) && headerOf(request, 'upgrade').toLowerCase() === 'websocket';
}

/** The request behind an upgrade; everything else is refused in upstream's words. */
export function upgradeRequestOf(request: ApiRequest): IncomingMessage {
  const raw = rawRequestOf(request);
  if (raw === undefined || !isUpgradeRequest(request)) throw badRequest('Upgrade request required');
  return raw;
}

/** Text as Go's http.Error writes it: a kubelet's answers are no Status objects. */
export function plainAnswer(status: number, text: string, headers: Record<string, string> = {}): ApiResponse {
  const all = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers };
  return { status, headers: all, body: `${text}\n` };
}

function listOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The first of the client's subprotocols that is accepted; '' where it names none, undefined where none fits. */
export function webSocketProtocolOf(request: ApiRequest, accepted: readonly string[]): string | undefined {
  const asked = listOf(headerOf(request, 'sec-websocket-protocol'));
  return asked.length === 0 ? '' : asked.find((protocol) => accepted.includes(protocol));
}

/** What a client gets that speaks none of our subprotocols. */
export const noSubprotocol: ApiResponse = { status: 403, headers: {} };

export function webSocketAnswer(
  raw: IncomingMessage,
  protocol: string,
  open: (webSocket: WebSocket) => void,
): ApiResponse {
  return {
    status: 101,
    headers: {},
    takeOver: (socket, head) => {
      // The library knows no protocol with a slash in its name, as that of port forwarding has.
      delete raw.headers['sec-websocket-protocol'];
      const server = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: maxMessageBytes,
      });
      if (protocol !== '') server.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
      server.handleUpgrade(raw, socket, Buffer.from(head), (webSocket) => {
        webSocket.on('error', () => webSocket.terminate());
        open(webSocket);
      });
    },
  };
}

const protocolHeader = 'x-stream-protocol-version';

/** Which of the stream protocols both sides speak, by the client's preference; an answer where there is none. Upstream: httpstream.Handshake. */
export function negotiateStreams(request: ApiRequest, supported: readonly string[]): string | ApiResponse {
  const value = request.headers[protocolHeader];
  if (value === undefined) {
    const count = Object.keys(request.headers).length;
    return plainAnswer(
      400,
      `unable to upgrade: header X-Stream-Protocol-Version does not exist in request with ${count} headers`,
    );
  }
  const asked = listOf([value].flat().join(','));
  const chosen = asked.find((protocol) => supported.includes(protocol));
  if (chosen !== undefined) return chosen;
  return plainAnswer(
    403,
    `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${supported.join(' ')}]`,
    { 'x-accepted-stream-protocol-versions': supported.join(', ') },
  );
}

/** From here on the connection speaks SPDY/3.1. */
export function spdyAnswer(protocol: string, open: (transport: Duplex) => void): ApiResponse {
  return {
    status: 101,
    headers: {},
    takeOver: (socket, head) => {
      const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
      if (protocol !== '') lines.push(`X-Stream-Protocol-Version: ${protocol}`);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      if (head.length > 0) socket.unshift(Buffer.from(head));
      open(socket);
    },
  };
}
