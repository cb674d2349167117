import { connect as connectHttp2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import { test } from 'tap';
import type { NetworkNamespace } from '../../network/network.ts';
import { type Answer, createRuntime, exec, get, type Running, run, until } from './test-image.ts';

async function connected(network: NetworkNamespace, port: number): ReturnType<NetworkNamespace['connect']> {
  await until(() => network.listening().some((one) => one.port === port));
  return network.connect({ ip: '127.0.0.1', port });
}

/** What gRPC's health service says: 1 is SERVING. */
function healthOf(stream: Duplex): Promise<number | undefined> {
  const session = connectHttp2('http://here', { createConnection: () => stream });
  return new Promise((resolve, reject) => {
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const parts: Buffer[] = [];
    call.on('data', (part: Buffer) => parts.push(part));
    call.on('error', reject);
    call.on('end', () => {
      session.destroy();
      resolve(Buffer.concat(parts)[6]);
    });
    call.end(Buffer.from([0, 0, 0, 0, 0]));
  });
}

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';

test('agnhost netexec answers, dials, runs commands and ends', async (t) => {
  const one = await run(agnhost, ['netexec', '--http-port=8080', '--udp-port', '8081']);
  const ask = (path: string, headers?: Record<string, string>): Promise<Answer> =>
    get(one.network, 8080, path, headers);
  t.equal((await ask('/hostname')).body, 'pod-a');
  t.match((await ask('/clientip')).body, /^127\.0\.0\.1:\d+$/);
  t.match((await ask('/')).body, /^NOW: /);
  t.equal((await ask('/healthz')).status, 200);
  t.match(await ask('/echo?msg=hi&code=418'), { status: 418, body: 'hi' });
  t.match(await ask('/redirect?location=/echo&code=307'), { status: 307, headers: { location: '/echo' } });
  t.equal((await ask('/header?key=X-A', { 'x-a': 'b' })).body, 'b');
  t.equal((await ask('/header', { 'x-a': 'b' })).body, '{"Connection":["close"],"X-A":["b"]}');
  t.equal(
    (await ask('/dial?host=10.244.0.2&port=8080&request=hostname&tries=2')).body,
    '{"responses":["pod-a","pod-a"]}',
  );
  t.equal((await ask('/dial?host=10.244.0.2&port=8081&request=hostname&protocol=udp')).body, '{"responses":["pod-a"]}');
  const refused = 'Get "http://10.244.0.2:99/hostname": dial tcp 10.244.0.2:99: connect: connection refused';
  t.same(JSON.parse((await ask('/dial?host=10.244.0.2&port=99&request=hostname')).body), { errors: [refused] });
  t.equal((await ask('/shell?cmd=echo+hi')).body, '{"output":"hi\\n"}');
  t.equal((await ask('/shell?cmd=exit+3')).body, '{"error":"exit status 3"}');
  t.match(one.stderr(), /^I\d{4} \d\d:\d\d:\d\d\.\d{6} +1 log\.go:244\] Started HTTP server on port 8080\n/);
  void ask('/exit?code=7').catch(() => undefined);
  t.match(await one.container.exited, { exitCode: 7, reason: 'Error' });
});

test('agnhost mounttest looks at files in the order of the image', async (t) => {
  const one = await run(agnhost, [
    'mounttest',
    '--new_file_0660=/d/f',
    '--file_perm=/d/f',
    '--fs_type=/tmp',
    '--file_mode=/tmp',
    '--file_content=/nosuch',
  ]);
  t.match(await one.container.exited, { exitCode: 1 });
  t.equal(
    one.stdout(),
    [
      'mount type of "/tmp": 2035054128',
      'content of file "/d/f": mount-tester new file\n',
      'mode of file "/tmp": dtrwxrwxrwx',
      'perms of file "/d/f": -rw-rw----',
      'error reading file content for "/nosuch": open /nosuch: no such file or directory\n',
    ].join('\n'),
  );
});

test('agnhost says what it does not know, as cobra does', async (t) => {
  const one = await run(agnhost, ['guestbok']);
  t.match(await one.container.exited, { exitCode: 1 });
  t.equal(one.stderr(), 'Error: unknown command "guestbok" for "app"\n\nDid you mean this?\n\tguestbook\n\n');
  const two = await run(agnhost, ['netexec', '--x']);
  t.match(await two.container.exited, { exitCode: 1 });
  t.equal(two.stderr(), 'Error: unknown flag: --x\n');
});

test('agnhost has many small servers', async (t) => {
  const hostname = await run(agnhost, ['serve-hostname', '--port=9376']);
  t.match(await get(hostname.network, 9376, '/'), { status: 200, body: 'pod-a' });
  const porter = await run(agnhost, ['porter'], { environment: { SERVE_PORT_80: 'foo', SERVE_PORT_1080: 'bar' } });
  t.equal((await get(porter.network, 1080, '/')).body, 'bar');
  const web = await run(agnhost, ['test-webserver'], { files: { '/hosts': 'here' } });
  t.match(await get(web.network, 80, '/d/hosts'), {
    status: 200,
    body: 'here',
    headers: { 'cache-control': 'private' },
  });
  t.equal((await get(web.network, 80, '/nosuch')).status, 404);
  t.match((await get(web.network, 80, '/d/')).body, /<a href="hosts">hosts<\/a>/);
  t.equal((await get(web.network, 80, '/d/hosts', { range: 'bytes=1-2' })).body, 'er');
  for (const one of [hostname, porter, web]) one.stop();
});

test('a program that is not in an image does not start', async (t) => {
  const words =
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process';
  const one = await run('busybox', [], { command: ['nosuch'] });
  t.same(await one.container.exited, {
    exitCode: 128,
    reason: 'StartError',
    message: `${words}: exec: "nosuch": executable file not found in $PATH: unknown`,
  });
  const two = await run('busybox', [], { command: ['/bin/nosuch'] });
  t.match(await two.container.exited, {
    message: `${words}: exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory: unknown`,
  });
});

test('servers of the web are told to end by the signals of their images', async (t) => {
  for (const [image, words] of [
    ['nginx', 'signal 3 (SIGQUIT) received, shutting down'],
    ['httpd', 'AH00492: caught SIGWINCH, shutting down gracefully'],
  ] as const) {
    const server = await run(image, []);
    await get(server.network, 80, '/');
    server.container.stop(1000);
    t.match(await server.container.exited, { exitCode: 0 }, image);
    t.match(server.stderr(), words);
  }
});

test('nginx and httpd serve pages and log who asked', async (t) => {
  const nginx = await run('docker.io/library/nginx:1.27', []);
  const page = await get(nginx.network, 80, '/', { 'user-agent': 'test' });
  t.match(page, { status: 200, headers: { server: 'nginx/1.27.0', 'content-type': 'text/html' } });
  t.match(page.body, /<h1>Welcome to nginx!<\/h1>/);
  t.match(await get(nginx.network, 80, '/nosuch'), { status: 404, body: /<hr><center>nginx\/1\.27\.0<\/center>/ });
  t.match(nginx.stdout(), /127\.0\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 \d+ "-" "test" "-"\n/);
  const quit = await exec(nginx, ['nginx', '-s', 'quit']);
  t.equal(quit.code, 0);
  t.match(await nginx.container.exited, { exitCode: 0 });
  const httpd = await run('httpd', []);
  t.match(await get(httpd.network, 80, '/'), { status: 200, body: '<html><body><h1>It works!</h1></body></html>\n' });
  httpd.stop();
});

test('redis keeps data, tells followers of it, and has a client', async (t) => {
  const runtime = createRuntime();
  const leader = await run('redis:7', [], { runtime });
  const cli = async (on: Running, ...words: string[]): Promise<string> =>
    (await exec(on, ['redis-cli', ...words])).output;
  t.equal(await cli(leader, 'set', 'a', 'b'), 'OK\n');
  t.equal(await cli(leader, '--no-raw', 'get', 'a'), '"b"\n');
  t.equal(await cli(leader, '--no-raw', 'rpush', 'l', 'x', 'y'), '(integer) 2\n');
  t.equal(await cli(leader, '--no-raw', 'lrange', 'l', '0', '-1'), '1) "x"\n2) "y"\n');
  t.equal(await cli(leader, '--no-raw', 'incr', 'a'), '(error) ERR value is not an integer or out of range\n');
  t.equal(
    await cli(leader, '--no-raw', 'get', 'l'),
    '(error) WRONGTYPE Operation against a key holding the wrong kind of value\n',
  );
  const follower = await run('redis', ['--replicaof', leader.network.ips[0] ?? '', '6379'], { runtime });
  await until(() => follower.stdout().includes('Finished with success'));
  t.equal(await cli(follower, 'get', 'a'), 'b\n');
  await cli(leader, 'set', 'c', 'd');
  t.equal(await cli(follower, 'get', 'c'), 'd\n');
  t.match(await cli(follower, 'set', 'a', 'x'), /READONLY You can't write against a read only replica/);
  t.match(await cli(leader, 'info', 'replication'), /connected_slaves:1/);
  t.equal(await cli(follower, 'slaveof', 'no', 'one'), 'OK\n');
  t.equal(await cli(follower, 'set', 'a', 'x'), 'OK\n');
  leader.stop();
  follower.stop();
});

test('apps of tutorials answer as they are known', async (t) => {
  const kubia = await run('luksa/kubia', []);
  t.equal((await get(kubia.network, 8080, '/')).body, "You've hit pod-a\n");
  const ill = await run('luksa/kubia-unhealthy', []);
  const statuses: number[] = [];
  for (let count = 0; count < 6; count++) statuses.push((await get(ill.network, 8080, '/')).status);
  t.same(statuses, [200, 200, 200, 200, 200, 500]);
  const echo = await run('hashicorp/http-echo', ['-text=hello', '-listen=:8081']);
  t.match(await get(echo.network, 8081, '/'), { status: 200, body: 'hello\n' });
  const picture = await run('registry.k8s.io/e2e-test-images/nautilus:1.8', []);
  t.same(JSON.parse((await get(picture.network, 80, '/data.json')).body), { image: 'nautilus.jpg' });
  const pi = await run('perl:5.34.0', [], { command: ['perl', '-Mbignum=bpi', '-wle', 'print bpi(20)'] });
  t.match(await pi.container.exited, { exitCode: 0 });
  t.equal(pi.stdout(), '3.1415926535897932385\n');
  for (const one of [kubia, ill, echo, picture]) one.stop();
});

test('databases want their passwords, take connections and have clients for probes', async (t) => {
  const bare = await run('postgres:17', []);
  t.match(await bare.container.exited, { exitCode: 1 });
  t.match(bare.stderr(), /Database is uninitialized and superuser password is not specified/);
  const postgres = await run('postgres:17', [], { environment: { POSTGRES_PASSWORD: 'x' } });
  await until(() => postgres.stderr().includes('ready to accept connections'));
  t.match(await exec(postgres, ['pg_isready', '-U', 'postgres']), { code: 0, output: /accepting connections/ });
  t.match(await exec(postgres, ['psql', '-c', 'SELECT 1']), { code: 0 });
  const mysql = await run('mysql:8', [], { environment: { MYSQL_ROOT_PASSWORD: 'x' } });
  await until(() => mysql.stderr().includes('ready for connections'));
  t.match(await exec(mysql, ['mysqladmin', 'ping']), { code: 0, output: 'mysqld is alive\n' });
  t.match(await exec(mysql, ['mysql', '-h', '127.0.0.1', '-e', 'DROP TABLE x']), { code: 1, output: /knows no SQL/ });
  const cache = await run('memcached', ['-m', '64']);
  await until(() => cache.network.listening().length > 0);
  const talk = "printf 'set a 0 0 3\\r\\nxyz\\r\\nget a\\r\\nquit\\r\\n' | nc 127.0.0.1 11211";
  t.equal((await exec(cache, ['sh', '-c', talk])).output, 'STORED\r\nVALUE a 0 3\r\nxyz\r\nEND\r\n');
  for (const one of [postgres, mysql, cache]) one.stop();
});

test('what wants more memory than it may have is killed for it, each time', async (t) => {
  const limited = { resources: { limits: { memory: '100Mi' } } };
  for (const attempt of [0, 1]) {
    const one = await run('polinux/stress', ['--vm', '1', '--vm-bytes', '250M'], { attempt, spec: limited });
    t.match(await one.container.exited, { exitCode: 137, reason: 'OOMKilled' });
  }
  const fits = await run('polinux/stress', ['--vm', '1', '--vm-bytes', '50M', '--cpu', '2', '-t', '0.02'], {
    spec: limited,
  });
  t.match(await fits.container.exited, { exitCode: 0 });
});

test('apps behind gateways answer to order', async (t) => {
  const bin = await run('kennethreitz/httpbin', []);
  t.equal((await get(bin.network, 80, '/status/418')).status, 418);
  t.match(JSON.parse((await get(bin.network, 80, '/get?a=b', { 'x-c': 'd' })).body), {
    args: { a: 'b' },
    headers: { 'X-C': 'd' },
  });
  const info = await run('stefanprodan/podinfo:6.5.0', []);
  t.match(JSON.parse((await get(info.network, 9898, '/')).body), { hostname: 'pod-a', version: '6.5.0' });
  t.equal((await get(info.network, 9898, '/readyz')).status, 200);
  const etcd = await run('registry.k8s.io/etcd:3.6.8-0', []);
  t.match(JSON.parse((await get(etcd.network, 2379, '/version')).body), { etcdserver: '3.6.8' });
  const { stream } = await etcd.network.connect({ ip: '127.0.0.1', port: 2379 });
  t.equal(await healthOf(stream), 1, 'gRPC on the same port');
  for (const one of [bin, info, etcd]) one.stop();
});

test('what a program opened ends with it, however it ends', async (t) => {
  const runtime = createRuntime();
  const shell = await run('busybox', ['sleep', '1000'], { runtime });
  const { network } = shell;
  const other = await run('nginx', [], { runtime });
  const { stream } = await connected(other.network, 80);
  const ended = new Promise((resolve) => stream.once('end', resolve).resume());
  other.container.stop(0);
  t.match(await other.container.exited, { exitCode: 137 });
  await ended;
  t.same(other.network.listening(), [], 'a killed server listens no more, and its clients see the end');
  await exec(shell, ['sh', '-c', 'nc -l -p 5000 & sleep 0.05; kill -9 $!']);
  t.same(network.listening(), []);
  shell.stop();
});

test('a port that somebody has ends a server with its own words', async (t) => {
  const one = await run('busybox', [], {
    command: ['sh', '-c', 'nc -l -p 80 & nc -l -p 8080 & sleep 1000'],
  });
  await until(() => one.network.listening().length === 2);
  const nginx = await one.beside('nginx', []);
  t.match(await nginx.container.exited, { exitCode: 1 });
  t.match(nginx.stderr(), /bind\(\) to 0\.0\.0\.0:80 failed \(98: Address already in use\)/);
  const netexec = await one.beside(agnhost, ['netexec']);
  t.match(await netexec.container.exited, { exitCode: 1 });
  t.match(netexec.stderr(), /listen tcp :8080: bind: address already in use/);
  one.stop();
});

test('the image of curl takes options, addresses and other programs', async (t) => {
  const runtime = createRuntime();
  const kubia = await run('luksa/kubia', [], { runtime });
  await until(() => kubia.network.listening().length > 0);
  const url = `http://${kubia.network.ips[0]}:8080/`;
  for (const args of [['-s', url], [url], ['curl', '-s', url], ['sh', '-c', `curl -s ${url}`]]) {
    const one = await run('curlimages/curl', args, { runtime });
    t.match(await one.container.exited, { exitCode: 0 });
    t.equal(one.stdout(), "You've hit pod-a\n");
  }
  kubia.stop();
});
