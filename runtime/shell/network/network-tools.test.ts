import { createServer } from 'node:http';
import { test } from 'tap';
import { createOutside } from '../../dns/outside.ts';
import type { DnsReply } from '../../dns/records.ts';
import { serveDns } from '../../dns/serve.ts';
import { bytesOf, fromBytes } from '../../files/byte-text.ts';
import { MemoryTree } from '../../files/memory-tree.ts';
import { createNetwork } from '../../network/create-network.ts';
import type { ProgramContext } from '../../processes/program.ts';
import { Pipe, readerOf, writerOf } from '../streams.ts';
import { bindPrograms, networkPrograms } from './tools.ts';

const fullNetworkPrograms = new Map(
  Object.entries(bindPrograms).map(([path, program]) => [path.replace('/usr/bin/', ''), program]),
);

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Two pods, a web server at 10.244.1.3, a server of names. */
function cluster(image = 'busybox:1.36') {
  const network = createNetwork({ hostIp: '172.18.255.254', clock });
  const hosts = new Map([
    ['web.shop.svc.cluster.local', ['10.244.1.3']],
    ['foo.example.com', ['192.0.2.7']],
  ]);
  const static_ = createOutside({ hosts, ttl: 30 });
  const answer = (answers: DnsReply['answers']): DnsReply => {
    return { code: 'NOERROR', isAuthoritative: true, answers, authorities: [], additionals: [] };
  };
  serveDns(network.open({ node: '', ips: ['10.96.0.10'] }), async (question) => {
    const { name, type } = question;
    const data = { priority: 0, weight: 100, port: 80, target: 'web.shop.svc.cluster.local' };
    if (type === 'SRV') return answer([{ name, ttl: 30, type, data }]);
    const link = { name, ttl: 30, type: 'CNAME', data: 'foo.example.com' } as const;
    if (name === 'away.shop.svc.cluster.local' && type === 'A')
      return answer([link, { name: 'foo.example.com', ttl: 30, type, data: '192.0.2.7' }]);
    if (name === 'away.shop.svc.cluster.local') return answer([link]);
    return { ...(await static_(question)), isAuthoritative: true };
  });
  const files = new MemoryTree({ now: () => 0 });
  files.makeDirectory('/etc');
  files.write(
    '/etc/resolv.conf',
    'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5 timeout:1 attempts:1\n',
  );
  files.write('/etc/hosts', '127.0.0.1\tlocalhost\n10.244.0.2\tclient.team.shop.svc.cluster.local\tclient\n');
  const web = network.open({ node: 'node-1', ips: ['10.244.1.3'] });
  const pages = createServer((request, response) => {
    if (request.url === '/404') response.writeHead(404).end('no\n');
    else if (request.url === '/301') response.writeHead(301, { Location: '/' }).end();
    else if (request.url === '/dump') {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => response.end(`${request.method} ${JSON.stringify(request.rawHeaders)} ${body}\n`));
    } else if (request.url === '/never') response.write('a');
    else response.writeHead(200, { 'Content-Length': '6' }).end('hello\n');
  });
  web.listen(80, ({ stream }) => void pages.emit('connection', stream));
  web.bind(5000, ({ from, bytes }) => echo.send(from, bytes));
  const echo = web.bind(5001, () => undefined);
  web.listen(6000, ({ stream }) => void stream.pipe(stream));
  const client = network.open({ node: 'node-0', ips: ['10.244.0.2'] });
  const killed = new AbortController();
  const processWith = (
    args: readonly string[],
    stdin: ProgramContext['stdin'],
    write: (name: 'stdout' | 'stderr', text: string) => void,
  ): ProgramContext => {
    const used = {
      clock,
      random: { next: () => 0.5, uuid: () => '01234567-89ab-4def-8123-456789abcdef' },
      files,
      network: client,
      facts: { hostname: 'client', container: { image } },
      args,
      environment: new Map(),
      cwd: '/',
      stdin,
      stdout: writerOf((text) => write('stdout', text)),
      stderr: writerOf((text) => write('stderr', text)),
      killed: killed.signal,
      descriptors: new Map(),
      onSignal: () => undefined,
    };
    return used as unknown as ProgramContext;
  };
  const run = async (line: string, input = '', tools = networkPrograms) => {
    const args = line.split(' ').map((word) => word.replaceAll('~', ' '));
    const said = { stdout: '', stderr: '' };
    const process = processWith(args, readerOf(input), (stream, text) => (said[stream] += text));
    const code = await tools.get(args[0] ?? '')?.(process);
    return { code, ...said };
  };
  return { run, files, web, client, processWith, kill: () => killed.abort() };
}

const server = 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n';

test('nslookup speaks as busybox does', async (t) => {
  const { run } = cluster();
  const web = await run('nslookup web.shop.svc.cluster.local');
  t.same(web, { code: 0, stderr: '', stdout: `${server}Name:\tweb.shop.svc.cluster.local\nAddress: 10.244.1.3\n\n\n` });
  const missing = "** server can't find nope.shop.svc.cluster.local: NXDOMAIN\n\n";
  t.same(await run('nslookup nope.shop.svc.cluster.local'), {
    code: 1,
    stderr: '',
    stdout: server + missing + missing,
  });
  const short = await run('nslookup web');
  t.equal(short.code, 0, 'a name of the search list is enough');
  t.match(short.stdout, "** server can't find web.svc.cluster.local: NXDOMAIN\n");
  t.equal((await run('nslookup nope')).code, 1);
  const reverse = await run('nslookup 192.0.2.7');
  t.equal(reverse.stdout, `${server}7.2.0.192.in-addr.arpa\tname = foo.example.com\n\n`);
  const silent = await run('nslookup web 10.96.0.99');
  t.same(silent, { code: 1, stderr: '', stdout: ';; connection timed out; no servers could be reached\n\n' });
  t.match(await run('nslookup -type=srv _http._tcp.web.shop'), { code: 0, stdout: /service = 0 100 80 web.shop/ });
});

test('nslookup speaks as BIND does where an image brings it', async (t) => {
  const { run } = cluster();
  const bind = 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n';
  const web = await run('nslookup web', '', fullNetworkPrograms);
  t.same(web, { code: 0, stderr: '', stdout: `${bind}Name:\tweb.shop.svc.cluster.local\nAddress: 10.244.1.3\n\n` });
  const nope = await run('nslookup nope', '', fullNetworkPrograms);
  t.same(nope, { code: 1, stderr: '', stdout: `${bind}** server can't find nope: NXDOMAIN\n\n` });
  const away = await run('nslookup away', '', fullNetworkPrograms);
  t.equal(
    away.stdout,
    `${bind}away.shop.svc.cluster.local\tcanonical name = foo.example.com.\nName:\tfoo.example.com\nAddress: 192.0.2.7\n\n`,
  );
});

test('nslookup of old busyboxes asks as programs do', async (t) => {
  const { run } = cluster('docker.io/library/busybox:1.28');
  const head = 'Server:    10.96.0.10\nAddress 1: 10.96.0.10\n\n';
  const web = await run('nslookup web');
  t.same(web, {
    code: 0,
    stderr: '',
    stdout: `${head}Name:      web\nAddress 1: 10.244.1.3 web.shop.svc.cluster.local\n`,
  });
  const nope = await run('nslookup nope');
  t.same(nope, { code: 1, stdout: head, stderr: "nslookup: can't resolve 'nope'\n" });
});

test('dig answers in the form of a zone file', async (t) => {
  const { run } = cluster();
  const line = 'web.shop.svc.cluster.local. 30\tIN\tA\t10.244.1.3\n';
  t.same(await run('dig +notcp +noall +answer +search web A'), { code: 0, stderr: '', stdout: line });
  t.equal((await run('dig +tcp +noall +answer +search web A')).stdout, line);
  t.equal((await run('dig +short web.shop.svc.cluster.local')).stdout, '10.244.1.3\n');
  t.equal((await run('dig +short away.shop.svc.cluster.local CNAME')).stdout, 'foo.example.com.\n');
  t.equal((await run('dig +short -x 192.0.2.7')).stdout, 'foo.example.com.\n');
  t.equal((await run('dig +short _http._tcp.web SRV')).stdout, '0 100 80 web.shop.svc.cluster.local.\n');
  t.equal((await run('dig +noall +answer nope A')).stdout, '');
  t.match((await run('dig nope')).stdout, /status: NXDOMAIN.*\n;; flags: qr aa rd ra; QUERY: 1, ANSWER: 0/);
  t.match(await run('dig @10.96.0.99 +time=1 +tries=1 web'), { code: 9, stdout: /no servers could be reached/ });
});

test('host and getent find names and addresses', async (t) => {
  const { run } = cluster();
  t.same(await run('host web'), { code: 0, stderr: '', stdout: 'web.shop.svc.cluster.local has address 10.244.1.3\n' });
  t.equal((await run('host nope')).stdout, 'Host nope not found: 3(NXDOMAIN)\n');
  const table: [string, number, string][] = [
    ['getent hosts web', 0, '10.244.1.3      web.shop.svc.cluster.local\n'],
    ['getent hosts away', 0, '192.0.2.7       foo.example.com away.shop.svc.cluster.local\n'],
    ['getent hosts nope', 2, ''],
    ['getent hosts client', 0, '10.244.0.2      client.team.shop.svc.cluster.local client\n'],
    ['getent hosts 192.0.2.7', 0, '192.0.2.7       foo.example.com\n'],
    [
      'getent ahosts web',
      0,
      '10.244.1.3      STREAM web.shop.svc.cluster.local\n10.244.1.3      DGRAM  \n10.244.1.3      RAW    \n',
    ],
    ['getent ahosts nope', 2, ''],
  ];
  for (const [line, code, stdout] of table) t.same(await run(line), { code, stdout, stderr: '' }, line);
});

const bar = '*'.repeat(32);

test('wget speaks as busybox does', async (t) => {
  const { run, files } = cluster();
  const connecting = 'Connecting to web (10.244.1.3:80)\n';
  const table: [string, number, string, string][] = [
    ['wget -q -O - http://web/', 0, 'hello\n', ''],
    ['wget -qO- web', 0, 'hello\n', ''],
    [
      'wget -O - http://web/',
      0,
      'hello\n',
      `${connecting}writing to stdout\n-                    100% |${bar}|     6  0:00:00 ETA\nwritten to stdout\n`,
    ],
    [
      'wget http://web/',
      0,
      '',
      `${connecting}saving to 'index.html'\nindex.html           100% |${bar}|     6  0:00:00 ETA\n'index.html' saved\n`,
    ],
    ['wget http://web/', 1, '', `${connecting}wget: can't open 'index.html': File exists\n`],
    ['wget -q -O- http://web/404', 1, '', 'wget: server returned error: HTTP/1.1 404 Not Found\n'],
    ['wget -q -O- http://web/301', 0, 'hello\n', ''],
    ['wget --spider http://web/', 0, '', `${connecting}remote file exists\n`],
    ['wget -q -O- http://web:81/', 1, '', "wget: can't connect to remote host (10.244.1.3): Connection refused\n"],
    ['wget -q -O- http://nope/', 1, '', "wget: bad address 'nope'\n"],
    ['wget -q -T 1 -O- http://web/never', 1, 'a', 'wget: download timed out\n'],
    ['wget ftp2://x', 1, '', 'wget: not an http or ftp url: ftp2://x\n'],
    [
      'wget -q -O- --post-data a=b --header X:y http://web/dump',
      0,
      'POST ["Host","web","User-Agent","Wget","Connection","close","X","y","Content-Type","application/x-www-form-urlencoded","Content-Length","3"] a=b\n',
      '',
    ],
  ];
  for (const [line, code, stdout, stderr] of table) t.same(await run(line), { code, stdout, stderr }, line);
  t.equal(files.read('/index.html'), 'hello\n');
});

test('curl speaks as curl does', async (t) => {
  const { run, files } = cluster();
  const agent = '"User-Agent","curl/8.14.1","Accept","*/*"';
  const table: [string, number, string, string][] = [
    ['curl -s http://web/', 0, 'hello\n', ''],
    ['curl -q -s --connect-timeout 5 web:80', 0, 'hello\n', ''],
    ['curl -g -q -s http://10.244.1.3:80/', 0, 'hello\n', ''],
    ['curl -sS http://nope/', 6, '', 'curl: (6) Could not resolve host: nope\n'],
    ['curl -s http://nope/', 6, '', ''],
    ['curl -sS -f http://web/404', 22, '', 'curl: (22) The requested URL returned error: 404\n'],
    ['curl -s http://web/404', 0, 'no\n', ''],
    [
      'curl -sL -w %{http_code}:%{url_effective}:%{num_redirects}\\n http://web/301',
      0,
      'hello\n200:http://web/:1\n',
      '',
    ],
    ['curl -s -o /dev/null -w %{http_code} http://web/301', 0, '301', ''],
    [
      'curl -s -d a=b http://web/dump',
      0,
      `POST ["Host","web",${agent},"Content-Length","3","Content-Type","application/x-www-form-urlencoded"] a=b\n`,
      '',
    ],
    [
      'curl -s -X PUT -H X:~y -H Accept: -u u:p http://web/dump',
      0,
      'PUT ["Host","web","Authorization","Basic dTpw","User-Agent","curl/8.14.1","X","y"] \n',
      '',
    ],
    [
      'curl -s --json {} http://web/dump',
      0,
      'POST ["Host","web","User-Agent","curl/8.14.1","Accept","application/json","Content-Length","2","Content-Type","application/json"] {}\n',
      '',
    ],
    ['curl -s --resolve x.example:80:10.244.1.3 http://x.example/', 0, 'hello\n', ''],
    ['curl -sS foo://x', 1, '', 'curl: (1) Protocol "foo" not supported\n'],
    [
      'curl --nope',
      2,
      '',
      "curl: option --nope: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
    ],
    ['curl -s -o f http://web/', 0, '', ''],
  ];
  for (const [line, code, stdout, stderr] of table) t.same(await run(line), { code, stdout, stderr }, line);
  t.equal(files.read('/f'), 'hello\n');
  const refused = await run('curl -sS http://web:81/');
  t.match(refused, {
    code: 7,
    stderr: /^curl: \(7\) Failed to connect to web port 81 after \d+ ms: Could not connect to server\n$/,
  });
  const late = await run('curl -sS -m 0.2 http://web/never');
  t.match(late, {
    code: 28,
    stdout: 'a',
    stderr: /^curl: \(28\) Operation timed out after \d+ milliseconds with 1 bytes received\n$/,
  });
  const head = await run('curl -sI http://web/');
  t.match(head.stdout, /^HTTP\/1\.1 200 OK\r\nContent-Length: 6\r\n[\s\S]*\r\n\r\n$/);
  const spoken = await run('curl -sv http://web/');
  t.match(
    spoken.stderr,
    '*   Trying 10.244.1.3:80...\n* Connected to web (10.244.1.3) port 80\n> GET / HTTP/1.1\r\n> Host: web\r\n',
  );
  t.match(spoken.stderr, '< HTTP/1.1 200 OK\r\n');
});

test('nc carries bytes as they come', async (t) => {
  const { run, processWith, web } = cluster();
  t.same(await run('nc web 6000', 'hi\n'), { code: 0, stdout: 'hi\n', stderr: '' });
  t.same(await run('nc -z -v web 80'), { code: 0, stdout: '', stderr: 'web (10.244.1.3:80) open\n' });
  t.same(await run('nc 10.244.1.3 81'), {
    code: 1,
    stdout: '',
    stderr: "nc: can't connect to remote host (10.244.1.3): Connection refused\n",
  });
  t.same(await run('nc nope 81'), { code: 1, stdout: '', stderr: "nc: bad address 'nope'\n" });
  t.match(await run('nc -u -w 1 web 5000', 'datagram'), { code: 0, stdout: 'datagram' });
  const spoken = await run('nc -v -t -w 2 10.244.1.3 6000', 'x', fullNetworkPrograms);
  t.same(spoken, { code: 0, stdout: 'x', stderr: 'Connection to 10.244.1.3 6000 port [tcp/*] succeeded!\n' });
  const live = new Pipe();
  let heard = '';
  const talking = networkPrograms.get('nc')?.(
    processWith(['nc', 'web', '6000'], live, (_stream, text) => (heard += text)),
  );
  live.write('one');
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(heard, 'one', 'before the input has ended');
  live.end();
  t.equal(await talking, 0);
  let taken = '';
  const listening = networkPrograms.get('nc')?.(
    processWith(['nc', '-l', '-p', '7000'], readerOf('from here'), (_stream, text) => (taken += text)),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { stream } = await web.connect({ ip: '10.244.0.2', port: 7000 });
  stream.end(bytesOf('from there'));
  let got = '';
  for await (const bytes of stream) got += fromBytes(bytes as Buffer);
  t.equal(got, 'from here');
  t.equal(await listening, 0);
  t.equal(taken, 'from there');
});

test('ping tells addresses that are there from those that are not', async (t) => {
  const { run } = cluster();
  const there = await run('ping -c 1 web');
  t.match(there, {
    code: 0,
    stdout:
      /^PING web \(10\.244\.1\.3\): 56 data bytes\n64 bytes from 10\.244\.1\.3: seq=0 ttl=62 time=\d+\.\d{3} ms\n\n--- web ping statistics ---\n1 packets transmitted, 1 packets received, 0% packet loss\nround-trip min\/avg\/max = /,
  });
  const away = await run('ping -c 1 -W 1 10.244.9.9');
  t.same(away, {
    code: 1,
    stderr: '',
    stdout:
      'PING 10.244.9.9 (10.244.9.9): 56 data bytes\n\n--- 10.244.9.9 ping statistics ---\n1 packets transmitted, 0 packets received, 100% packet loss\n',
  });
  t.same(await run('ping nope'), { code: 1, stdout: '', stderr: "ping: bad address 'nope'\n" });
  t.match((await run('traceroute -n web')).stdout, / 1 {2}10\.244\.0\.1 .*\n 2 {2}10\.244\.1\.3 /);
});

test('a pod knows its name and its interface', async (t) => {
  const { run, client } = cluster();
  t.equal((await run('hostname')).stdout, 'client\n');
  t.equal((await run('hostname -f')).stdout, 'client.team.shop.svc.cluster.local\n');
  t.equal((await run('hostname -d')).stdout, 'team.shop.svc.cluster.local\n');
  t.equal((await run('hostname -i')).stdout, '10.244.0.2\n');
  t.match((await run('ip addr show eth0')).stdout, '    inet 10.244.0.2/24 brd 10.244.0.255 scope global eth0\n');
  t.match(
    (await run('ip -o -4 addr')).stdout,
    '2: eth0    inet 10.244.0.2/24 brd 10.244.0.255 scope global eth0\\       valid_lft',
  );
  t.equal(
    (await run('ip route')).stdout,
    'default via 10.244.0.1 dev eth0 \n10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.2 \n',
  );
  t.match(
    (await run('ifconfig eth0')).stdout,
    '          inet addr:10.244.0.2  Bcast:10.244.0.255  Mask:255.255.255.0\n',
  );
  client.listen(8080, ({ stream }) => void stream.destroy());
  t.match(
    (await run('netstat -tln')).stdout,
    'tcp        0      0 0.0.0.0:8080            0.0.0.0:*               LISTEN',
  );
  t.match((await run('ss -tln')).stdout, /LISTEN 0 {6}4096 +0\.0\.0\.0:8080/);
});

test('httpd serves the files of a directory', async (t) => {
  const { run, files, kill } = cluster();
  files.makeDirectory('/www');
  files.write('/www/index.html', '<p>here</p>\n');
  const serving = run('httpd -f -p 8081 -h /www');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(await run('curl -si http://127.0.0.1:8081/'), { stdout: /Content-type: text\/html[\s\S]*<p>here<\/p>\n$/ });
  t.match(await run('curl -si http://127.0.0.1:8081/none'), {
    stdout: /^HTTP\/1\.1 404 Not Found[\s\S]*The requested URL was not found/,
  });
  kill();
  t.equal((await serving).code, 0);
});
