import { test } from 'tap';
import { MemoryTree } from '../files/memory-tree.ts';
import { createNetwork } from '../network/create-network.ts';
import {
  candidateNames,
  LookupError,
  type LookupPlace,
  lookup,
  readResolverConfiguration,
} from '../network/resolve.ts';
import { createClusterZone, type ZoneOptions } from './cluster-zone.ts';
import { createOutside } from './outside.ts';
import type { DnsReply, DnsSource, EndpointSlice, Service } from './records.ts';
import { createResolver, type Resolver } from './resolver.ts';
import { serveDns } from './serve.ts';

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
const random = { next: () => Math.random(), uuid: () => '' };

function service(name: string, spec: Service['spec']): Service {
  return { metadata: { name, namespace: 'shop' }, spec: spec ?? {} };
}

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

function slice(name: string, endpoints: Endpoint[], ports: EndpointSlice['ports'] = [{ name: 'http', port: 80 }]) {
  const labels = { 'kubernetes.io/service-name': name };
  return { metadata: { name: `${name}-1`, namespace: 'shop', labels }, addressType: 'IPv4', endpoints, ports };
}

const tcp = { name: 'http', port: 80, protocol: 'TCP' };
const services = [
  service('web', {
    clusterIP: '10.96.7.1',
    clusterIPs: ['10.96.7.1', 'fd00::71'],
    ports: [tcp, { name: 'dns', port: 53, protocol: 'UDP' }],
  }),
  service('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [tcp] }),
  service('idle', { clusterIP: 'None', clusterIPs: ['None'], ports: [tcp] }),
  service('portless', { clusterIP: 'None', clusterIPs: ['None'] }),
  service('alias', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
  service('double', { type: 'ExternalName', externalName: 'alias.shop.svc.cluster.local.' }),
  service('away', { type: 'ExternalName', externalName: 'foo.example.com' }),
  service('circle', { type: 'ExternalName', externalName: 'circle.shop.svc.cluster.local' }),
  {
    metadata: { name: 'kube-dns', namespace: 'kube-system' },
    spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ port: 53 }] },
  },
] as Service[];
const slices = [
  slice('web', [{ addresses: ['10.244.0.5'] }]),
  slice('db', [
    { addresses: ['10.244.0.7'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.1.9'] },
    { addresses: ['10.244.1.10'], conditions: { ready: false } },
  ]),
  slice('idle', [{ addresses: ['10.244.1.11'], conditions: { ready: false } }]),
  slice('portless', [{ addresses: ['10.244.1.12'], hostname: 'busybox-1' }], []),
] as EndpointSlice[];

const source: DnsSource = {
  serial: 7,
  hasNamespace: (name) => ['shop', 'empty', 'kube-system'].includes(name),
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  slicesOf: (_namespace, name) =>
    slices.filter((each) => each.metadata?.labels?.['kubernetes.io/service-name'] === name),
  serviceAt: (ip) => services.find(({ spec }) => spec?.clusterIPs?.includes(ip)),
  slicesAt: (ip) => slices.filter(({ endpoints }) => endpoints?.some(({ addresses }) => addresses?.includes(ip))),
  hasPod: (namespace, ip) => namespace === 'shop' && ip === '10.244.0.5',
};

function resolverWith(options: Partial<ZoneOptions> = {}): Resolver {
  const zone = createClusterZone(source, { domain: 'cluster.local', ttl: 30, pods: 'insecure', ...options });
  return createResolver(zone, createOutside({ hosts: new Map([['foo.example.com', ['192.0.2.7']]]) }));
}

function brief({ code, answers }: DnsReply): string {
  const texts = answers.map(({ name, type, data }) => {
    const text =
      typeof data === 'string'
        ? data
        : 'target' in data
          ? `${data.priority} ${data.weight} ${data.port} ${data.target}`
          : data.mname;
    return `${name.replace('.shop.svc.cluster.local', '')} ${type} ${text.replace('.shop.svc.cluster.local', '')}`;
  });
  return answers.length === 0 ? code : texts.join(', ');
}

test('names of the cluster have the records of the specification', async (t) => {
  const resolve = resolverWith();
  const svc = 'shop.svc.cluster.local';
  const table: [string, string, string][] = [
    [`web.${svc}`, 'A', 'web A 10.96.7.1'],
    [`WEB.Shop.svc.cluster.local`, 'A', 'WEB.Shop.svc.cluster.local A 10.96.7.1'],
    [`web.${svc}`, 'AAAA', 'web AAAA fd00::71'],
    [`web.${svc}`, 'MX', 'NOERROR'],
    [`nothing.${svc}`, 'A', 'NXDOMAIN'],
    [`nothing.${svc}`, 'MX', 'NXDOMAIN'],
    ['web.elsewhere.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['elsewhere.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['empty.svc.cluster.local', 'A', 'NOERROR'],
    ['svc.cluster.local', 'A', 'NOERROR'],
    ['cluster.local', 'A', 'NOERROR'],
    ['other.cluster.local', 'A', 'NXDOMAIN'],
    [`a.b.c.web.${svc}`, 'A', 'NXDOMAIN'],
    [`_http._tcp.web.${svc}`, 'SRV', '_http._tcp.web SRV 0 50 80 web'],
    [`_dns._udp.web.${svc}`, 'SRV', '_dns._udp.web SRV 0 50 53 web'],
    [`_http._udp.web.${svc}`, 'SRV', 'NXDOMAIN'],
    [`_http._tcp.web.${svc}`, 'A', '_http._tcp.web A 10.96.7.1'],
    [`db.${svc}`, 'A', 'db A 10.244.0.7, db A 10.244.1.9'],
    [`db.${svc}`, 'AAAA', 'NOERROR'],
    [`db-0.db.${svc}`, 'A', 'db-0.db A 10.244.0.7'],
    [`10-244-1-9.db.${svc}`, 'A', '10-244-1-9.db A 10.244.1.9'],
    [`10-244-1-10.db.${svc}`, 'A', 'NXDOMAIN'],
    [`_http._tcp.db.${svc}`, 'SRV', '_http._tcp.db SRV 0 50 80 db-0.db, _http._tcp.db SRV 0 50 80 10-244-1-9.db'],
    [`idle.${svc}`, 'A', 'NXDOMAIN'],
    [`busybox-1.portless.${svc}`, 'A', 'busybox-1.portless A 10.244.1.12'],
    [`portless.${svc}`, 'SRV', 'NOERROR'],
    [`alias.${svc}`, 'CNAME', 'alias CNAME web'],
    [`alias.${svc}`, 'A', 'alias CNAME web, web A 10.96.7.1'],
    [`double.${svc}`, 'A', 'double CNAME alias, alias CNAME web, web A 10.96.7.1'],
    [`away.${svc}`, 'A', 'away CNAME foo.example.com, foo.example.com A 192.0.2.7'],
    [`away.${svc}`, 'AAAA', 'away CNAME foo.example.com'],
    [`circle.${svc}`, 'A', 'NOERROR'],
    [`10-244-9-9.shop.pod.cluster.local`, 'A', '10-244-9-9.shop.pod.cluster.local A 10.244.9.9'],
    [`fd00--9.shop.pod.cluster.local`, 'AAAA', 'fd00--9.shop.pod.cluster.local AAAA fd00::9'],
    [`x-y.shop.pod.cluster.local`, 'A', 'NXDOMAIN'],
    [`10-244-9-9.elsewhere.pod.cluster.local`, 'A', 'NXDOMAIN'],
    ['1.7.96.10.in-addr.arpa', 'PTR', '1.7.96.10.in-addr.arpa PTR web'],
    ['7.0.244.10.in-addr.arpa', 'PTR', '7.0.244.10.in-addr.arpa PTR db-0.db'],
    ['10.1.244.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
    [`1.7.0.0.${'0.'.repeat(24)}0.0.d.f.ip6.arpa`, 'PTR', `1.7.0.0.${'0.'.repeat(24)}0.0.d.f.ip6.arpa PTR web`],
    ['dns-version.cluster.local', 'TXT', 'dns-version.cluster.local TXT 1.1.0'],
    ['cluster.local', 'SOA', 'cluster.local SOA ns.dns.cluster.local'],
    ['cluster.local', 'NS', 'cluster.local NS ns.dns.cluster.local'],
    ['ns.dns.cluster.local', 'A', 'ns.dns.cluster.local A 10.96.0.10'],
    ['foo.example.com', 'A', 'foo.example.com A 192.0.2.7'],
    ['foo.example.com', 'AAAA', 'NOERROR'],
    ['bar.example.com', 'A', 'NXDOMAIN'],
    ['7.2.0.192.in-addr.arpa', 'PTR', '7.2.0.192.in-addr.arpa PTR foo.example.com'],
  ];
  for (const [name, type, expected] of table)
    t.equal(brief(await resolve({ name, type })), expected, `${name} ${type}`);
});

test('an answer says what a client needs to know beside it', async (t) => {
  const resolve = resolverWith();
  const missing = await resolve({ name: 'no.shop.svc.cluster.local', type: 'A' });
  t.match(missing.authorities, [{ type: 'SOA', name: 'cluster.local', data: { minimum: 30, serial: 7 } }]);
  const srv = await resolve({ name: '_http._tcp.db.shop.svc.cluster.local', type: 'SRV' });
  t.same(
    srv.additionals.map(({ name, data }) => [name, data]),
    [
      ['db-0.db.shop.svc.cluster.local', '10.244.0.7'],
      ['10-244-1-9.db.shop.svc.cluster.local', '10.244.1.9'],
    ],
  );
});

test('pods have names as the option says', async (t) => {
  const verified = resolverWith({ pods: 'verified' });
  t.equal((await verified({ name: '10-244-0-5.shop.pod.cluster.local', type: 'A' })).code, 'NOERROR');
  t.equal((await verified({ name: '10-244-9-9.shop.pod.cluster.local', type: 'A' })).code, 'NXDOMAIN');
  const disabled = resolverWith({ pods: 'disabled' });
  t.equal((await disabled({ name: '10-244-0-5.shop.pod.cluster.local', type: 'A' })).code, 'NXDOMAIN');
});

test('the domain of a cluster may be another', async (t) => {
  const resolve = resolverWith({ domain: 'corp.example' });
  t.equal((await resolve({ name: 'web.shop.svc.corp.example', type: 'A' })).code, 'NOERROR');
  t.equal((await resolve({ name: 'web.shop.svc.cluster.local', type: 'A' })).code, 'NXDOMAIN');
});

function placeWith(resolve: Resolver, conf: string, hosts = ''): LookupPlace {
  const network = createNetwork({ hostIp: '172.18.255.254' });
  serveDns(network.open({ node: '', ips: ['10.96.0.10'] }), resolve);
  const files = new MemoryTree({ now: () => 0 });
  files.write('/etc/resolv.conf', conf);
  files.write('/etc/hosts', hosts);
  const killed = new AbortController().signal;
  return { files, network: network.open({ node: 'node-0', ips: ['10.244.0.20'] }), clock, random, killed };
}

const podConf =
  'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';

test('programs find names as the C library does', async (t) => {
  const place = placeWith(resolverWith(), podConf, '127.0.0.1\tlocalhost\n10.1.1.1\tother other.example # x\n');
  t.same(await lookup('web', place), ['10.96.7.1', 'fd00::71'], 'by the search list');
  t.same(await lookup('web.shop', place, { family: 4 }), ['10.96.7.1']);
  t.same(await lookup('web.shop.svc.cluster.local.', place, { family: 6 }), ['fd00::71']);
  t.same(await lookup('OTHER.example', place), ['10.1.1.1'], 'by the file');
  t.same(await lookup('10.2.3.4', place), ['10.2.3.4']);
  t.same(await lookup('foo.example.com', place), ['192.0.2.7']);
  await t.rejects(lookup('nowhere', place), { code: 'ENOTFOUND' });
});

test('a server that fails or is not there is told from a name that is not there', async (t) => {
  const failing = placeWith(async () => {
    throw new Error('broken');
  }, podConf);
  await t.rejects(lookup('web', failing), { code: 'EAI_AGAIN' });
  const conf = 'nameserver 10.96.0.99\noptions timeout:1 attempts:1\n';
  const silent = placeWith(resolverWith(), conf);
  const rejection = await lookup('web.shop', silent).catch((error: unknown) => error);
  t.ok(rejection instanceof LookupError && rejection.code === 'EAI_AGAIN');
});

test('long answers come over TCP', async (t) => {
  const many = Array.from({ length: 300 }, (_, index) => `10.1.${Math.floor(index / 250)}.${index % 250}`);
  const place = placeWith(createOutside({ hosts: new Map([['many.example', many]]) }), podConf);
  t.same(await lookup('many.example.', place, { family: 4 }), many);
});

test('resolv.conf is read with its defaults and its limits', (t) => {
  const files = new MemoryTree({ now: () => 0 });
  t.same(readResolverConfiguration(files), {
    nameservers: ['127.0.0.1'],
    search: [],
    ndots: 1,
    timeoutMs: 5000,
    attempts: 2,
  });
  files.write(
    '/etc/resolv.conf',
    '# x\nnameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\nsearch a b\noptions ndots:2 timeout:1\n',
  );
  const read = readResolverConfiguration(files);
  t.same(read.nameservers, ['1.1.1.1', '2.2.2.2', '3.3.3.3']);
  t.same(candidateNames('x.y', read), ['x.y.a', 'x.y.b', 'x.y']);
  t.same(candidateNames('x.y.z', read), ['x.y.z', 'x.y.z.a', 'x.y.z.b']);
  t.same(candidateNames('x.', read), ['x']);
  t.end();
});
