import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../api/clock.ts';
import { channelCodec, keepAlive } from '../web-socket-channels.ts';
import { type StatusForm, statusText } from './outcome.ts';
import type { Send } from './outlet.ts';
import { type CommandSession, createResizeReader } from './session.ts';

const stdin = 0;
const stdout = 1;
const stderr = 2;
const error = 3;
const resize = 4;
const closeSignal = 255;

export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
];

function formOf(protocol: string): StatusForm {
  if (protocol.startsWith('v5.')) return 'v5';
  return protocol.startsWith('v4.') ? 'v4' : 'text';
}

/** A command's streams as the numbered channels of one WebSocket. */
export function joinWebSocket(session: CommandSession, socket: WebSocket, protocol: string, clock: Clock): void {
  const codec = channelCodec(protocol);
  const form = formOf(protocol);
  const ping = keepAlive(socket, clock);
  let isOver = false;
  const sendOn =
    (channel: number): Send =>
    (chunk, done) =>
      socket.send(codec.encode(channel, chunk), done);
  socket.on('close', () => {
    ping.stop();
    session.abandon();
  });
  const resized = createResizeReader(session.resize);
  socket.on('message', (data: Buffer) => {
    if (isOver || data.length === 0) return;
    // v5: followed by the number of the channel that the client closes.
    if (form === 'v5' && data[0] === closeSignal) {
      if (data[1] === stdin) session.stdin?.end();
      return;
    }
    const { channel, bytes } = codec.decode(data);
    if (channel === resize) resized(bytes);
    else if (channel === stdin && bytes.length > 0) feed(session.stdin, bytes, socket);
  });
  // Upstream: an empty message on the lowest channel tells that the connection stands.
  const first = session.choice.stdout ? stdout : session.choice.stderr ? stderr : error;
  socket.send(codec.encode(first, Buffer.alloc(0)));
  session.stdout?.connect(sendOn(stdout));
  session.stderr?.connect(sendOn(stderr));
  const finish = async (): Promise<void> => {
    const outcome = await session.outcome;
    await Promise.all([session.stdout?.finished(), session.stderr?.finished()]);
    isOver = true;
    socket.resume();
    const text = statusText(outcome, form, session.command);
    if (text !== '') socket.send(codec.encode(error, Buffer.from(text)));
    socket.close(1000);
  };
  void finish();
}

function feed(input: Writable | undefined, bytes: Buffer, socket: WebSocket): void {
  if (input === undefined || !input.writable || input.write(bytes)) return;
  // The program is slower than the client.
  socket.pause();
  input.once('drain', () => socket.resume());
}
