import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'tap';
import { createNetwork } from '../network/create-network.ts';
import type { Flow, Verdict } from '../network/network.ts';
import { endpointChain, portChains } from './chain-names.ts';
import type { EndpointSlice } from './endpoints.ts';
import { createPages } from './pages.ts';
import { ProxyNodes } from './proxy-nodes.ts';
import type { Service } from './service-port.ts';
import { ServiceTable } from './service-table.ts';
import { createServiceTranslation, type ProxyMode, staleDatagrams } from './translation.ts';

type Spec = NonNullable<Service['spec']>;
type EndpointFields = NonNullable<EndpointSlice['endpoints']>[number];

/** The same numbers in the same order. */
function seeded(seed = 1): { next(): number } {
  let state = seed;
  return {
    next: () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    },
  };
}

function proxy(mode: ProxyMode = 'iptables') {
  const table = new ServiceTable();
  const nodes = new ProxyNodes({ podRanges: ['10.244.0.0/16', 'fd10:244::/48'], addressesOf: () => [] });
  for (const [index, name] of ['n1', 'n2', 'n3'].entries())
    nodes.set({
      metadata: { name, labels: { 'topology.kubernetes.io/zone': index < 2 ? 'east' : 'west' } },
      status: {
        addresses: [
          { type: 'InternalIP', address: `172.18.0.${index + 2}` },
          { type: 'InternalIP', address: `fd18::${index + 2}` },
        ],
      },
    });
  const time = { ms: 0 };
  const translation = createServiceTranslation({ table, nodes, mode, random: seeded(), now: () => time.ms });
  const service = (name: string, spec: Partial<Spec>, ingress: string[] = []): void => {
    const ports = [{ name: 'http', port: 80, protocol: 'TCP', nodePort: spec.type === undefined ? 0 : 30_080 }];
    table.setService({
      metadata: { namespace: 'ns', name },
      spec: { ports, ...spec },
      status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
    } as Service);
  };
  const slice = (
    name: string,
    endpoints: EndpointFields[],
    { port = 8080, portName = 'http', protocol = 'TCP', addressType = 'IPv4', id = '1' } = {},
  ): EndpointSlice => {
    const made = {
      metadata: { namespace: 'ns', name: `${name}-${id}`, labels: { 'kubernetes.io/service-name': name } },
      addressType,
      endpoints,
      ports: [{ name: portName, port, protocol }],
    };
    table.setSlice(made as EndpointSlice);
    return made as EndpointSlice;
  };
  /** Where `from` gets at `to` at a node, asked so often; `!` marks masquerading. */
  const where = (from: string, to: string, node: string, times = 64): string => {
    const cut = to.lastIndexOf(':');
    const found = new Set<string>();
    for (let i = 0; i < times; i++) {
      const flow: Flow = {
        protocol: 'TCP',
        from: { ip: from, port: 40_000 },
        to: { ip: to.slice(0, cut).replace(/[[\]]/g, ''), port: Number(to.slice(cut + 1)) },
      };
      found.add(verdictText(translation.verdict(flow, node)));
    }
    return [...found].sort().join(' ');
  };
  return { table, nodes, translation, time, service, slice, where };
}

function verdictText(verdict: Verdict): string {
  if (typeof verdict === 'string') return verdict;
  const { to, masquerade } = verdict;
  return `${to.ip}:${to.port}${masquerade === true ? '!' : ''}`;
}

const at = (ip: string, nodeName: string, more: Partial<EndpointFields> = {}): EndpointFields => ({
  addresses: [ip],
  nodeName,
  ...more,
});
const three = [at('10.244.0.2', 'n1'), at('10.244.1.2', 'n2'), at('10.244.2.2', 'n3')];
const all = '10.244.0.2:8080 10.244.1.2:8080 10.244.2.2:8080';
const pod = '10.244.0.9';
const outsider = '203.0.113.7';

test('names of chains are those of kube-proxy', async (t) => {
  t.equal(portChains('ns1/svc1:p80', 'TCP').cluster, 'KUBE-SVC-XPGD46QRK7WJZT7O');
  t.equal(portChains('ns5/svc5:p80', 'TCP').firewall, 'KUBE-FW-NUKIZ6OKUXPJNT4C');
  t.equal(portChains('default/kubernetes:https', 'TCP').cluster, 'KUBE-SVC-NPX46M4PTMTKRN6Y');
  t.equal(endpointChain('ns1/svc1:p80', 'TCP', '10.180.0.1:80'), 'KUBE-SEP-SXIVWICOYRO3J4NJ');
});

test('traffic goes to endpoints as the Service, its policies and the place say', async (t) => {
  const { service, slice, where } = proxy();
  service('plain', { clusterIP: '10.96.0.1' });
  slice('plain', three);
  service('node', { clusterIP: '10.96.0.2', type: 'NodePort', externalIPs: ['198.51.100.1'] });
  slice('node', three);
  service('empty', { clusterIP: '10.96.0.3', type: 'NodePort', ports: [{ port: 80, nodePort: 30_081 }] });
  service('local', { clusterIP: '10.96.0.4', internalTrafficPolicy: 'Local' });
  slice('local', [at('10.244.0.2', 'n1'), at('10.244.0.3', 'n1')]);
  const balanced = { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, nodePort: 30_082 }] };
  service('balanced', { ...balanced, clusterIP: '10.96.0.5', externalTrafficPolicy: 'Local' }, ['192.0.2.5']);
  slice('balanced', three.slice(0, 2));
  service(
    'ranged',
    {
      type: 'LoadBalancer',
      ports: [{ name: 'http', port: 80, nodePort: 30_083 }],
      clusterIP: '10.96.0.6',
      loadBalancerSourceRanges: ['203.0.113.0/24 '],
    },
    ['192.0.2.6'],
  );
  slice('ranged', three.slice(0, 1));
  service('headless', { clusterIP: 'None' });
  slice('headless', three);
  service('named', { type: 'ExternalName', externalName: 'example.com' });
  service('proxied', { ...balanced, clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, nodePort: 30_084 }] });
  const cases: readonly (readonly [from: string, to: string, node: string, expected: string])[] = [
    // Cluster addresses.
    [pod, '10.96.0.1:80', 'n1', all],
    [pod, '10.96.0.1:81', 'n1', 'accept'],
    [pod, '10.96.0.99:80', 'n1', 'accept'],
    ['10.244.0.2', '10.96.0.1:80', 'n1', '10.244.0.2:8080! 10.244.1.2:8080 10.244.2.2:8080'],
    ['172.18.0.2', '10.96.0.1:80', 'n1', all.replaceAll('8080', '8080!')],
    // Node ports, of whichever node, and external addresses.
    [pod, '172.18.0.2:30080', 'n1', all.replaceAll('8080', '8080!')],
    [pod, '172.18.0.3:30080', 'n1', 'accept'],
    [outsider, '172.18.0.3:30080', 'n2', all.replaceAll('8080', '8080!')],
    ['127.0.0.1', '127.0.0.1:30080', 'n1', all.replaceAll('8080', '8080!')],
    ['::1', '[::1]:30080', 'n1', 'accept'],
    [outsider, '198.51.100.1:80', 'n1', all.replaceAll('8080', '8080!')],
    [outsider, '10.96.0.2:30080', 'n1', 'accept'],
    // Nobody there.
    [pod, '10.96.0.3:80', 'n1', 'reject'],
    ['172.18.0.2', '10.96.0.3:80', 'n1', 'reject'],
    [pod, '172.18.0.2:30081', 'n1', 'reject'],
    ['127.0.0.1', '127.0.0.1:30081', 'n1', 'reject'],
    // Internal policy Local: only endpoints of the node.
    [pod, '10.96.0.4:80', 'n1', '10.244.0.2:8080 10.244.0.3:8080'],
    [pod, '10.96.0.4:80', 'n2', 'drop'],
    // External policy Local: from outside the node's own, with the client's address; from inside any.
    [outsider, '172.18.0.2:30082', 'n1', '10.244.0.2:8080'],
    [outsider, '172.18.0.4:30082', 'n3', 'drop'],
    [outsider, '192.0.2.5:80', 'n2', '10.244.1.2:8080'],
    [outsider, '192.0.2.5:80', 'n3', 'drop'],
    [pod, '192.0.2.5:80', 'n3', '10.244.0.2:8080 10.244.1.2:8080'],
    ['172.18.0.4', '192.0.2.5:80', 'n3', '10.244.0.2:8080! 10.244.1.2:8080!'],
    [pod, '10.96.0.5:80', 'n3', '10.244.0.2:8080 10.244.1.2:8080'],
    // Source ranges hold at the balancer's address, not at node ports.
    [outsider, '192.0.2.6:80', 'n1', '10.244.0.2:8080!'],
    ['198.51.100.9', '192.0.2.6:80', 'n1', 'drop'],
    [pod, '192.0.2.6:80', 'n1', 'drop'],
    ['198.51.100.9', '172.18.0.2:30083', 'n1', '10.244.0.2:8080!'],
    [pod, 'None:80', 'n1', 'accept'],
    [pod, '10.96.0.7:80', 'n1', 'reject'],
  ];
  for (const [from, to, node, expected] of cases)
    t.equal(where(from, to, node), expected, `${from} to ${to} at ${node}`);
});

test('endpoints that are not ready are left out, unless there are none but those that end and still serve', async (t) => {
  const { service, slice, where } = proxy();
  const cluster = { clusterIP: '10.96.0.1' };
  service('web', cluster);
  const ready = { conditions: { ready: true, serving: true, terminating: false } };
  const unready = { conditions: { ready: false, serving: false, terminating: false } };
  const ending = { conditions: { ready: false, serving: true, terminating: true } };
  const ended = { conditions: { ready: false, serving: false, terminating: true } };
  const cases: readonly (readonly [endpoints: EndpointFields[], node: string, expected: string])[] = [
    [
      [at('10.244.0.2', 'n1', ready), at('10.244.0.3', 'n1', unready), at('10.244.0.4', 'n1', ending)],
      'n1',
      '10.244.0.2:8080',
    ],
    [
      [at('10.244.0.3', 'n1', unready), at('10.244.0.4', 'n1', ending), at('10.244.0.5', 'n1', ended)],
      'n1',
      '10.244.0.4:8080',
    ],
    [[at('10.244.0.3', 'n1', unready), at('10.244.0.5', 'n1', ended)], 'n1', 'reject'],
    // No conditions mean ready.
    [[at('10.244.0.6', 'n1')], 'n1', '10.244.0.6:8080'],
    // An address that is used anew.
    [[at('10.244.0.7', 'n1', ready), at('10.244.0.7', 'n1', ended)], 'n1', '10.244.0.7:8080'],
    [[at('10.244.0.7', 'n1', ended), at('10.244.0.7', 'n1', ready)], 'n1', '10.244.0.7:8080'],
  ];
  for (const [endpoints, node, expected] of cases) {
    slice('web', endpoints);
    t.equal(where(pod, '10.96.0.1:80', node), expected);
  }
  service('web', { ...cluster, internalTrafficPolicy: 'Local' });
  slice('web', [at('10.244.0.4', 'n1', ending), at('10.244.1.2', 'n2', ready)]);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.0.4:8080', 'Local falls back on its own');
  t.equal(where(pod, '10.96.0.1:80', 'n2'), '10.244.1.2:8080');
});

test('hints keep traffic in the zone or on the node, when all endpoints have them and one is meant', async (t) => {
  const { service, slice, where } = proxy();
  service('web', { clusterIP: '10.96.0.1' });
  const zone = (name: string) => ({ hints: { forZones: [{ name }] } });
  const near = (name: string, node: string) => ({ hints: { forZones: [{ name }], forNodes: [{ name: node }] } });
  slice('web', [
    at('10.244.0.2', 'n1', zone('east')),
    at('10.244.1.2', 'n2', zone('east')),
    at('10.244.2.2', 'n3', zone('west')),
  ]);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.0.2:8080 10.244.1.2:8080');
  t.equal(where(pod, '10.96.0.1:80', 'n3'), '10.244.2.2:8080');
  slice('web', [at('10.244.0.2', 'n1', near('east', 'n1')), at('10.244.1.2', 'n2', near('east', 'n2'))]);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.0.2:8080', 'the node before the zone');
  t.equal(where(pod, '10.96.0.1:80', 'n3'), '10.244.0.2:8080 10.244.1.2:8080', 'none for that zone');
  slice('web', [at('10.244.0.2', 'n1', zone('east')), at('10.244.2.2', 'n3')]);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.0.2:8080 10.244.2.2:8080', 'one has none');
});

test('a Service with several ports, families, protocols and slices leads each to its own', async (t) => {
  const { service, slice, where, table, translation } = proxy();
  service('multi', {
    clusterIP: '10.96.0.1',
    clusterIPs: ['10.96.0.1', 'fd96::1'],
    ipFamilies: ['IPv4', 'IPv6'],
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  } as Partial<Spec>);
  const other = slice('multi', [at('10.244.0.2', 'n1')]);
  slice('multi', [at('10.244.1.2', 'n2')], { id: '2', port: 9090 });
  slice('multi', [at('fd10:244:0:0::2', 'n1')], { id: '3', addressType: 'IPv6' });
  slice('multi', [at('10.244.0.2', 'n1')], { id: '4', portName: 'dns', port: 5353, protocol: 'UDP' });
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.0.2:8080 10.244.1.2:9090');
  t.equal(where('fd10:244::9', '[fd96::1]:80', 'n1'), 'fd10:244::2:8080');
  t.equal(where(pod, '10.96.0.1:53', 'n1'), 'accept');
  const udp = { protocol: 'UDP', from: { ip: pod, port: 1 }, to: { ip: '10.96.0.1', port: 53 } } as const;
  t.equal(verdictText(translation.verdict(udp, 'n1')), '10.244.0.2:5353');
  const tracked = table.deleteSlice(other);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.1.2:9090');
  const isStale = staleDatagrams(tracked === undefined ? [] : [tracked]);
  t.equal(isStale({ ip: '10.96.0.1', port: 53 }, { ip: '10.244.0.99', port: 5353 }), true);
  t.equal(isStale({ ip: '10.96.0.1', port: 53 }, { ip: '10.244.0.2', port: 5353 }), false);
  t.equal(isStale({ ip: '10.96.0.1', port: 80 }, { ip: '10.244.0.99', port: 8080 }), false, 'connections stay');
  t.match(translation.save('n1', 6), /-A KUBE-SERVICES -d fd96::1\/128 -p tcp .*--dport 80 -j KUBE-SVC-/);
  t.match(translation.save('n1', 6), /! -d ::1\/128 .*-j KUBE-NODEPORTS/);
  const headless = slice('multi', [at('10.244.1.3', 'n2')], { id: '2', port: 9090 });
  const marked = { ...headless.metadata?.labels, 'service.kubernetes.io/headless': '' };
  table.deleteSlice(headless);
  table.setSlice({ ...headless, metadata: { ...headless.metadata, labels: marked } } as EndpointSlice);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), 'reject', 'slices that only tell names lead nowhere');
  slice('multi', [at('10.244.1.2', 'n2')], { id: '2', port: 9090 });
  const foreign = table.get('ns/multi')?.service as Service;
  const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
  table.setService({ ...foreign, metadata: { ...foreign.metadata, labels } });
  t.equal(where(pod, '10.96.0.1:80', 'n1'), 'accept', 'what another proxy serves is left to it');
  table.setService(foreign);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), '10.244.1.2:9090');
  table.deleteService('ns/multi');
  t.equal(where(pod, '10.96.0.1:80', 'n1'), 'accept');
});

test('a client with affinity comes back to its endpoint while it lasts', async (t) => {
  const { service, slice, where, time, translation } = proxy();
  const sticky = {
    clusterIP: '10.96.0.1',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
  };
  service('web', sticky);
  slice('web', three);
  const first = where(pod, '10.96.0.1:80', 'n1', 1);
  t.equal(where(pod, '10.96.0.1:80', 'n1'), first);
  t.equal(where('10.244.0.10', '10.96.0.1:80', 'n1').split(' ').length, 1, 'so does another');
  time.ms += 10_000;
  t.equal(where(pod, '10.96.0.1:80', 'n1'), first, 'each connection renews it');
  const others = new Set<string>();
  for (let i = 0; i < 64; i++) {
    time.ms += 10_001;
    others.add(where(pod, '10.96.0.1:80', 'n1', 1));
  }
  t.equal(others.size, 3, 'then it ends');
  slice(
    'web',
    three.filter(({ addresses }) => `${addresses?.[0]}:8080` !== where(pod, '10.96.0.1:80', 'n1', 1)),
  );
  t.equal(where(pod, '10.96.0.1:80', 'n1').split(' ').length, 1, 'or its endpoint goes');
  service('web', { clusterIP: '10.96.0.1' });
  translation.forgetAffinity();
  t.equal(where(pod, '10.96.0.1:80', 'n1').split(' ').length, 2);
});

test('endpoints are chosen fairly, or in turns', async (t) => {
  const counts = (mode: ProxyMode, times: number): number[] => {
    const { service, slice, where } = proxy(mode);
    service('web', { clusterIP: '10.96.0.1' });
    slice('web', three);
    const found = new Map<string, number>();
    for (let i = 0; i < times; i++) {
      const to = where(pod, '10.96.0.1:80', 'n1', 1);
      found.set(to, (found.get(to) ?? 0) + 1);
    }
    return [...found.values()];
  };
  const fair = counts('iptables', 9000);
  // Five standard deviations of a fair choice.
  const bound = 5 * Math.sqrt(9000 * (1 / 3) * (2 / 3));
  t.equal(fair.length, 3);
  t.ok(
    fair.every((count) => Math.abs(count - 3000) < bound),
    fair.join(),
  );
  t.same(counts('userspace', 9), [3, 3, 3]);
});

test('rules are printed as the tools print them', async (t) => {
  const { service, slice, translation } = proxy();
  service('web', { clusterIP: '10.96.0.1', type: 'NodePort' });
  slice('web', three);
  service('none', { clusterIP: '10.96.0.2' });
  const given = translation.restore('n1', 4);
  const { cluster, external } = portChains('ns/web:http', 'TCP');
  const chains = three.map(({ addresses }) => endpointChain('ns/web:http', 'TCP', `${addresses?.[0]}:8080`));
  for (const line of [
    '-A KUBE-SERVICES -m comment --comment "ns/none:http has no endpoints" -m tcp -p tcp -d 10.96.0.2 --dport 80 -j REJECT',
    `-A KUBE-SERVICES -m comment --comment "ns/web:http cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 -j ${cluster}`,
    `-A KUBE-NODEPORTS -m comment --comment ns/web:http -m tcp -p tcp --dport 30080 -j ${external}`,
    `-A ${cluster} -m comment --comment "ns/web:http cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ`,
    `-A ${cluster} -m comment --comment "ns/web:http -> 10.244.0.2:8080" -m statistic --mode random --probability 0.3333333333 -j ${chains[0]}`,
    `-A ${cluster} -m comment --comment "ns/web:http -> 10.244.1.2:8080" -m statistic --mode random --probability 0.5000000000 -j ${chains[1]}`,
    `-A ${cluster} -m comment --comment "ns/web:http -> 10.244.2.2:8080" -j ${chains[2]}`,
    `-A ${chains[0]} -m comment --comment ns/web:http -s 10.244.0.2 -j KUBE-MARK-MASQ`,
    `-A ${chains[0]} -m comment --comment ns/web:http -m tcp -p tcp -j DNAT --to-destination 10.244.0.2:8080`,
  ])
    t.ok(given.includes(`\n${line}\n`), line);
  const saved = translation.save('n1', 4);
  for (const line of [
    `-A ${cluster} -m comment --comment "ns/web:http -> 10.244.0.2:8080" -m statistic --mode random --probability 0.33333333349 -j ${chains[0]}`,
    `-A ${chains[0]} -s 10.244.0.2/32 -m comment --comment "ns/web:http" -j KUBE-MARK-MASQ`,
    `-A ${chains[0]} -p tcp -m comment --comment "ns/web:http" -m tcp -j DNAT --to-destination 10.244.0.2:8080`,
    '-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "ns/none:http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
    `:${cluster} - [0:0]`,
    '# Completed on Thu Jan  1 00:00:00 1970',
  ])
    t.ok(saved.includes(`\n${line}\n`), line);
  slice(
    'web',
    Array.from({ length: 1001 }, (_, i) => at(`10.244.${i >> 8}.${i & 255}`, 'n1')),
  );
  const large = translation.restore('n1', 4);
  t.notMatch(large, /-> 10\.244/, 'comments are left out where there are very many endpoints');
  t.match(large, /"ns\/web:http cluster IP"/);
});

test('a change to one Service leaves the rules of others as they are', async (t) => {
  const { service, slice, table, nodes } = proxy();
  for (const name of ['a', 'b']) {
    service(name, { clusterIP: `10.96.0.${name === 'a' ? 1 : 2}` });
    slice(name, three);
  }
  const view = nodes.of('n1', 4);
  const rulesOf = (name: string) => table.get(`ns/${name}`)?.ports[0]?.rulesFor(view);
  const [a, b] = [rulesOf('a'), rulesOf('b')];
  slice('a', three.slice(1));
  t.not(rulesOf('a'), a);
  t.equal(rulesOf('b'), b);
  service('b', { clusterIP: '10.96.0.2' });
  t.equal(rulesOf('b'), b, 'nor does an update that changes nothing');
});

test('proxies tell balancers of their health and that of Services', async (t) => {
  const { service, slice, table } = proxy();
  service(
    'web',
    { clusterIP: '10.96.0.1', type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 },
    ['192.0.2.1'],
  );
  slice('web', three);
  const network = createNetwork({ hostIp: '172.18.255.254' });
  network.node('n1', ['172.18.0.2']);
  network.node('n9', ['172.18.0.10']);
  const listenerAt = createPages({
    table,
    mode: 'iptables',
    now: () => 0,
    isEligible: (node) => node === 'n1',
    hasSynced: () => true,
  });
  network.setTranslation({ verdict: () => 'accept', listenerAt });
  const get = async (ip: string, port: number, path: string): Promise<string> => {
    const { stream } = await network.host.connect({ ip, port });
    return new Promise((resolve, reject) => {
      const req = request({ path, createConnection: () => stream as Duplex }, async (res) => {
        let text = '';
        for await (const chunk of res) text += String(chunk);
        resolve(
          `${res.statusCode} ${res.headers['x-load-balancing-endpoint-weight'] ?? ''} ${text.replace(/\s/g, '')}`,
        );
      });
      req.once('error', reject);
      req.end();
    });
  };
  const body = '{"service":{"namespace":"ns","name":"web"},"localEndpoints":';
  t.equal(await get('172.18.0.2', 31_000, '/'), `200 1 ${body}1,"serviceProxyHealthy":true}`);
  t.equal(await get('172.18.0.10', 31_000, '/'), `503 0 ${body}0,"serviceProxyHealthy":true}`);
  t.match(await get('172.18.0.2', 10_256, '/healthz'), /^200 .*"nodeEligible":true/);
  t.match(await get('172.18.0.10', 10_256, '/healthz'), /^503 .*"nodeEligible":false/);
  t.match(await get('172.18.0.10', 10_256, '/livez'), /^200 /);
  t.equal(await get('172.18.0.2', 10_249, '/proxyMode'), '200  iptables');
  await t.rejects(network.host.connect({ ip: '172.18.0.2', port: 31_001 }), { code: 'ECONNREFUSED' });
});
