import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { StatusError } from '../../api/status.ts';
import { type Handle, HttpRequest } from './app.ts';
import type { ApiResponse, StreamSink } from './message.ts';

/** What may wait in a socket before its watch counts as slow. */
const highWaterBytes = 256 * 1024;

/** The other edge of the same pipeline: upgrade requests bypass Express. Watches go out as one message per event. */
export function createUpgradeListener(handle: Handle): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => false });
  return (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    void upgrade(sockets, handle, { req, socket, head });
  };
}

interface Upgrade {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function upgrade(sockets: WebSocketServer, handle: Handle, { req, socket, head }: Upgrade): Promise<void> {
  const gone = new ServerResponse(req);
  socket.once('close', () => {
    gone.destroy();
    // Without a socket of its own a response does not tell.
    gone.emit('close');
  });
  const response = await handle(new HttpRequest(req, gone));
  if (socket.destroyed) return;
  const { stream, takeOver } = response;
  if (takeOver !== undefined) {
    takeOver(socket, head);
    return;
  }
  if (stream === undefined) {
    refuse(socket, isFailure(response) ? response : notUpgradable());
    return;
  }
  sockets.handleUpgrade(req, socket, head, (webSocket) => {
    webSocket.on('error', () => webSocket.terminate());
    stream(sinkOf(webSocket, socket));
  });
}

function isFailure(response: ApiResponse): boolean {
  return response.status >= 400;
}

function notUpgradable(): ApiResponse {
  const status = new StatusError(
    'BadRequest',
    'this request cannot be upgraded: only watches are served over WebSocket',
  ).toStatus();
  return { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify(status) };
}

function refuse(socket: Duplex, response: ApiResponse): void {
  const { body = '' } = response;
  const bytes =
    Buffer.isBuffer(body) || typeof body === 'string'
      ? Buffer.from(body)
      : Buffer.concat(body instanceof Uint8Array ? [body] : [...body]);
  const headers = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}\r\n${headers.join('')}content-length: ${bytes.length}\r\nconnection: close\r\n\r\n`,
      ),
      bytes,
    ]),
  );
}

function sinkOf(webSocket: WebSocket, socket: Duplex): StreamSink {
  return {
    write(chunk) {
      // Frames end with a line feed, and several may come at once.
      for (const line of Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString().split('\n')) {
        if (line !== '') webSocket.send(line);
      }
      return webSocket.bufferedAmount < highWaterBytes;
    },
    onDrain: (callback) => void socket.on('drain', callback),
    end: () => webSocket.close(1000),
    cut: () => webSocket.terminate(),
  };
}
