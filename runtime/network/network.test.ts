import { createServer, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'tap';
import type { Clock } from '../../api/clock.ts';
import { createNetwork } from './create-network.ts';
import { FlowTable } from './flow-table.ts';
import type { Address, Connection, Datagram, Flow, NetworkNamespace, Verdict } from './network.ts';

function testClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance: (ms) => {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

function cluster() {
  const clock = testClock();
  const network = createNetwork({ hostIp: '172.18.255.254', clock });
  const node1 = network.node('n1', ['172.18.0.2', 'fd18::2']);
  const node2 = network.node('n2', ['172.18.0.3', 'fd18::3']);
  const a = network.open({ node: 'n1', ips: ['10.244.0.2', 'fd10:244::2'] });
  const b = network.open({ node: 'n2', ips: ['10.244.1.2', 'fd10:244:0:1::2'] });
  const rules = (verdict: (flow: Flow, node: string) => Verdict): void => network.setTranslation({ verdict });
  return { clock, network, node1, node2, a, b, rules };
}

/** Answers each connection with what it sees, then ends. */
function telling(namespace: NetworkNamespace, port: number, ip?: string): { close(): void } {
  return namespace.listen(
    port,
    ({ stream, flow }) => void stream.end(`${flow.from.ip} -> ${flow.to.ip}:${flow.to.port}`),
    ip === undefined ? {} : { ip },
  );
}

async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

async function ask(from: NetworkNamespace, ip: string, port: number): Promise<string> {
  try {
    const { stream } = await from.connect({ ip, port });
    stream.end();
    return await textOf(stream);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a connection leads to whoever listens at the address, and localhost to oneself', async (t) => {
  const { network, node1, a, b } = cluster();
  telling(b, 80);
  telling(a, 8080, '127.0.0.1');
  telling(a, 9090, '10.244.0.2');
  t.equal(await ask(a, '10.244.1.2', 80), '10.244.0.2 -> 10.244.1.2:80');
  t.equal(await ask(a, 'fd10:244:0:1:0:0:0:2', 80), 'fd10:244::2 -> fd10:244:0:1::2:80', 'of any family and spelling');
  t.equal(await ask(node1, '10.244.1.2', 80), '172.18.0.2 -> 10.244.1.2:80');
  t.equal(await ask(network.host, '10.244.1.2', 80), '172.18.255.254 -> 10.244.1.2:80');
  t.equal(await ask(a, 'localhost', 8080), '127.0.0.1 -> 127.0.0.1:8080');
  t.equal(await ask(a, '0.0.0.0', 8080), '127.0.0.1 -> 127.0.0.1:8080');
  t.equal(await ask(b, '127.0.0.1', 8080), 'ECONNREFUSED', "another pod's localhost is another");
  t.equal(await ask(b, '10.244.0.2', 8080), 'ECONNREFUSED', 'who listens on localhost is not heard outside');
  t.equal(await ask(a, '127.0.0.1', 9090), 'ECONNREFUSED', 'nor the other way around');
  t.equal(await ask(a, '10.244.0.2', 9090), '10.244.0.2 -> 10.244.0.2:9090');
  t.equal(await ask(a, '10.244.1.99', 80), 'EHOSTUNREACH');
  t.same(network.locate('10.244.0.2')?.node, 'n1');
  t.throws(() => b.listen(80, () => undefined), { code: 'EADDRINUSE' });
  t.throws(() => b.listen(80, () => undefined, { ip: '127.0.0.1' }), { code: 'EADDRINUSE' });
  b.listen(80, () => undefined, { protocol: 'SCTP' });
  t.strictSame(b.listening(), [
    { ip: '::', port: 80, protocol: 'TCP' },
    { ip: '::', port: 80, protocol: 'SCTP' },
  ]);
});

test('bytes flow both ways with back pressure, and each half closes on its own', async (t) => {
  const { a, b } = cluster();
  const total = 100 * 1024 * 1024;
  const accepted = Promise.withResolvers<Connection>();
  b.listen(1, (connection) => accepted.resolve(connection));
  const { stream: near } = await a.connect({ ip: '10.244.1.2', port: 1 });
  const { stream: far } = await accepted.promise;
  const chunk = Buffer.alloc(65_536, 'x');
  let sent = 0;
  let received = 0;
  far.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  const began = performance.now();
  const ended = new Promise((resolve) => far.once('end', resolve));
  const pump = (): void => {
    while (sent < total) {
      sent += chunk.length;
      if (!near.write(chunk)) {
        near.once('drain', pump);
        return;
      }
    }
    near.end();
  };
  pump();
  await ended;
  const tookMs = performance.now() - began;
  t.equal(received, total);
  t.comment(`100 MB took ${tookMs.toFixed(0)} ms`);
  t.ok(tookMs < 5000);
  far.end('late answer');
  t.equal(await textOf(near), 'late answer', 'an answer comes after the question has ended');
  await settle();
  t.ok(near.destroyed && far.destroyed);

  const { stream: stuck } = await a.connect({ ip: '10.244.1.2', port: 1 });
  t.equal(stuck.write(Buffer.alloc(1024 * 1024)), false, 'who does not read holds up the writer');
});

test('a connection is reset when a namespace closes, and ends when the other side lets go', async (t) => {
  const { network, a, b } = cluster();
  const streams: Duplex[] = [];
  b.listen(1, ({ stream }) => void streams.push(stream));
  const first = await a.connect({ ip: '10.244.1.2', port: 1 });
  const second = await a.connect({ ip: '10.244.1.2', port: 1 });
  const gone = new Promise((resolve) => second.stream.once('close', resolve));
  streams[1]?.write('rest');
  streams[1]?.destroy();
  t.equal(await textOf(second.stream), 'rest', 'what has arrived may be read');
  await gone;
  const reset = new Promise<{ code?: string }>((resolve) => first.stream.once('error', resolve));
  b.close();
  t.equal((await reset).code, 'ECONNRESET');
  t.equal(await ask(a, '10.244.1.2', 1), 'EHOSTUNREACH', 'the address is free');
  await t.rejects(b.connect({ ip: '10.244.0.2', port: 1 }), { code: 'ENETUNREACH' });
  const next = network.open({ node: 'n2', ips: ['10.244.1.2'] });
  telling(next, 1);
  t.equal(await ask(a, '10.244.1.2', 1), '10.244.0.2 -> 10.244.1.2:1');
});

test('http works over it', async (t) => {
  const { a, b } = cluster();
  const strict = createServer();
  b.listen(81, ({ stream }) => void strict.emit('connection', stream));
  const nonsense = await a.connect({ ip: '10.244.1.2', port: 81 });
  nonsense.stream.end('nonsense\n');
  t.match(await textOf(nonsense.stream), /^HTTP\/1.1 400 Bad Request/, 'what was said before an error is heard');
  const server = createServer((req, res) => void res.end(`hello ${req.socket.remoteAddress}${req.url}`));
  b.listen(80, ({ stream }) => void server.emit('connection', stream));
  for (const path of ['/one', '/two']) {
    const { stream } = await a.connect({ ip: '10.244.1.2', port: 80 });
    const body = await new Promise<string>((resolve, reject) => {
      const req = request({ path, createConnection: () => stream }, (res) => resolve(textOf(res as unknown as Duplex)));
      req.once('error', reject);
      req.end();
    });
    t.equal(body, `hello 10.244.0.2${path}`);
  }
});

test('rules of the node that a packet leaves, or comes to, say where it goes', async (t) => {
  const { clock, a, b, node1, node2, network, rules } = cluster();
  telling(b, 8080);
  const asked: string[] = [];
  rules(({ from, to }, node) => {
    asked.push(`${to.ip}:${to.port}@${node}`);
    if (to.ip === '127.96.0.2') return { to: { ip: '10.244.1.2', port: 8080 }, masquerade: from.ip === '127.0.0.1' };
    if (to.ip === '10.96.0.1') return { to: { ip: '10.244.1.2', port: 8080 } };
    if (to.ip === '127.96.0.1') return { to: { ip: '10.244.1.2', port: 8080 }, masquerade: true };
    if (to.ip === '10.96.0.2') return 'reject';
    if (to.ip === '10.96.0.3') return 'drop';
    const ofNode: Record<string, string> = { n1: '172.18.0.2', n2: '172.18.0.3' };
    const isNode = to.ip === '127.0.0.1' || to.ip === ofNode[node];
    if (isNode && to.port === 30000) return { to: { ip: '10.244.1.2', port: 8080 }, masquerade: true };
    return 'accept';
  });
  t.equal(await ask(a, '10.96.0.1', 80), '10.244.0.2 -> 10.244.1.2:8080', "a pod's own address is seen");
  t.same(asked.splice(0), ['10.96.0.1:80@n1'], 'asked once');
  t.equal(await ask(a, '172.18.0.2', 30000), '172.18.0.2 -> 10.244.1.2:8080', 'masqueraded');
  t.same(asked.splice(0), ['172.18.0.2:30000@n1']);
  t.equal(await ask(a, '172.18.0.3', 30000), '172.18.0.3 -> 10.244.1.2:8080', 'by the node that it came to');
  t.same(asked.splice(0), ['172.18.0.3:30000@n1', '172.18.0.3:30000@n2']);
  t.equal(await ask(node1, '127.0.0.1', 30000), '172.18.0.2 -> 10.244.1.2:8080', "a node's localhost is translated");
  t.equal(await ask(a, '127.0.0.1', 30000), 'ECONNREFUSED', "a pod's is not");
  t.equal(await ask(a, '127.96.0.1', 80), '172.18.0.2 -> 10.244.1.2:8080');
  t.equal(await ask(a, '127.96.0.2', 80), '10.244.0.2 -> 10.244.1.2:8080', 'not as from localhost');
  t.equal(await ask(b, '10.96.0.1', 80), '10.244.1.2 -> 10.244.1.2:8080', 'hairpin');
  t.equal(await ask(network.host, '172.18.0.3', 30000), '172.18.0.3 -> 10.244.1.2:8080');
  t.equal(await ask(a, '10.96.0.2', 80), 'ECONNREFUSED');
  t.equal(await ask(node2, '172.18.0.2', 80), 'ECONNREFUSED', 'nobody listens there');
  const dropped = ask(a, '10.96.0.3', 80);
  const impatient = a.connect({ ip: '10.96.0.3', port: 80 }, { timeoutMs: 1000 });
  const stop = new AbortController();
  const aborted = a.connect({ ip: '10.96.0.3', port: 80 }, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await t.rejects(aborted, { message: 'enough' });
  clock.advance(1000);
  await t.rejects(impatient, { code: 'ETIMEDOUT' });
  clock.advance(126_000);
  t.equal(await dropped, 'ETIMEDOUT');
});

test('policies hold pods, and neither the control plane nor a node towards its own pods', async (t) => {
  const { clock, a, b, node1, node2, network, rules } = cluster();
  telling(b, 80);
  telling(a, 80);
  rules(({ to }) => (to.ip === '10.96.0.1' ? { to: { ip: '10.244.1.2', port: 80 }, masquerade: true } : 'accept'));
  const flows: Flow[] = [];
  network.setFilter({
    allows: (flow) => {
      flows.push(flow);
      return false;
    },
  });
  const denied = ask(a, '10.96.0.1', 80);
  const fromAfar = ask(node1, '10.244.1.2', 80);
  clock.advance(127_000);
  t.equal(await denied, 'ETIMEDOUT');
  t.equal(await fromAfar, 'ETIMEDOUT');
  t.match(flows, [
    { protocol: 'TCP', from: { ip: '10.244.0.2' }, to: { ip: '10.244.1.2', port: 80 } },
    { from: { ip: '172.18.0.2' } },
  ]);
  t.match(await ask(node2, '10.244.1.2', 80), '172.18.0.3');
  t.match(await ask(network.host, '10.244.1.2', 80), '172.18.255.254');
  t.match(await ask(a, '10.244.0.2', 80), '10.244.0.2');
  t.match(await ask(a, '127.0.0.1', 80), '127.0.0.1');
});

test('ports of nodes lead to pods that ask for them', async (t) => {
  const { a, b, node1, node2, network } = cluster();
  telling(b, 80);
  const to = { ip: '10.244.1.2', port: 80 };
  const all = network.mapPort({ node: 'n2', protocol: 'TCP', port: 5000, to });
  network.mapPort({ node: 'n2', protocol: 'TCP', hostIp: '127.0.0.1', port: 5001, to });
  t.equal(await ask(a, '172.18.0.3', 5000), '172.18.0.2 -> 10.244.1.2:80', 'pods leave their node as the node');
  t.equal(await ask(node2, '127.0.0.1', 5000), '172.18.0.3 -> 10.244.1.2:80');
  t.equal(await ask(b, '172.18.0.3', 5000), '172.18.0.3 -> 10.244.1.2:80', 'also to the pod itself');
  t.equal(await ask(node2, '127.0.0.1', 5001), '172.18.0.3 -> 10.244.1.2:80');
  t.equal(await ask(a, '172.18.0.3', 5001), 'ECONNREFUSED');
  t.equal(await ask(node1, '127.0.0.1', 5000), 'ECONNREFUSED');
  all.close();
  t.equal(await ask(a, '172.18.0.3', 5000), 'ECONNREFUSED');
});

test('datagrams of a flow go one way, and answers come from the address that was asked', async (t) => {
  const { clock, a, b, node1, network, rules } = cluster();
  const c = network.open({ node: 'n2', ips: ['10.244.1.3'] });
  let backend = '10.244.1.2';
  let asked = 0;
  rules(({ to }) => {
    asked++;
    if (to.ip === '10.96.0.10') return { to: { ip: backend, port: 5353 } };
    if (to.port === 30053) return { to: { ip: backend, port: 5353 }, masquerade: true };
    return to.ip === '10.96.0.11' ? 'reject' : 'accept';
  });
  const echo = (namespace: NetworkNamespace, name: string): void => {
    const socket = namespace.bind(5353, ({ from, bytes }) => {
      socket.send(from, Buffer.from(`${name} ${Buffer.from(bytes)} ${from.ip}`));
    });
  };
  echo(b, 'b');
  echo(c, 'c');
  const heard: string[] = [];
  const take = ({ from, bytes }: Datagram): void => void heard.push(`${from.ip}:${from.port} ${Buffer.from(bytes)}`);
  const unreachable: Address[] = [];
  const socket = a.bind(0, take, { onUnreachable: (to) => void unreachable.push(to) });
  const say = async (ip: string, port: number, from = socket): Promise<string> => {
    from.send({ ip, port }, Buffer.from('hi'));
    await settle();
    return heard.splice(0).join();
  };
  t.equal(await say('10.96.0.10', 53), '10.96.0.10:53 b hi 10.244.0.2');
  backend = '10.244.1.3';
  t.equal(await say('10.96.0.10', 53), '10.96.0.10:53 b hi 10.244.0.2', 'the flow stays');
  t.equal(asked, 1);
  network.forgetFlows((was, taken) => was.ip === '10.96.0.10' && taken.ip === '10.244.1.2');
  t.equal(await say('10.96.0.10', 53), '10.96.0.10:53 c hi 10.244.0.2', 'until it is forgotten');
  backend = '10.244.1.2';
  clock.advance(121_000);
  t.equal(await say('10.96.0.10', 53), '10.96.0.10:53 b hi 10.244.0.2', 'or idle for long');
  b.close();
  backend = '10.244.1.3';
  t.equal(await say('10.96.0.10', 53), '10.96.0.10:53 c hi 10.244.0.2', 'or nobody is there');
  const onNode = node1.bind(0, take);
  t.equal(await say('172.18.0.2', 30053), '172.18.0.2:30053 c hi 172.18.0.2', 'masqueraded');
  t.equal(await say('127.0.0.1', 30053, onNode), '127.0.0.1:30053 c hi 172.18.0.2');
  t.equal(await say('10.244.1.3', 9), '');
  t.equal(await say('10.96.0.11', 53), '');
  t.same(unreachable, [
    { ip: '10.244.1.3', port: 9 },
    { ip: '10.96.0.11', port: 53 },
  ]);
  network.setFilter({ allows: ({ from }) => from.ip === '10.244.0.2' });
  t.match(await say('10.244.1.3', 5353), 'c hi', 'an answer passes where a question would not');
  t.throws(() => c.bind(5353, take), { code: 'EADDRINUSE' });
});

test('a table of flows is bounded', async (t) => {
  let now = 0;
  const flows = new FlowTable<string>(() => now);
  const add = (port: number) =>
    flows.add({
      from: { ip: 'a', port },
      asked: { ip: 'b', port: 1 },
      seen: { ip: 'a', port },
      taken: { ip: 'c', port: 1 },
      source: '',
      target: '',
    });
  for (let port = 0; port < 20_000; port++) add(port);
  t.equal(flows.size, 16_384);
  t.equal(flows.of({ ip: 'a', port: 0 }, { ip: 'b', port: 1 }), undefined, 'the oldest has gone');
  now = 200_000;
  add(50_000);
  t.equal(flows.size, 1, 'so have those that were idle');
});

test('ephemeral ports are used again, and end', async (t) => {
  const { a, b } = cluster();
  b.listen(1, ({ stream }) => stream.resume());
  const open: Connection[] = [];
  const failed = await (async () => {
    for (;;) {
      try {
        open.push(await a.connect({ ip: '10.244.1.2', port: 1 }));
      } catch (error) {
        return error as { code: string };
      }
    }
  })();
  t.equal(failed.code, 'EADDRNOTAVAIL');
  t.equal(open.length, 60_999 - 32_768 + 1);
  open[7]?.stream.destroy();
  await settle();
  t.equal((await a.connect({ ip: '10.244.1.2', port: 1 })).flow.from.port, open[7]?.flow.from.port);
});

test('ten thousand idle namespaces cost little', async (t) => {
  const network = createNetwork({ hostIp: '172.18.255.254' });
  const before = process.memoryUsage().heapUsed;
  const all = Array.from({ length: 10_000 }, (_, i) =>
    network.open({ node: `n${i % 100}`, ips: [`10.${244 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`] }),
  );
  const each = (process.memoryUsage().heapUsed - before) / all.length;
  t.comment(`${each.toFixed(0)} bytes each`);
  t.ok(each < 2000);
});
