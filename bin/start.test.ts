import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { spawnProgram, spawnServer } from './spawned-server.ts';

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kubefacade-start-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

t.test('started twice on one data directory it keeps its identity and what was stored', async (t) => {
  const data = await folder(t);
  const first = await spawnServer(data);
  t.equal((await first.ask('GET', '/readyz')).status, 200);
  t.equal((await stat(join(data, 'kubeconfig'))).mode & 0o777, 0o600, 'the kubeconfig is its owner’s alone');
  const made = await first.ask('POST', '/api/v1/namespaces/default/configmaps', {
    metadata: { name: 'kept' },
    data: { a: '1' },
  });
  t.equal(made.status, 201);
  t.match(await first.stop(), { code: 0, stderr: '' });
  const second = await spawnServer(data);
  const found = await second.ask('GET', '/api/v1/namespaces/default/configmaps/kept');
  t.equal(found.body, made.body, 'byte for byte');
  t.match(await second.stop(), { code: 0 });
});

t.test('SIGTERM ends it with 0 within three seconds, open watches and idle connections or not', async (t) => {
  const server = await spawnServer(await folder(t), '--storage', 'memory');
  const watches = Array.from({ length: 20 }, () => server.open('GET', '/api/v1/configmaps?watch=1'));
  for (const req of watches) req.on('error', () => undefined);
  const responses = (await Promise.all(watches.map((req) => once(req, 'response')))) as [IncomingMessage][];
  const ends = responses.map(([res]) => {
    res.on('error', () => undefined);
    res.resume();
    return new Promise((resolve) => res.once('close', resolve));
  });
  await server.ask('GET', '/healthz');
  const start = performance.now();
  server.child.kill('SIGTERM');
  t.match(await server.ended, { code: 0, stderr: '' });
  t.ok(performance.now() - start < 3000, `took ${Math.round(performance.now() - start)} ms`);
  await Promise.all(ends);
  server.agent.destroy();
});

t.test('SIGTERM and SIGINT before it is ready also end it with 0, and what it left can be opened', async (t) => {
  const parent = await folder(t);
  for (const [i, delay] of [0, 40, 80, 120, 160, 200, 300].entries()) {
    const data = join(parent, String(i));
    const { child, ended } = spawnProgram('start', '--data-dir', data, '--secure-port', '0');
    while (!existsSync(data)) await wait(5);
    await wait(delay);
    child.kill(i % 2 === 0 ? 'SIGTERM' : 'SIGINT');
    const start = performance.now();
    const { code, signal, stderr } = await ended;
    t.equal(code ?? signal, 0, `after ${delay} ms: ${stderr}`);
    t.ok(performance.now() - start < 3000);
    if (i % 3 !== 0) continue;
    const server = await spawnServer(data);
    t.match(await server.stop(), { code: 0 });
  }
});

t.test('a second process on one data directory, or on one port, says so in one line and ends with 1', async (t) => {
  const data = await folder(t);
  const server = await spawnServer(data);
  const second = await spawnProgram('start', '--data-dir', data, '--secure-port', '0').ended;
  t.equal(second.code, 1);
  t.match(second.stderr, /^kubefacade: .*\b(in use|locked|another process)\b.*\n$/);
  t.equal(second.stderr.trim().split('\n').length, 1);
  t.match(await server.stop(), { code: 0 });

  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as { port: number };
  const third = await spawnProgram('start', '--data-dir', data, '--secure-port', String(port)).ended;
  t.equal(third.code, 1);
  t.match(third.stderr, new RegExp(`^kubefacade: .*${port}.*\n$`));
  t.equal(third.stderr.trim().split('\n').length, 1);
  squatter.close();
});

t.test('mistakes on the command line end it with 2, other mistakes with 1, each in one line', async (t) => {
  const data = await folder(t);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['start', '--nosuch'], 2, /unknown flag: --nosuch/],
    [['start', '--nosuch=1'], 2, /unknown flag: --nosuch/],
    [['start', 'positional'], 2, /unexpected argument: positional/],
    [['start', '--secure-port', 'x'], 2, /--secure-port/],
    [['start', '--secure-port', '70000'], 2, /--secure-port/],
    [['start', '--storage', 'paper'], 2, /--storage/],
    [['start', '--event-ttl', 'soon'], 2, /--event-ttl/],
    [['start', '--anonymous-auth', 'false', '--nosuch'], 2, /--/],
    [['nosuch'], 2, /unknown command: nosuch/],
    [['start', '--data-dir', join(data, 'file', 'below')], 1, /below|file/],
    [
      ['start', '--data-dir', data, '--token-auth-file', join(data, 'nosuch.csv'), '--secure-port', '0'],
      1,
      /nosuch\.csv/,
    ],
    [
      [
        'start',
        '--data-dir',
        data,
        '--tls-cert-file',
        join(data, 'no.crt'),
        '--tls-private-key-file',
        join(data, 'no.key'),
      ],
      1,
      /no\.(crt|key)/,
    ],
    [['start', '--data-dir', data, '--bind-address', '203.0.113.1', '--secure-port', '0'], 1, /203\.0\.113\.1/],
  ];
  await writeFile(join(data, 'file'), '');
  for (const [args, code, text] of cases) {
    const ended = await spawnProgram(...args).ended;
    t.equal(ended.code, code, args.join(' '));
    t.match(ended.stderr, text);
    t.equal(ended.stderr.trim().split('\n').length, 1, ended.stderr);
  }
});

t.test('a flag that has no meaning here warns and is ignored', async (t) => {
  const server = await spawnServer(await folder(t), '--storage', 'memory', '--profiling', 'false');
  const { code, stderr } = await server.stop();
  t.equal(code, 0);
  t.match(stderr, /^warning: --profiling .* ignored\n$/);
});
