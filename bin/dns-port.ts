import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { answerPacket } from '../runtime/dns/packet.ts';
import type { Resolver } from '../runtime/dns/resolver.ts';
import { answerStream } from '../runtime/dns/serve.ts';

export interface DnsPort {
  readonly port: number;
  close(): Promise<void>;
}

/** The cluster's names on a port of this machine, over UDP and TCP. Port 0 takes a free one. */
export async function openDnsPort(address: string, wanted: number, resolve: Resolver): Promise<DnsPort> {
  const tcp = createServer((stream) => answerStream(stream, resolve));
  await new Promise<void>((done, fail) => {
    tcp.once('error', fail).listen(wanted, address, done);
  });
  const bound = tcp.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : wanted;
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, from) => {
    void answerPacket(bytes, resolve).then((reply) => {
      if (reply !== undefined) udp.send(reply, from.port, from.address);
    });
  });
  await new Promise<void>((done, fail) => {
    udp.once('error', fail).bind(port, address, done);
  });
  udp.on('error', () => undefined);
  return {
    port,
    close: async () => {
      await new Promise<void>((done) => udp.close(done));
      await new Promise<void>((done) => {
        tcp.close(() => done());
      });
    },
  };
}
