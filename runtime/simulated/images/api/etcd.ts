import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { createHealth } from '../grpc-service.ts';
import { createServing, reply } from '../http-service.ts';
import { tagOf } from '../image.ts';
import { lifetimeOf } from '../lifetime.ts';

const newest = '3.6.8';

/** Stays up, says that it is well and which version it is. It keeps nothing: of its gRPC, health alone is played. */
export const etcd: Program = (context) => {
  const { args, network, stdout, stderr } = context;
  const [version = newest] = /\d+\.\d+\.\d+/.exec(tagOf(context.facts.container.image ?? '')) ?? [];
  if (args.includes('--version')) {
    stdout.write(`etcd Version: ${version}\nGit SHA: 0000000\nGo Version: go1.24\nGo OS/Arch: linux/amd64\n`);
    return 0;
  }
  const ports = portsOf(args);
  try {
    const http = createServing((call) => {
      const body = answers(version)[call.url.pathname];
      if (body === undefined) return reply(call, { status: 404, body: '404 page not found\n' });
      return reply(call, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    });
    const health = createHealth(() => 'SERVING');
    const services = ports.map((port) =>
      network.listen(port, ({ stream, flow }) => {
        stream.on('error', () => undefined);
        // A client of gRPC begins with a preface of its own.
        stream.once('readable', () => {
          const first = stream.read() as Buffer | null;
          if (first === null) return;
          stream.unshift(first);
          if (first.toString('latin1', 0, 3) === 'PRI') health.take(stream);
          else http.take(stream, flow);
        });
      }),
    );
    log(context, 'info', 'starting an etcd server', { 'etcd-version': version });
    log(context, 'info', 'ready to serve client requests', {});
    for (const port of ports)
      log(context, 'info', 'serving client traffic insecurely; this is strongly discouraged!', {
        address: `[::]:${port}`,
      });
    return lifetimeOf(context, services, (end) => {
      log(context, 'info', 'received signal; shutting down', { signal: 'terminated' });
      end(0);
    }).ended;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
};

function answers(version: string): Readonly<Record<string, unknown>> {
  return {
    '/health': { health: 'true', reason: '' },
    '/livez': 'ok',
    '/readyz': 'ok',
    '/version': {
      etcdserver: version,
      etcdcluster: version.replace(/\.\d+$/, '.0'),
      storage: version.replace(/\.\d+$/, '.0'),
    },
  };
}

/** Of `--listen-client-urls` and `--listen-metrics-urls`. */
function portsOf(args: readonly string[]): readonly number[] {
  const urls = args.flatMap((word, index) => {
    const [, inline] = /^--listen-(?:client|metrics)-urls(?:=(.*))?$/.exec(word) ?? [];
    if (inline !== undefined) return inline.split(',');
    return /^--listen-(client|metrics)-urls$/.test(word) ? (args[index + 1] ?? '').split(',') : [];
  });
  const ports = urls.map((url) => Number(/:(\d+)\/?$/.exec(url)?.[1] ?? 2379));
  return ports.length === 0 ? [2379] : [...new Set(ports)];
}

function log(
  { clock, stderr }: ProgramContext,
  level: string,
  msg: string,
  more: Readonly<Record<string, string>>,
): void {
  stderr.write(
    `${JSON.stringify({ level, ts: new Date(clock.now()).toISOString(), caller: 'embed/serve.go:1', msg, ...more })}\n`,
  );
}
