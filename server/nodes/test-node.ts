import { createServer, type RequestListener } from 'node:http';
import { type Duplex, duplexPair, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StatusError } from '../../api/status.ts';
import type { NodeConnection, ProcessStreams } from '../../api/streams/node-connection.ts';
import { startTestServer, type TestServer } from '../http/test-server.ts';
import { createUpgradeListener } from '../http/upgrade.ts';

/** What the programs of the test node did. */
export interface Seen {
  readonly sizes: string[];
  aborted: number;
  written: number;
  logsDestroyed: number;
  openForwards: number;
}

export interface NodeFixture extends AsyncDisposable {
  readonly server: TestServer;
  readonly port: number;
  readonly seen: Seen;
  /** What listens at the pod's address. */
  onRequest: RequestListener;
}

const pods = '/api/v1/namespaces/default/pods';
export const podIP = '10.244.0.7';

type Program = (command: readonly string[], streams: ProcessStreams, seen: Seen) => Promise<number>;

const programs: Readonly<Record<string, Program>> = {
  say: async (command, { stdout, stderr }) => {
    stdout?.write(`${command.slice(1).join(' ')}\n`);
    stderr?.write('and this\n');
    return 0;
  },
  exit: async ([, code]) => Number(code),
  cat: async (_command, { stdin, stdout, onStart }) => {
    onStart?.();
    if (stdin !== undefined && stdout !== undefined) for await (const chunk of stdin) stdout.write(chunk);
    return 0;
  },
  window: async (_command, { onResize, stdin, stdout }, seen) => {
    stdout?.write('$ ');
    onResize?.(({ width, height }) => seen.sizes.push(`${width}x${height}`));
    if (stdin !== undefined) await text(stdin);
    return 0;
  },
  // Writes until nobody takes it any more.
  flood: async (_command, { stdout, signal }, seen) => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    signal.addEventListener('abort', () => {
      seen.aborted += 1;
    });
    while (!signal.aborted) {
      seen.written += piece.length;
      if (stdout?.write(piece) === true) continue;
      await new Promise<void>((resolve) => {
        stdout?.once('drain', resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return 137;
  },
};

function connectionOf(seen: Seen): NodeConnection {
  const run: Program = async (command, streams) => {
    const program = programs[command[0] ?? ''];
    if (program === undefined) throw new Error(`exec: "${command[0]}": executable file not found in $PATH`);
    return program(command, streams, seen);
  };
  return {
    async logs(_target, { follow, tailLines }) {
      const lines = ['one\n', 'two\n', 'three\n'].slice(-(tailLines ?? 3));
      if (!follow) return Readable.from(lines.map((line) => Buffer.from(line)));
      const source = new Readable({ read: () => undefined });
      source.push(lines.join(''));
      source.once('close', () => {
        seen.logsDestroyed += 1;
      });
      return source;
    },
    async exec({ container }, command, streams) {
      if (container === 'dead') throw new StatusError('InternalError', 'container not found ("dead")');
      return run(command, streams, seen);
    },
    async attach(_target, streams) {
      await run(['cat'], streams, seen);
    },
    async portForward(_target, port) {
      if (port !== 80) throw new Error('connection refused');
      const [near, far] = duplexPair();
      seen.openForwards += 1;
      near.once('close', () => {
        seen.openForwards -= 1;
      });
      far.pipe(far);
      far.on('error', () => undefined);
      near.once('close', () => far.destroy());
      return near;
    },
    fetch: async ({ method, path, body }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: Readable.from([Buffer.from(`${method} ${path} ${body === undefined ? '' : await text(body)}`)]),
    }),
  };
}

/** A server whose one node plays a few programs, with a pod bound to it. */
export async function startNodeFixture(): Promise<NodeFixture> {
  const seen: Seen = { sizes: [], aborted: 0, written: 0, logsDestroyed: 0, openForwards: 0 };
  const connection = connectionOf(seen);
  const backend = createServer((request, response) => fixture.onRequest(request, response));
  backend.on('upgrade', (_request, socket: Duplex) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const dial = (host: string, port: number): Promise<Duplex> | undefined => {
    if (host !== podIP) return undefined;
    if (port !== 80) return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    const [near, far] = duplexPair();
    backend.emit('connection', far);
    return Promise.resolve(near);
  };
  const usage = { ofNode: () => undefined, ofPod: () => undefined };
  const local = { usage, connectionTo: (name: string) => (name === 'n' ? connection : undefined), dial };
  const server = await startTestServer({ nodes: { local: () => local } });
  server.http.on('upgrade', createUpgradeListener(server.handle));
  const fixture: NodeFixture = {
    server,
    port: server.port,
    seen,
    onRequest: (_request, response) => void response.end('hello'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  const container = (name: string) => ({ name, image: 'i', ports: name === 'main' ? [{ containerPort: 80 }] : [] });
  await server.ask('POST', '/api/v1/nodes', { metadata: { name: 'n' } });
  for (const [name, nodeName, containers] of [
    ['p', 'n', [container('main')]],
    ['two', 'n', [container('main'), container('dead')]],
    ['unbound', undefined, [container('main')]],
  ] as const) {
    await server.ask('POST', pods, { metadata: { name }, spec: { containers, ...(nodeName ? { nodeName } : {}) } });
  }
  await server.ask(
    'PATCH',
    `${pods}/p/status`,
    { status: { podIP, podIPs: [{ ip: podIP }] } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  return fixture;
}
