import { test } from 'tap';
import { openTestCluster } from '../controllers/test-cluster.ts';
import { createNetwork } from '../network/create-network.ts';
import { askServer } from '../network/resolve.ts';
import { dnsAddress, kubeDnsDefinition } from './kube-dns.ts';
import type { EndpointSlice, Service } from './records.ts';

function started(t: { teardown(end: () => void): void }, { selector }: { selector?: Record<string, string> } = {}) {
  const cluster = openTestCluster();
  cluster.put('namespaces', { metadata: { name: 'shop' } });
  const metadata = { name: 'web', namespace: 'shop' };
  cluster.put('services', {
    metadata,
    spec: { clusterIP: '10.96.7.1', clusterIPs: ['10.96.7.1'], ports: [{ port: 80 }] },
  });
  if (selector !== undefined)
    cluster.put('services', { metadata: { name: 'kube-dns', namespace: 'kube-system' }, spec: { selector } });
  const network = createNetwork({ hostIp: '172.18.255.254' });
  const stop = new AbortController();
  t.teardown(() => {
    stop.abort();
    cluster.close();
  });
  kubeDnsDefinition({ network, address: '172.18.255.253' }).start(cluster.context, stop.signal);
  return { cluster, network };
}

test('kube-dns is there, with the address that pods are told, and comes back', async (t) => {
  const { cluster } = started(t);
  await cluster.pass(0);
  t.match(cluster.get<Service>('services', 'kube-system/kube-dns')?.spec, { clusterIP: '10.96.0.10' });
  t.match(cluster.get<EndpointSlice>('endpointslices', 'kube-system/kube-dns'), {
    metadata: { labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    endpoints: [{ addresses: ['172.18.255.253'] }],
  });
  await cluster.context.client.delete({ group: '', version: 'v1', resource: 'services' }, 'kube-system', 'kube-dns');
  await cluster.pass(1000);
  t.ok(cluster.get('services', 'kube-system/kube-dns'), 'made again');
  t.same(cluster.errors, []);
});

test("a kube-dns that selects pods is somebody else's", async (t) => {
  const { cluster } = started(t, { selector: { 'k8s-app': 'kube-dns' } });
  await cluster.pass(0);
  t.equal(cluster.get('endpointslices', 'kube-system/kube-dns'), undefined);
});

test('names are answered at both addresses, in the words of UDP and TCP', async (t) => {
  const { cluster, network } = started(t);
  await cluster.pass(0);
  const client = network.open({ node: 'node-0', ips: ['10.244.0.9'] });
  const killed = new AbortController().signal;
  const after = (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  };
  const place = {
    network: client,
    clock: { now: () => 0, after },
    random: { next: () => 0.5, uuid: () => '' },
    killed,
  };
  for (const ip of ['10.96.0.10', '172.18.255.253'])
    for (const useTcp of [false, true]) {
      const question = { name: 'web.shop.svc.cluster.local', type: 'A' };
      const { answers } = await askServer({ ip }, question, place, { useTcp });
      t.match(answers, [{ data: '10.96.7.1', ttl: 30 }]);
    }
  t.match(await askServer({ ip: '10.96.0.10' }, { name: '1.7.96.10.in-addr.arpa', type: 'PTR' }, place), {
    answers: [{ data: 'web.shop.svc.cluster.local' }],
  });
});

test('the server of names has the tenth address of the range', (t) => {
  t.equal(dnsAddress('10.96.0.0/16'), '10.96.0.10');
  t.equal(dnsAddress('fd00:10::/108,10.0.0.0/8'), 'fd00:10::a');
  t.end();
});
