import t from 'tap';
import { textOf } from '../../files/byte-text.ts';
import type { Container, Pod } from '../pod-runtime.ts';
import { ContainerConfigError } from './container-config-error.ts';
import { envFileValue } from './env-file.ts';
import { type EnvironmentSources, environmentOf, environmentReferences } from './environment.ts';
import { expanded } from './expansion.ts';
import { hostNames, hostsFile, sandboxHostname } from './hosts-file.ts';
import { mapText, metadataField, podField } from './pod-field.ts';
import { resolverConfig, resolverFile } from './resolver-config.ts';
import { defaultLimits, resourceField } from './resource-field.ts';
import { serviceVariables } from './service-variables.ts';

const pod: Pod = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u1',
    labels: { app: 'web', 'example.com/tier': 'front' },
    annotations: { note: 'say "hi"\n\\', builder: 'jöhn\u0001' },
  },
  spec: { nodeName: 'n0', serviceAccountName: 'robot', containers: [] },
};
const placed = { pod, podIPs: ['10.0.0.1', 'fd00::1'], hostIPs: ['172.18.0.2', 'fd01::2'] };

t.test('references in text are what is known of them', async (t) => {
  const known = new Map([
    ['A', 'a'],
    ['EMPTY', ''],
    ['NEST', '$(A)'],
  ]);
  const rows = [
    ['$(A)-$(A)', 'a-a'],
    ['$(B)', '$(B)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$$$$(A)', '$$(A)'],
    ['$(A', '$(A'],
    ['$A {A} $', '$A {A} $'],
    ['$(EMPTY)|', '|'],
    ['$(NEST)', '$(A)'],
    ['$()', '$()'],
    ['$($(A))', '$($(A))'],
    ['(A)', '(A)'],
  ] as const;
  for (const [text, wanted] of rows)
    t.equal(
      expanded(text, (name) => known.get(name)),
      wanted,
      text,
    );
});

t.test('fields of a pod by their paths', async (t) => {
  const rows = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['example.com/tier']", 'front'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'say "hi"\n\\'],
    ['metadata.labels', 'app="web"\nexample.com/tier="front"'],
    ['metadata.annotations', 'builder="jöhn\\x01"\nnote="say \\"hi\\"\\n\\\\"'],
    ['spec.nodeName', 'n0'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '172.18.0.2'],
    ['status.hostIPs', '172.18.0.2,fd01::2'],
    ['status.podIP', '10.0.0.1'],
    ['status.podIPs', '10.0.0.1,fd00::1'],
  ] as const;
  for (const [path, wanted] of rows) t.equal(podField(placed, path), wanted, path);
  t.throws(() => metadataField(pod, 'spec.nodeName'), { message: 'unsupported fieldPath: spec.nodeName' });
  t.throws(() => metadataField(pod, "spec.x['a']"), { message: `fieldPath "spec.x['a']" does not support subscript` });
  t.match(mapText(undefined), '');
});

t.test('resources of containers in whole units, rounded up', async (t) => {
  const resources = { limits: { cpu: '1500m', memory: '64Mi', 'hugepages-2Mi': '4Mi' }, requests: { cpu: '250m' } };
  const sized: Pod = {
    spec: {
      containers: [{ name: 'a', resources }, { name: 'bare' }],
      initContainers: [{ name: 'i', resources: { limits: { cpu: '3' } } }],
    },
  };
  const limits = defaultLimits(sized, { cpu: '4', memory: '1Gi', 'ephemeral-storage': '10Gi', pods: '3' });
  const rows = [
    ['a', 'limits.cpu', undefined, '2'],
    ['a', 'limits.cpu', '1m', '1500'],
    ['a', 'requests.cpu', '1', '1'],
    ['a', 'limits.memory', '0', '67108864'],
    ['a', 'limits.memory', '1Mi', '64'],
    ['a', 'limits.hugepages-2Mi', '1Mi', '4'],
    ['a', 'requests.memory', '1Mi', '0'],
    ['bare', 'limits.cpu', '1', '4'],
    ['bare', 'limits.memory', '1Mi', '1024'],
    ['bare', 'limits.ephemeral-storage', '1Gi', '10'],
    ['bare', 'requests.cpu', '1m', '0'],
    ['i', 'limits.cpu', '1', '3'],
  ] as const;
  for (const [containerName, resource, divisor, wanted] of rows)
    t.equal(resourceField(sized, { containerName, resource, divisor }, limits), wanted, `${containerName} ${resource}`);
  const whole = defaultLimits({ spec: { containers: [], resources: { limits: { cpu: '1' } } } }, { cpu: '4' });
  t.strictSame(whole, { cpu: '1' }, "the pod's own limits come before the node's");
  t.throws(() => resourceField(sized, { containerName: 'x', resource: 'limits.cpu' }, {}), {
    message: 'container x not found',
  });
  t.throws(() => resourceField(sized, { containerName: 'a', resource: 'limits.gpu' }, {}), {
    message: 'unsupported container resource : limits.gpu',
  });
});

function service(namespace: string, name: string, clusterIP: string, ports: object[] = [{ port: 80 }]) {
  return { metadata: { namespace, name }, spec: { clusterIP, ports } };
}

t.test('services are told as hosts and ports, and as links', async (t) => {
  const services = [
    service('default', 'kubernetes', '10.96.0.1', [{ name: 'https', port: 443, protocol: 'TCP' }]),
    service('shop', 'redis-master', '10.0.0.11', [
      { port: 6379, protocol: 'TCP' },
      { name: 'metrics-udp', port: 99, protocol: 'UDP' },
    ]),
    service('shop', 'six', 'fd00::5'),
    service('shop', 'headless', 'None'),
    service('shop', 'named', ''),
    service('other', 'hidden', '10.0.0.12'),
  ];
  const api = {
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    KUBERNETES_PORT_443_TCP_PORT: '443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
  };
  t.strictSame(Object.fromEntries(serviceVariables(services, 'shop', false)), api, 'without links');
  const linked = Object.fromEntries(serviceVariables(services, 'shop', true));
  t.strictSame(
    linked,
    {
      ...api,
      REDIS_MASTER_SERVICE_HOST: '10.0.0.11',
      REDIS_MASTER_SERVICE_PORT: '6379',
      REDIS_MASTER_SERVICE_PORT_METRICS_UDP: '99',
      REDIS_MASTER_PORT: 'tcp://10.0.0.11:6379',
      REDIS_MASTER_PORT_6379_TCP: 'tcp://10.0.0.11:6379',
      REDIS_MASTER_PORT_6379_TCP_PROTO: 'tcp',
      REDIS_MASTER_PORT_6379_TCP_PORT: '6379',
      REDIS_MASTER_PORT_6379_TCP_ADDR: '10.0.0.11',
      REDIS_MASTER_PORT_99_UDP: 'udp://10.0.0.11:99',
      REDIS_MASTER_PORT_99_UDP_PROTO: 'udp',
      REDIS_MASTER_PORT_99_UDP_PORT: '99',
      REDIS_MASTER_PORT_99_UDP_ADDR: '10.0.0.11',
      SIX_SERVICE_HOST: 'fd00::5',
      SIX_SERVICE_PORT: '80',
      SIX_PORT: 'tcp://[fd00::5]:80',
      SIX_PORT_80_TCP: 'tcp://[fd00::5]:80',
      SIX_PORT_80_TCP_PROTO: 'tcp',
      SIX_PORT_80_TCP_PORT: '80',
      SIX_PORT_80_TCP_ADDR: 'fd00::5',
    },
    'with links',
  );
  const own = serviceVariables([...services, service('shop', 'kubernetes', '10.9.9.9')], 'shop', true);
  t.equal(own.get('KUBERNETES_SERVICE_HOST'), '10.9.9.9', "a namespace's own service of that name wins");
});

const sources: EnvironmentSources = {
  configMaps: new Map([['settings', { data: { color: 'blau', 'dotted.key': 'd', ümlaut: 'ü' } }]]),
  secrets: new Map([['keys', { data: { raw: btoa('\xff\x00'), word: btoa('pass') } }]]),
  services: [service('default', 'kubernetes', '10.96.0.1')],
  allocatable: { cpu: '4' },
  file: (volume, path) => (volume === 'files' && path === 'env' ? "A='one'\nB='two words' # more\n" : undefined),
};

function environment(container: Omit<Container, 'name'>, of: Partial<EnvironmentSources> = {}): Record<string, string> {
  const found = environmentOf(placed, { name: 'c', ...container }, { ...sources, ...of });
  return Object.fromEntries([...found].filter(([name]) => !name.startsWith('KUBERNETES_')));
}

t.test('variables come from all their sources', async (t) => {
  const rows: readonly (readonly [what: string, container: Omit<Container, 'name'>, wanted: Record<string, string>])[] =
    [
      ['values', { env: [{ name: 'A', value: 'x' }, { name: 'B' }] }, { A: 'x', B: '' }],
      [
        'references to those before',
        {
          env: [
            { name: 'A', value: '$(B)' },
            { name: 'B', value: 'b' },
            { name: 'C', value: '$(B)$(A)' },
          ],
        },
        { A: '$(B)', B: 'b', C: 'b$(B)' },
      ],
      ['references to services', { env: [{ name: 'A', value: '$(KUBERNETES_SERVICE_HOST)' }] }, { A: '10.96.0.1' }],
      [
        'a map with a prefix',
        { envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }] },
        { P_color: 'blau', 'P_dotted.key': 'd', P_ümlaut: textOf('ü') },
      ],
      ['bytes of a secret', { envFrom: [{ secretRef: { name: 'keys' } }] }, { raw: '\xff\x00', word: 'pass' }],
      [
        'own variables replace those of sources',
        { envFrom: [{ secretRef: { name: 'keys' } }], env: [{ name: 'word', value: 'mine' }] },
        { raw: '\xff\x00', word: 'mine' },
      ],
      [
        'keys',
        {
          env: [
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
            { name: 'B', valueFrom: { secretKeyRef: { name: 'keys', key: 'word' } } },
            { name: 'C', value: '$(A)+$(B)' },
          ],
        },
        { A: 'blau', B: 'pass', C: 'blau+pass' },
      ],
      [
        'optional ones that are missing',
        {
          envFrom: [
            { configMapRef: { name: 'none', optional: true } },
            { secretRef: { name: 'none', optional: true } },
          ],
          env: [
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k', optional: true } } },
            { name: 'B', valueFrom: { secretKeyRef: { name: 'keys', key: 'k', optional: true } } },
            { name: 'C', valueFrom: { fileKeyRef: { volumeName: 'files', path: 'env', key: 'Z', optional: true } } },
          ],
        },
        {},
      ],
      [
        'a file',
        { env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'files', path: 'env', key: 'B' } } }] },
        { A: 'two words' },
      ],
      [
        'fields and resources',
        {
          env: [
            { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
          ],
        },
        { A: '10.0.0.1', B: '4' },
      ],
    ];
  for (const [what, container, wanted] of rows) t.strictSame(environment(container), wanted, what);
});

t.test('a source that is missing keeps the container from being made', async (t) => {
  const rows: readonly (readonly [container: Omit<Container, 'name'>, message: string])[] = [
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
      "couldn't find key k in ConfigMap shop/settings",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'k' } } }] },
      "couldn't find key k in Secret shop/keys",
    ],
    [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }] }, 'secret "no" not found'],
    [
      { env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'files', path: 'none', key: 'k' } } }] },
      "couldn't parse env file",
    ],
  ];
  for (const [container, message] of rows)
    t.throws(() => environment(container), new ContainerConfigError(message), message);
  const references = environmentReferences({
    name: 'c',
    envFrom: [{ configMapRef: { name: 'a' } }, { secretRef: { name: 'b' } }],
    env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'c', key: 'k' } } }],
  });
  t.strictSame([...references.configMaps], ['a']);
  t.strictSame([...references.secrets], ['b', 'c']);
});

t.test('files of variables', async (t) => {
  const rows = [
    ["A='x'", 'A', 'x'],
    ["# c\n\n  A='x' # y\nB='z'", 'B', 'z'],
    ["A='one\ntwo'\nB='b'", 'A', 'one\ntwo'],
    ["A= 'x'\nB='b'", 'A', ''],
    ["A='x'", 'C', ''],
  ] as const;
  for (const [text, key, wanted] of rows) t.equal(envFileValue(text, key), wanted, JSON.stringify(text));
  const wrong = [
    ['A', "invalid environment variable format at line 1: missing '='"],
    ["='x'", 'invalid environment variable format at line 1: empty variable name'],
    ["A ='x'", "invalid environment variable format at line 1: whitespace before '=' is not allowed"],
    ['#\nA=x', 'invalid environment variable format at line 2: value must be enclosed in single quotes'],
    ["A='x", 'invalid environment variable format starting at line 1: unclosed single quote'],
    ["A='x'y", 'invalid environment variable format at line 1: unexpected content after closing quote'],
  ] as const;
  for (const [text, message] of wrong) t.throws(() => envFileValue(text, 'A'), { message }, JSON.stringify(text));
});

t.test('hosts files of pods', async (t) => {
  const facts = { podIPs: ['10.0.0.1'], clusterDomain: 'cluster.local', nodeHosts: '127.0.0.1 localhost\n' };
  const local =
    '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' +
    'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n';
  t.equal(hostsFile(pod, facts), `${local}10.0.0.1\tweb\n`);
  const named = { ...pod, spec: { containers: [], hostname: 'h', subdomain: 's' } };
  t.equal(hostsFile(named, facts), `${local}10.0.0.1\th.s.shop.svc.cluster.local\th\n`);
  const aliased = {
    ...pod,
    spec: { containers: [], hostNetwork: true, hostAliases: [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }] },
  };
  t.equal(
    hostsFile(aliased, facts),
    '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n\n# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n',
  );
  const long = { metadata: { name: `${'a'.repeat(62)}.b` }, spec: { containers: [] } };
  t.equal(hostNames(long, 'x').hostname, 'a'.repeat(62), 'a long name is cut so that it ends well');
  const other = { metadata: { name: 'a' }, spec: { containers: [], hostnameOverride: 'x.y', subdomain: 's' } };
  t.strictSame(hostNames(other, 'x'), { hostname: 'x.y', domain: '' });
  t.equal(sandboxHostname(named, 'n0', 'x'), 'h');
  const full = { ...named, spec: { ...named.spec, setHostnameAsFQDN: true } };
  t.equal(sandboxHostname(full, 'n0', 'x'), 'h.s.shop.svc.x');
  t.equal(sandboxHostname(aliased, 'n0', 'x'), 'n0');
});

t.test('resolver files of pods', async (t) => {
  const names = {
    clusterDomain: 'cluster.local',
    clusterServers: ['10.96.0.10'],
    nodeServers: ['8.8.8.8'],
    nodeSearches: ['lan'],
  };
  const cluster =
    'search shop.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.96.0.10\noptions ndots:5\n';
  const node = 'search lan\nnameserver 8.8.8.8\n';
  const wish = {
    nameservers: ['9.9.9.9'],
    searches: ['a.b', 'lan'],
    options: [{ name: 'ndots', value: '2' }, { name: 'x' }],
  };
  const rows: readonly (readonly [what: string, spec: Partial<Pod['spec']>, wanted: string])[] = [
    ['as a rule', {}, cluster],
    ['in the network of the node', { hostNetwork: true, dnsPolicy: 'ClusterFirst' }, node],
    ['but if it wants', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, cluster],
    ['as the node', { dnsPolicy: 'Default' }, node],
    ['nothing', { dnsPolicy: 'None' }, ''],
    ['own', { dnsPolicy: 'None', dnsConfig: wish }, 'search a.b lan\nnameserver 9.9.9.9\noptions ndots:2 x\n'],
    [
      'both',
      { dnsConfig: wish },
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan a.b\nnameserver 10.96.0.10\nnameserver 9.9.9.9\noptions ndots:2 x\n',
    ],
  ];
  for (const [what, spec, wanted] of rows)
    t.equal(resolverFile(resolverConfig({ ...pod, spec: { containers: [], ...spec } }, names)), wanted, what);
  const servers = ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'];
  const many = resolverConfig(
    { spec: { containers: [], dnsPolicy: 'None', dnsConfig: { nameservers: servers } } },
    names,
  );
  t.strictSame(many.complaints, [
    'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 1.1.1.1 2.2.2.2 3.3.3.3',
  ]);
});
