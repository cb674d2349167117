import { test } from 'tap';
import { routeChanges } from '../cloud/node-route.ts';
import { Subnets } from '../node-ipam/subnets.ts';
import { openTestCluster } from '../test-cluster.ts';
import { stepFor } from '../ttl.ts';
import type { Service } from './kinds.ts';
import { localLoadBalancers } from './local-load-balancers.ts';
import { canGo } from './service-cidr.ts';
import { serviceLbController } from './service-lb-controller.ts';

test('a range of addresses stays as long as one of them is in no other', async (t) => {
  const cidr = (name: string, ...cidrs: string[]) => ({ metadata: { name }, spec: { cidrs } });
  const address = (name: string) => ({
    metadata: { name, labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
  });
  const own = cidr('own', '10.0.0.0/24');
  t.ok(canGo(own, [own], []));
  t.notOk(canGo(own, [own], [address('10.0.0.9')]));
  t.ok(canGo(own, [own], [address('10.0.1.9')]));
  t.ok(canGo(own, [own], [{ metadata: { name: '10.0.0.9' } }]), 'of somebody else');
  t.ok(canGo(own, [own, cidr('outer', '10.0.0.0/16')], [address('10.0.0.9')]));
  t.notOk(canGo(own, [own, cidr('inner', '10.0.0.0/28')], [address('10.0.0.99')]));
  t.ok(canGo(own, [own, cidr('inner', '10.0.0.0/28')], [address('10.0.0.9')]));
});

test('a load balancer has an address for each family that has a range, and keeps it', async (t) => {
  const service = (name: string, spec: object = {}, ip?: string): Service => ({
    metadata: { name, namespace: 'n' },
    spec,
    ...(ip === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip }] } } }),
  });
  const others = [service('old', {}, '127.96.0.1')];
  const cloud = localLoadBalancers(['127.96.0.0/30', 'fd00::/126'], () => others);
  const ips = async (each: Service): Promise<unknown> => (await cloud.ensure(each, [])).ingress?.map(({ ip }) => ip);
  t.strictSame(await ips(service('a')), ['127.96.0.2']);
  t.strictSame(await ips(service('a')), ['127.96.0.2']);
  t.strictSame(await ips(service('b', { ipFamilies: ['IPv6', 'IPv4'] })), ['fd00::1', '127.96.0.3']);
  t.strictSame(await ips(service('c', { loadBalancerIP: '192.0.2.7' })), ['192.0.2.7']);
  await t.rejects(ips(service('d')), /no IPv4 address is left/);
  await cloud.remove(service('a'));
  t.strictSame(await ips(service('d')), ['127.96.0.2']);
});

test('nodes have parts of a network that nobody else has', async (t) => {
  const subnets = new Subnets({ family: 4, base: 0x0a000000n, prefix: 22 }, 24);
  subnets.occupy('10.0.1.0/28');
  t.strictSame(
    [subnets.take(), subnets.take(), subnets.take(), subnets.take()],
    ['10.0.0.0/24', '10.0.2.0/24', '10.0.3.0/24', undefined],
  );
  subnets.release('10.0.2.0/24');
  t.equal(subnets.take(), '10.0.2.0/24');
  subnets.occupy('10.0.0.0/8');
  subnets.occupy('192.0.2.0/24');
  t.equal(subnets.take(), undefined);
});

test('the step of the TTL changes late in both directions', async (t) => {
  t.strictSame([stepFor(100, 0), stepFor(101, 0), stepFor(90, 1), stepFor(89, 1), stepFor(5000, 0)], [0, 1, 1, 0, 4]);
});

test('routes follow the networks of nodes', async (t) => {
  const route = (node: string, destinationCIDR: string) => ({ node, destinationCIDR });
  const [a, b, c] = [route('a', '10.0.0.0/24'), route('b', '10.0.1.0/24'), route('c', '10.0.2.0/24')];
  t.strictSame(routeChanges([a, b], [b, c]), { create: [a], remove: [c] });
});

test('a Service of type LoadBalancer has an address and a finalizer until it is deleted or is one no more', async (t) => {
  const cluster = openTestCluster();
  const stop = new AbortController();
  t.teardown(() => {
    stop.abort();
    cluster.close();
  });
  const service = (name: string, spec: object, metadata: object = {}): void =>
    cluster.put('services', {
      ...cluster.get<Service>('services', `n/${name}`),
      metadata: { ...cluster.get<Service>('services', `n/${name}`)?.metadata, namespace: 'n', name, ...metadata },
      spec,
    });
  const shown = (name: string): unknown[] => {
    const found = cluster.get<Service>('services', `n/${name}`);
    return [found?.status?.loadBalancer?.ingress?.map(({ ip }) => ip), found?.metadata?.finalizers ?? []];
  };
  service('a', { type: 'LoadBalancer', ipFamilies: ['IPv4'] });
  service('b', { type: 'LoadBalancer', ipFamilies: ['IPv4'] });
  service('other', { type: 'LoadBalancer', loadBalancerClass: 'example.com/own' });
  const running = serviceLbController.start(cluster.context, stop.signal);
  await cluster.pass(2000);
  const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
  t.same(
    [shown('a'), shown('b'), shown('other')],
    [
      [['127.96.0.1'], finalizers],
      [['127.96.0.2'], finalizers],
      [undefined, []],
    ],
  );
  service('a', { type: 'ClusterIP' });
  service('b', { type: 'LoadBalancer', ipFamilies: ['IPv4'] }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  await cluster.pass(2000);
  t.same(
    [shown('a'), shown('b')],
    [
      [undefined, []],
      [undefined, []],
    ],
  );
  t.same(
    new Set(cluster.events.map((event) => event.split(':')[0])),
    new Set([
      'EnsuringLoadBalancer',
      'UnAvailableLoadBalancer',
      'EnsuredLoadBalancer',
      'DeletingLoadBalancer',
      'DeletedLoadBalancer',
    ]),
  );
  t.same(cluster.errors, []);
  stop.abort();
  await running.ended;
});
