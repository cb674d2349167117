import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CaseFailure } from './case.ts';
import type { CaseContext } from './context.ts';

/** A WebSocket as the wire has it: what is sent, and when, is the case's own business. */
export interface WireSocket {
  /** Which of the subprotocols the server chose. */
  readonly protocol: string;
  send(bytes: Uint8Array): void;
  /** What has come by now. */
  readonly received: readonly Buffer[];
  /** Everything that comes until the server closes. */
  readonly messages: Promise<readonly Buffer[]>;
}

const opText = 1;
const opBinary = 2;
const opClose = 8;
const opPing = 9;
const opPong = 10;

function frame(opcode: number, bytes: Uint8Array): Buffer {
  const mask = randomBytes(4);
  const long = bytes.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long ? 126 : bytes.length);
  if (long) head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, mask, bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

interface Received {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly bytes: Buffer;
}

async function* readFrames(socket: Duplex): AsyncGenerator<Received, void, undefined> {
  let pending = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2) {
      const short = (pending[1] ?? 0) & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (pending.length < start) break;
      const length = short === 126 ? pending.readUInt16BE(2) : short === 127 ? pending.readUIntBE(4, 6) : short;
      if (pending.length < start + length) break;
      const first = pending[0] ?? 0;
      yield { opcode: first & 0x0f, isLast: first >= 0x80, bytes: pending.subarray(start, start + length) };
      pending = pending.subarray(start + length);
    }
  }
}

async function collect(socket: Duplex, messages: Buffer[]): Promise<readonly Buffer[]> {
  let parts: Buffer[] = [];
  for await (const { opcode, isLast, bytes } of readFrames(socket)) {
    if (opcode === opPing) socket.write(frame(opPong, bytes));
    if (opcode === opClose) break;
    if (opcode > opBinary) continue;
    parts.push(Buffer.from(bytes));
    if (!isLast) continue;
    messages.push(Buffer.concat(parts));
    parts = [];
  }
  if (!socket.destroyed) socket.end(frame(opClose, Buffer.from([3, 232])));
  return messages;
}

/** Opens a WebSocket, asking for one subprotocol; fails where the server does not agree. */
export async function openWebSocket(c: CaseContext, path: string, protocol: string): Promise<WireSocket> {
  const { status, headers, socket, text } = await c.upgrade(path, 'websocket', {
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Protocol': protocol,
  });
  if (socket === undefined) throw new CaseFailure(`${path}: no WebSocket but ${status} ${text}`);
  const received: Buffer[] = [];
  const messages = collect(socket, received);
  const opcode = protocol.includes('base64') ? opText : opBinary;
  return {
    protocol: headers['sec-websocket-protocol'] ?? '',
    received,
    messages,
    send: (bytes) => void socket.write(frame(opcode, bytes)),
  };
}
