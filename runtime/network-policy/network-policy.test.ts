import { test } from 'tap';
import type { Flow, Protocol } from '../network/network.ts';
import type { NetworkPolicy } from './policy.ts';
import { type Pod, PolicyFilter } from './policy-filter.ts';

type Spec = NonNullable<NetworkPolicy['spec']>;

const namespaceLabels: Record<string, Record<string, string>> = {
  x: { 'kubernetes.io/metadata.name': 'x', team: 'blue' },
  y: { 'kubernetes.io/metadata.name': 'y', team: 'red' },
};

function pod(namespace: string, name: string, ip: string): Pod {
  const ports = [
    { name: 'http', containerPort: 80, protocol: 'TCP' },
    { name: 'dns', containerPort: 53, protocol: 'UDP' },
  ];
  return {
    metadata: { namespace, name, labels: { pod: name } },
    spec: { containers: [{ name: 'c', ports }] },
    status: { podIPs: [{ ip }] },
  } as Pod;
}

function cluster(...specs: readonly (Partial<Spec> & { namespace?: string })[]) {
  const pods = new Map<string, Pod>();
  for (const [i, namespace] of ['x', 'y'].entries())
    for (const [j, name] of ['a', 'b'].entries())
      pods.set(`10.0.${i}.${j + 1}`, pod(namespace, name, `10.0.${i}.${j + 1}`));
  const filter = new PolicyFilter({
    podAt: (ip) => pods.get(ip),
    standInAt: (ip) =>
      ip === '172.18.255.253' ? { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ports: [] } : undefined,
    labelsOf: (namespace) => namespaceLabels[namespace] ?? { 'kubernetes.io/metadata.name': namespace },
  });
  const policies = specs.map(({ namespace = 'x', ...spec }, i) => {
    return { metadata: { namespace, name: `p${i}` }, spec: { podSelector: {}, ...spec } } as NetworkPolicy;
  });
  for (const policy of policies) filter.set(policy);
  const addresses: Record<string, string> = {
    'x/a': '10.0.0.1',
    'x/b': '10.0.0.2',
    'y/a': '10.0.1.1',
    'y/b': '10.0.1.2',
    node: '172.18.0.2',
    world: '203.0.113.7',
    dns: '172.18.255.253',
  };
  /** `x/a -> y/b:80`, with `/UDP` where it is not TCP. */
  const passes = (text: string): boolean => {
    const [from = '', to = ''] = text.split(' -> ');
    const [target = '', rest = ''] = to.split(':');
    const [port = '', protocol = 'TCP'] = rest.split('/');
    const flow: Flow = {
      protocol: protocol as Protocol,
      from: { ip: addresses[from] ?? from, port: 40_000 },
      to: { ip: addresses[target] ?? target, port: Number(port) },
    };
    return filter.allows(flow);
  };
  return { filter, policies, passes, pods };
}

const only = (matchLabels: Record<string, string>) => ({ matchLabels });
const named = (namespace: string) => only({ 'kubernetes.io/metadata.name': namespace });

test('policies let through what a rule names, and hold only pods that they select', async (t) => {
  type Case = readonly [
    what: string,
    specs: readonly (Partial<Spec> & { namespace?: string })[],
    yes: string[],
    no: string[],
  ];
  const cases: readonly Case[] = [
    ['no policy', [], ['x/a -> x/b:80', 'world -> x/a:80'], []],
    [
      'deny all that comes in',
      [{ policyTypes: ['Ingress'] }],
      ['x/a -> y/b:80', 'y/a -> y/b:80', 'x/a -> world:443'],
      ['y/a -> x/b:80', 'x/a -> x/b:80', 'world -> x/b:80', 'node -> x/b:80'],
    ],
    [
      'deny all that goes out',
      [{ policyTypes: ['Egress'] }],
      ['y/a -> x/b:80'],
      ['x/a -> y/b:80', 'x/a -> x/b:80', 'x/a -> dns:53/UDP'],
    ],
    ['a policy without types isolates what comes in', [{}], ['x/a -> y/b:80'], ['y/a -> x/b:80']],
    ['and what goes out when it has rules for that', [{ egress: [{}] }], ['x/a -> y/b:80'], ['y/a -> x/b:80']],
    ['an empty rule allows all', [{ ingress: [{}] }], ['y/a -> x/b:80', 'world -> x/b:1'], []],
    ['a selector of pods', [{ podSelector: only({ pod: 'a' }) }], ['y/a -> x/b:80'], ['y/a -> x/a:80']],
    [
      'pods of the same namespace',
      [{ ingress: [{ from: [{ podSelector: only({ pod: 'b' }) }] }] }],
      ['x/b -> x/a:80'],
      ['y/b -> x/a:80', 'x/a -> x/b:80', 'world -> x/a:80'],
    ],
    [
      'all pods of namespaces',
      [{ ingress: [{ from: [{ namespaceSelector: only({ team: 'red' }) }] }] }],
      ['y/a -> x/a:80', 'y/b -> x/a:80'],
      ['x/b -> x/a:80', 'node -> x/a:80'],
    ],
    [
      'pods and namespaces of one peer hold both, of two peers either',
      [
        {
          podSelector: only({ pod: 'a' }),
          ingress: [{ from: [{ namespaceSelector: named('y'), podSelector: only({ pod: 'b' }) }] }],
        },
        {
          podSelector: only({ pod: 'b' }),
          ingress: [{ from: [{ namespaceSelector: named('y') }, { podSelector: only({ pod: 'a' }) }] }],
        },
      ],
      ['y/b -> x/a:80', 'y/a -> x/b:80', 'x/a -> x/b:80'],
      ['y/a -> x/a:80', 'x/b -> x/a:80'],
    ],
    [
      'an empty selector of namespaces means all pods, and no other addresses',
      [{ ingress: [{ from: [{ namespaceSelector: {} }] }] }],
      ['x/b -> x/a:80', 'y/a -> x/a:80'],
      ['world -> x/a:80', 'node -> x/a:80'],
    ],
    [
      'blocks of addresses with exceptions',
      [
        {
          ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.1.2/32'] } }] }],
          egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
          policyTypes: ['Ingress', 'Egress'],
        },
      ],
      ['y/a -> x/a:80', 'x/a -> world:443'],
      ['y/b -> x/a:80', 'world -> x/a:80', 'x/a -> y/a:80'],
    ],
    [
      'ports, their ranges and their names',
      [
        {
          ingress: [
            {
              ports: [
                { port: 'http' },
                { port: 8000, endPort: 8002 },
                { port: 9000, protocol: 'SCTP' },
                { protocol: 'UDP' },
              ],
            },
          ],
        },
      ],
      ['y/a -> x/a:80', 'y/a -> x/a:8000', 'y/a -> x/a:8002', 'y/a -> x/a:9000/SCTP', 'y/a -> x/a:7/UDP'],
      ['y/a -> x/a:81', 'y/a -> x/a:8003', 'y/a -> x/a:9000', 'y/a -> x/a:7999'],
    ],
    [
      'names of ports that go out are those of the pod that is asked',
      [{ egress: [{ ports: [{ port: 'dns', protocol: 'UDP' }] }], policyTypes: ['Egress'] }],
      ['x/a -> y/a:53/UDP'],
      ['x/a -> y/a:53', 'x/a -> world:53/UDP'],
    ],
    [
      'the DNS of the cluster is a pod of kube-system',
      [
        {
          policyTypes: ['Egress'],
          egress: [
            {
              to: [{ namespaceSelector: named('kube-system'), podSelector: only({ 'k8s-app': 'kube-dns' }) }],
              ports: [{ port: 53, protocol: 'UDP' }],
            },
          ],
        },
      ],
      ['x/a -> dns:53/UDP'],
      ['x/a -> dns:53', 'x/a -> y/a:53/UDP'],
    ],
    [
      'both ends have to agree',
      [
        { policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: named('y') }] }] },
        { namespace: 'y', podSelector: only({ pod: 'b' }), policyTypes: ['Ingress'] },
      ],
      ['x/a -> y/a:80'],
      ['x/a -> y/b:80', 'x/a -> x/b:80'],
    ],
    [
      'policies add up',
      [{}, { ingress: [{ ports: [{ port: 80 }] }] }, { ingress: [{ from: [{ podSelector: only({ pod: 'b' }) }] }] }],
      ['y/a -> x/a:80', 'x/b -> x/a:81'],
      ['y/a -> x/a:81'],
    ],
  ];
  for (const [what, specs, yes, no] of cases) {
    const { passes } = cluster(...specs);
    for (const flow of yes) t.ok(passes(flow), `${what}: ${flow}`);
    for (const flow of no) t.notOk(passes(flow), `${what}: not ${flow}`);
  }
});

test('changes of policies, and of the labels of pods and namespaces, count at once', async (t) => {
  const spec = { podSelector: only({ pod: 'a' }), ingress: [{ from: [{ namespaceSelector: only({ team: 'red' }) }] }] };
  const { filter, policies, passes, pods } = cluster(spec);
  t.ok(passes('y/a -> x/a:80'));
  t.notOk(passes('x/b -> x/a:80'));
  const x = namespaceLabels['x'];
  namespaceLabels['x'] = { team: 'red' };
  t.ok(passes('x/b -> x/a:80'));
  namespaceLabels['x'] = x ?? {};
  t.notOk(passes('x/b -> x/a:80'));
  pods.set('10.0.0.1', pod('x', 'c', '10.0.0.1'));
  t.ok(passes('x/b -> x/a:80'), 'the pod is not selected any more');
  pods.set('10.0.0.1', pod('x', 'a', '10.0.0.1'));
  t.notOk(passes('x/b -> x/a:80'));
  for (const policy of policies) filter.delete(policy);
  t.ok(passes('x/b -> x/a:80'));
});
