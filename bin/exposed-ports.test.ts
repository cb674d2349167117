import { createSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'tap';
import type { ControllerContext } from '../runtime/framework/controller.ts';
import { createNetwork } from '../runtime/network/create-network.ts';
import type { Service } from '../runtime/proxy/service-port.ts';
import { exposedPortsDefinition } from './exposed-ports.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ask(port: number, host = '127.0.0.1'): Promise<string> {
  for (let tries = 0; ; tries++) {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, host, () => socket.end('hello'));
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.on('end', () => resolve(text));
    });
    // Listening begins a moment later.
    if (answer !== 'ECONNREFUSED' || tries > 20) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('this machine listens at node ports, while there are Services that have them', async (t) => {
  const network = createNetwork({ hostIp: '172.18.255.254' });
  network.node('n1', ['172.18.0.2']);
  const pod = network.open({ node: 'n1', ips: ['10.244.0.2'] });
  pod.listen(80, ({ stream, flow }) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
    stream.on('end', () => stream.end(`${text} from ${flow.from.ip}`));
  });
  const echo = pod.bind(53, ({ from, bytes }) => echo.send(from, bytes));
  const [nodePort, udpPort, balanced] = [await freePort(), await freePort(), await freePort()];
  network.setTranslation({
    verdict: ({ to }) => {
      if (to.ip === '172.18.0.2' && to.port === nodePort) return { to: { ip: '10.244.0.2', port: 80 } };
      if (to.ip === '172.18.0.2' && to.port === udpPort) return { to: { ip: '10.244.0.2', port: 53 } };
      return to.ip === '127.96.0.1' ? { to: { ip: '10.244.0.2', port: 80 } } : 'accept';
    },
  });
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const takenPort = (taken.address() as AddressInfo).port;
  const service = {
    metadata: { namespace: 'ns', name: 'web' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      ports: [
        { name: 'a', port: balanced, nodePort, protocol: 'TCP' },
        { name: 'b', port: 53, nodePort: udpPort, protocol: 'UDP' },
        { name: 'c', port: 82, nodePort: takenPort, protocol: 'TCP' },
      ],
    },
    status: { loadBalancer: { ingress: [{ ip: '127.96.0.1' }] } },
  } as Service;

  type Handler = { added(object: unknown): void; deleted(object: unknown): void };
  const handlers: Handler[] = [];
  const events: string[] = [];
  const told = Promise.withResolvers<void>();
  const context = {
    informers: {
      of: ({ resource }: { resource: string }) => ({
        list: () => (resource === 'nodes' ? [{ metadata: { name: 'n1' } }] : []),
        subscribe: (handler: Handler) => {
          handlers.push(handler);
          return { [Symbol.dispose]: () => undefined };
        },
      }),
    },
    recorder: () => ({
      record: (_reference: unknown, type: string, reason: string, message: string) => {
        events.push(`${type} ${reason} ${message}`);
        if (message.includes(`:${takenPort}:`)) told.resolve();
      },
    }),
    onError: () => undefined,
  } as unknown as ControllerContext;
  const stop = new AbortController();
  const { ended } = exposedPortsDefinition(network).start(context, stop.signal);
  handlers[0]?.added(service);
  t.equal(await ask(nodePort), 'hello from 172.18.255.254');
  t.equal(await ask(balanced, '127.96.0.1'), 'hello from 172.18.255.254', "a load balancer's address of this machine");
  const client = createSocket('udp4');
  const answered = new Promise((resolve) => client.once('message', (bytes) => resolve(String(bytes))));
  client.send('ping', udpPort, '127.0.0.1');
  t.equal(await answered, 'ping');
  client.close();
  await told.promise;
  const used = `Warning PortNotExposed This machine does not listen at 127.0.0.1:${takenPort}: listen EADDRINUSE: address already in use 127.0.0.1:${takenPort}`;
  t.ok(events.includes(used), 'one that is taken is told, and the others stay');
  handlers[0]?.deleted(service);
  t.equal(await ask(nodePort), 'ECONNREFUSED');
  stop.abort();
  await ended;
  taken.close();
});
