import type { Duplex } from 'node:stream';
import type { NetworkNamespace } from '../network/network.ts';
import type { Resolver } from './resolver.ts';

export const dnsPort = 53;
/** A message and its length. */
const longest = 64 * 1024 + 2;

type AnswerPacket = typeof import('./packet.ts').answerPacket;

/** Answers packets over UDP and TCP. The library that reads packets is loaded with the first of them. */
export function serveDns(network: NetworkNamespace, resolve: Resolver, port = dnsPort): { close(): void } {
  const udp = network.bind(port, ({ from, bytes }) => {
    void answer(bytes, resolve, false).then((reply) => {
      if (reply !== undefined) udp.send(from, reply);
    });
  });
  const tcp = network.listen(port, ({ stream }) => answerStream(stream, resolve));
  return {
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}

async function answer(bytes: Uint8Array, resolve: Resolver, isStream: boolean): Promise<Uint8Array | undefined> {
  const { answerPacket }: { answerPacket: AnswerPacket } = await import('./packet.ts');
  return answerPacket(bytes, resolve, isStream);
}

/** Each message has its length before it; answers go out in the order of the questions. */
export function answerStream(stream: Duplex, resolve: Resolver): void {
  let rest: Buffer = Buffer.alloc(0);
  let last: Promise<void> = Promise.resolve();
  const take = (): void => {
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      const message = rest.subarray(2, end);
      rest = rest.subarray(end);
      const reply = answer(message, resolve, true);
      last = last.then(async () => {
        const bytes = await reply;
        if (bytes !== undefined && !stream.destroyed) stream.write(framed(bytes));
      });
    }
  };
  stream.on('error', () => undefined);
  stream.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    if (rest.length > longest) stream.destroy();
    else take();
  });
  stream.on('end', () => void last.then(() => stream.end()));
}

export function framed(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(2 + bytes.length);
  frame.writeUInt16BE(bytes.length, 0);
  frame.set(bytes, 2);
  return frame;
}
