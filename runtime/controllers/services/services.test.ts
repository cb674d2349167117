import { test } from 'tap';
import { routeChanges } from '../cloud/node-route.ts';
import { Subnets } from '../node-ipam/subnets.ts';
import { stepFor } from '../ttl.ts';
import type { Service } from './kinds.ts';
import { localLoadBalancers } from './local-load-balancers.ts';
import { canGo } from './service-cidr.ts';

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
