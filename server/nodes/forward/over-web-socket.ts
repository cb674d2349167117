import type { WebSocket } from 'ws';
import type { Clock } from '../../../api/clock.ts';
import { channelCodec, keepAlive } from '../web-socket-channels.ts';
import { type Forward, forwardError } from './forwarding.ts';

export const forwardProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];

/** The older form: one connection for each port that was asked for, two channels each, data and errors. */
export function forwardWebSocket(
  socket: WebSocket,
  { protocol, ports, pod, forward }: WebSocketForwarding,
  clock: Clock,
): void {
  const codec = channelCodec(protocol);
  const ping = keepAlive(socket, clock);
  const send = (channel: number, bytes: Uint8Array, done?: () => void): void =>
    socket.send(codec.encode(channel, bytes), done);
  const lines = ports.map((port, index) => {
    const number = Buffer.of(port & 0xff, port >> 8);
    send(index * 2, number);
    send(index * 2 + 1, number);
    return { port, channel: index * 2, open: forward(port) };
  });
  let left = lines.length;
  const over = (): void => {
    left -= 1;
    if (left === 0) socket.close(1000);
  };
  for (const line of lines) {
    line.open.then(
      (far) => {
        if (socket.readyState !== socket.OPEN) far.destroy();
        far.on('error', () => undefined);
        far.on('data', (chunk: Buffer) => {
          far.pause();
          send(line.channel, chunk, () => far.resume());
        });
        far.once('close', over);
        far.once('end', () => far.end());
      },
      (cause) => {
        send(line.channel + 1, Buffer.from(forwardError(line.port, pod, cause)));
        over();
      },
    );
  }
  const deliver = async (data: Buffer): Promise<void> => {
    const { channel, bytes } = codec.decode(data);
    const line = lines[channel / 2];
    const far = await line?.open.catch(() => undefined);
    if (far === undefined || bytes.length === 0 || !far.writable || far.write(bytes)) return;
    socket.pause();
    far.once('drain', () => socket.resume());
    far.once('close', () => socket.resume());
  };
  // One after the other: what comes before the connection stands must not overtake.
  let turn = Promise.resolve();
  socket.on('message', (data: Buffer) => {
    if (data.length > 0) turn = turn.then(() => deliver(data));
  });
  socket.on('close', () => {
    ping.stop();
    for (const { open } of lines) open.then((far) => far.destroy()).catch(() => undefined);
  });
}

export interface WebSocketForwarding {
  readonly protocol: string;
  readonly ports: readonly number[];
  readonly pod: string;
  readonly forward: Forward;
}
