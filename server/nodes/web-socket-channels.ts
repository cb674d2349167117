import type { WebSocket } from 'ws';
import type { Clock } from '../../api/clock.ts';

/** Messages whose first byte is the number of a channel. */
export interface ChannelCodec {
  encode(channel: number, bytes: Uint8Array): Buffer | string;
  decode(message: Buffer): { readonly channel: number; readonly bytes: Buffer };
}

const zero = '0'.charCodeAt(0);

const binary: ChannelCodec = {
  encode: (channel, bytes) => Buffer.concat([Buffer.of(channel), bytes]),
  decode: (message) => ({ channel: message[0] ?? 0, bytes: message.subarray(1) }),
};

const base64: ChannelCodec = {
  encode: (channel, bytes) => String.fromCharCode(zero + channel) + Buffer.from(bytes).toString('base64'),
  decode: (message) => ({
    channel: (message[0] ?? 0) - zero,
    bytes: Buffer.from(message.toString('latin1', 1), 'base64'),
  }),
};

export function channelCodec(protocol: string): ChannelCodec {
  return protocol.includes('base64') ? base64 : binary;
}

const pingMs = 15_000;

/** A client that vanished is found out by what cannot be sent to it. */
export function keepAlive(socket: WebSocket, clock: Pick<Clock, 'after'>): { stop(): void } {
  let timer = clock.after(pingMs, beat);
  function beat(): void {
    socket.ping();
    timer = clock.after(pingMs, beat);
  }
  return { stop: () => timer.cancel() };
}
