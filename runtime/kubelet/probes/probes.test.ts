import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import t from 'tap';
import type { Clock } from '../../../api/clock.ts';
import { createNetwork } from '../../network/create-network.ts';
import type { NetworkNamespace } from '../../network/network.ts';
import type { StartedContainer } from '../pod-runtime.ts';
import type { ProbeOutcome, ProbeSpec } from './probe.ts';
import { runProbe } from './run-probe.ts';

const clock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
const ip = '10.244.0.2';
const network = createNetwork({ hostIp: '172.18.255.254', clock });
const pod: NetworkNamespace = network.open({ node: 'n', ips: [ip], pod: 'n/p' });
const node = network.node('n', ['172.18.0.2']);

function look(spec: ProbeSpec): Promise<ProbeOutcome> {
  const container = { name: 'c', ports: [{ name: 'web', containerPort: 80 }] };
  return runProbe(spec, { clock, container, running: {} as StartedContainer, podIP: ip, network: node });
}

function said(outcome: ProbeOutcome): string {
  return `${outcome.is}: ${outcome.is === 'error' ? outcome.message : outcome.output}`;
}

t.teardown(() => pod.close());

t.test('HTTP: answers, redirects and silence are told in the words of Go', async (t) => {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(
      `${request.headers.host} ${request.headers['user-agent']} ${request.headers.accept} ${request.headers['x']}`,
    );
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (pathname === '/silent') return;
    if (pathname === '/to') response.setHeader('location', searchParams.get('at') ?? '');
    response.statusCode = Number(searchParams.get('code') ?? 200);
    response.end(`body of ${pathname}`);
  });
  const { close } = pod.listen(80, ({ stream }) => server.emit('connection', stream));
  t.teardown(close);
  const rows: readonly (readonly [string, string])[] = [
    ['/fine', 'success: body of /fine'],
    ['/bad?code=500', 'failure: HTTP probe failed with statuscode: 500'],
    ['/to?code=302&at=/fine', 'success: body of /fine'],
    ['/to?code=301&at=http://elsewhere/', 'warning: Probe terminated redirects, Response body: body of /to'],
    ['/to?code=302&at=/to%3Fcode=302%26at=%252Fto', 'success: body of /to'],
  ];
  for (const [path, expected] of rows) t.equal(said(await look({ httpGet: { path, port: 'web' } })), expected);
  t.equal(heard[0], '10.244.0.2:80 kube-probe/1.36 */* undefined');
  await look({
    httpGet: {
      path: '/',
      port: 80,
      httpHeaders: [
        { name: 'Host', value: 'h' },
        { name: 'X', value: 'y' },
      ],
    },
  });
  t.equal(heard.at(-1), 'h kube-probe/1.36 */* y');
  const where = (rest: string): string => `failure: Get "http://10.244.0.2:${rest}`;
  t.equal(
    said(await look({ httpGet: { path: '/silent', port: 80 }, timeoutSeconds: 0.05 })),
    where('80/silent": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
  );
  t.equal(
    said(await look({ httpGet: { path: 'x', port: 81 } })),
    where('81/x": dial tcp 10.244.0.2:81: connect: connection refused'),
  );
  t.equal(said(await look({ httpGet: { port: 'none' } })), 'error: strconv.Atoi: parsing "none": invalid syntax');
  t.match(said(await look({ httpGet: { port: 80, scheme: 'HTTPS' }, timeoutSeconds: 1 })), /^failure: Get "https:/);
});

t.test('TCP: who listens is well', async (t) => {
  const { close } = pod.listen(90, ({ stream }) => stream.destroy());
  t.teardown(close);
  t.equal(said(await look({ tcpSocket: { port: 90 } })), 'success: ');
  t.equal(
    said(await look({ tcpSocket: { port: 91 } })),
    'failure: dial tcp 10.244.0.2:91: connect: connection refused',
  );
});

t.test('gRPC: the health service says who serves', async (t) => {
  const asked: string[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const service = Buffer.concat(chunks).subarray(7).toString();
      asked.push(`${headers[':path']} ${service}`);
      const status = service === '' ? 1 : 2;
      const isKnown = service !== 'none';
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => {
        stream.sendTrailers(
          isKnown ? { 'grpc-status': '0' } : { 'grpc-status': '12', 'grpc-message': 'unknown service' },
        );
      });
      stream.end(isKnown ? Buffer.from([0, 0, 0, 0, 2, 8, status]) : undefined);
    });
  });
  const { close } = pod.listen(70, ({ stream }) => server.emit('connection', stream));
  t.teardown(close);
  t.equal(said(await look({ grpc: { port: 70 } })), 'success: service healthy');
  t.equal(
    said(await look({ grpc: { port: 70, service: 'down' } })),
    'failure: service unhealthy (responded with "NOT_SERVING")',
  );
  t.equal(
    said(await look({ grpc: { port: 70, service: 'none' } })),
    'failure: error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service',
  );
  t.strictSame(asked[1], '/grpc.health.v1.Health/Check down');
  t.equal(
    said(await look({ grpc: { port: 71 } })),
    'failure: timeout: failed to connect service "10.244.0.2:71" within 1s: context deadline exceeded',
  );
});
