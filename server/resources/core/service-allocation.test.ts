import { test } from 'tap';
import type { KubeObject } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { StrategyDeps } from '../../registry/strategy.ts';
import { candidates, clusterIPRange } from './cluster-ip-range.ts';
import { allocateCreate, allocateUpdate, releaseService } from './service-allocation.ts';
import { repairServiceAddresses } from './service-repair.ts';
import { defaultService, type Service } from './service-traits.ts';

interface Cluster extends StrategyDeps {
  readonly objects: Map<string, KubeObject>;
}

/** A store whose writes take a turn of the event loop, as real ones do. */
function cluster(options: { readonly range?: string; readonly ports?: readonly [number, number] } = {}): Cluster {
  const { range = '10.96.0.0/16', ports = [30_000, 32_767] } = options;
  const objects = new Map<string, KubeObject>();
  const key = (resource: string, namespace: string, name = ''): string => `${resource}/${namespace}/${name}`;
  let seed = 1;
  return {
    objects,
    reader: {
      get: <T extends KubeObject>(...at: [string, string, string]) => objects.get(key(...at)) as T | undefined,
      list: <T extends KubeObject>(resource: string) =>
        [...objects].filter(([at]) => at.startsWith(`${resource}/`)).map(([, object]) => object as T),
    },
    writer: {
      async create(resource, namespace, object) {
        const at = key(resource, namespace, object.metadata?.name);
        if (objects.has(at)) throw new StatusError('AlreadyExists', 'exists');
        objects.set(at, object);
        await Promise.resolve();
        return object;
      },
      async update(_resource, _namespace, object) {
        return object;
      },
      async delete(resource, namespace, name) {
        objects.delete(key(resource, namespace, name));
      },
    },
    random: {
      next: () => {
        seed = (seed * 16_807) % 2_147_483_647;
        return seed / 2_147_483_647;
      },
    },
    serviceClusterIPRange: range,
    serviceNodePortRange: { first: ports[0], last: ports[1] },
  };
}

function service(name: string, spec: Service['spec'] = {}): Service {
  const object: Service = { metadata: { name, namespace: 'ns' }, spec: { ports: [{ port: 80 }], ...spec } };
  defaultService(object);
  return object;
}

const addresses = ({ objects }: Cluster): string[] =>
  [...objects.keys()].filter((key) => key.startsWith('ipaddresses'));

void test('addresses are taken from the upper band first, each once, and never the ends of the network', async (t) => {
  const range = clusterIPRange('10.0.0.0/27');
  if (range === undefined) throw new Error('no range');
  const all = [...candidates(range, { next: () => 0.99 })];
  t.equal(all.length, 30);
  t.equal(new Set(all).size, 30);
  t.ok(all.slice(0, 14).every((ip) => Number(ip.split('.')[3]) >= 17));
  t.notOk(all.includes('10.0.0.0') || all.includes('10.0.0.31'));
});

void test('concurrent creations never share an address or a node port', async (t) => {
  const deps = cluster();
  const services = Array.from({ length: 200 }, (_, i) => service(`s${i}`, { type: 'NodePort' }));
  await Promise.all(services.map((object) => allocateCreate(object, deps, false)));
  t.equal(new Set(services.map(({ spec }) => spec?.clusterIP)).size, 200);
  t.equal(new Set(services.map(({ spec }) => spec?.ports?.[0]?.nodePort)).size, 200);
  t.equal(addresses(deps).length, 200);
});

void test('an address says whose it is', async (t) => {
  const deps = cluster();
  await allocateCreate(service('mine', { clusterIP: '10.96.1.1' }), deps, false);
  t.match(deps.objects.get('ipaddresses.networking.k8s.io//10.96.1.1'), {
    metadata: {
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace: 'ns', name: 'mine' } },
  });
});

void test('a failed creation gives back what it took', async (t) => {
  const deps = cluster();
  const first = service('first', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_500 }] });
  const transaction = await allocateCreate(first, deps, false);
  await transaction.revert?.();
  t.strictSame(addresses(deps), []);
  const second = service('second', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_500 }] });
  await (await allocateCreate(second, deps, false)).commit?.();
  await t.rejects(
    allocateCreate(service('third', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_500 }] }), deps, false),
    {
      message:
        'Service "third" is invalid: spec.ports[0].nodePort: Invalid value: 30500: provided port is already allocated',
    },
  );
  t.equal(addresses(deps).length, 1, 'the address of the third is free again');
});

void test('a dry run leaves nothing behind', async (t) => {
  const deps = cluster();
  const object = service('dry', { type: 'NodePort' });
  const transaction = await allocateCreate(object, deps, true);
  await transaction.revert?.();
  t.equal(object.spec?.clusterIP, '10.96.0.0');
  t.strictSame(addresses(deps), []);
});

void test('a full range is an internal error', async (t) => {
  const deps = cluster({ range: '10.0.0.0/30', ports: [30_000, 30_001] });
  for (const name of ['a', 'b'])
    await (await allocateCreate(service(name, { type: 'NodePort' }), deps, false)).commit?.();
  await t.rejects(allocateCreate(service('c'), deps, false), {
    reason: 'InternalError',
    message: 'Internal error occurred: failed to allocate a serviceIP for Service "c": range is full',
  });
  await releaseService(service('a', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }), deps);
  await releaseService(service('b', { clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] }), deps);
  await t.rejects(allocateCreate(service('c', { type: 'NodePort' }), deps, false), {
    message: 'Internal error occurred: failed to allocate a nodePort: range is full',
  });
});

void test('ports in use are found in the stored services', async (t) => {
  const deps = cluster();
  deps.objects.set('services/ns/old', service('old', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_900 }] }));
  const taken = service('new', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_900 }] });
  await t.rejects(allocateCreate(taken, deps, false), { name: 'StatusError' });
});

void test('what an update gives up is free once it was written', async (t) => {
  const deps = cluster();
  const old = service('s', { type: 'NodePort', clusterIP: '10.96.0.9', ports: [{ port: 80, nodePort: 30_700 }] });
  await (await allocateCreate(old, deps, false)).commit?.();
  const renamed = service('s', { type: 'ExternalName', externalName: 'example.com' });
  const transaction = await allocateUpdate(renamed, old, deps, false);
  t.equal(addresses(deps).length, 1, 'not yet');
  await transaction.commit?.();
  t.strictSame(addresses(deps), []);
  const next = service('t', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_700 }] });
  await t.resolves(allocateCreate(next, deps, false));
});

void test('deletion removes the Endpoints of the same name too', async (t) => {
  const deps = cluster();
  deps.objects.set('endpoints/ns/s', { metadata: { name: 's' } });
  await releaseService(service('s', { clusterIP: 'None', clusterIPs: ['None'] }), deps);
  t.notOk(deps.objects.has('endpoints/ns/s'));
});

void test('addresses may come from added ranges that are ready', async (t) => {
  const deps = cluster();
  const cidr = (status: string): KubeObject =>
    ({
      metadata: { name: 'more' },
      spec: { cidrs: ['10.200.0.0/24'] },
      status: { conditions: [{ type: 'Ready', status }] },
    }) as KubeObject;
  deps.objects.set('servicecidrs.networking.k8s.io//more', cidr('False'));
  await t.rejects(allocateCreate(service('s', { clusterIP: '10.200.0.5' }), deps, false), { name: 'StatusError' });
  deps.objects.set('servicecidrs.networking.k8s.io//more', cidr('True'));
  await t.resolves(allocateCreate(service('s', { clusterIP: '10.200.0.5' }), deps, false));
});

void test('a repair drops addresses without a service and reserves those of services without one', async (t) => {
  const deps = cluster();
  const orphan = service('crashed', { clusterIP: '10.96.2.1' });
  await (await allocateCreate(orphan, deps, false)).commit?.();
  deps.objects.set('services/ns/kept', service('kept', { clusterIP: '10.96.2.2', clusterIPs: ['10.96.2.2'] }));
  deps.objects.set('services/ns/far', service('far', { clusterIP: '10.1.2.3', clusterIPs: ['10.1.2.3'] }));
  deps.objects.set('ipaddresses.networking.k8s.io//10.96.2.9', { metadata: { name: '10.96.2.9' } });
  await repairServiceAddresses(deps);
  const names = addresses(deps).map((key) => key.split('/').at(-1));
  t.strictSame(names.sort(), ['10.96.2.2', '10.96.2.9']);
});

void test('a cluster of two families gives services of both an address of each', async (t) => {
  const deps = cluster({ range: '10.96.0.0/16,fd00::/108' });
  const both = service('both', { ipFamilyPolicy: 'PreferDualStack' });
  await (await allocateCreate(both, deps, false)).commit?.();
  t.match(both.spec, { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: [/^10\.96\./, /^fd00::/] });
  t.equal(both.spec?.clusterIP, both.spec?.clusterIPs?.[0]);
  const one = service('one', { ipFamilies: ['IPv6'] });
  await allocateCreate(one, deps, false);
  t.match(one.spec, { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'], clusterIPs: [/^fd00::/] });
  const written = service('written', { clusterIP: 'fd00::0007' });
  await allocateCreate(written, deps, false);
  t.strictSame(written.spec?.clusterIPs, ['fd00::0007']);
  t.ok(deps.objects.has('ipaddresses.networking.k8s.io//fd00::7'), 'reserved under its canonical name');
});

void test('a second family comes and goes with the policy', async (t) => {
  const deps = cluster({ range: '10.96.0.0/16,fd00::/108' });
  const single = service('s');
  await (await allocateCreate(single, deps, false)).commit?.();
  const grown = structuredClone(single);
  grown.spec = { ...grown.spec, ipFamilyPolicy: 'RequireDualStack' };
  await (await allocateUpdate(grown, single, deps, false)).commit?.();
  t.match(grown.spec, { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: [single.spec?.clusterIP, /^fd00::/] });
  t.equal(addresses(deps).length, 2);
  const shrunk = structuredClone(grown);
  shrunk.spec = { ...shrunk.spec, ipFamilyPolicy: 'SingleStack' };
  await (await allocateUpdate(shrunk, grown, deps, false)).commit?.();
  t.strictSame(shrunk.spec?.clusterIPs, [single.spec?.clusterIP]);
  t.equal(addresses(deps).length, 1);
  const partly = structuredClone(grown);
  partly.spec = { ...partly.spec, ipFamilies: ['IPv4'] };
  await t.rejects(allocateUpdate(partly, grown, deps, false), {
    message: /must be 'SingleStack' to release the secondary IP family/,
  });
});
