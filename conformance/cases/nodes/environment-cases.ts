import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { ofContainer, runOnce, saying, shell } from './running-pod.ts';

async function create(c: CaseContext, resource: string, body: object): Promise<void> {
  await c.post(`/api/v1/namespaces/${await c.namespace()}/${resource}`, body, { unstable: true });
}

async function sources(c: CaseContext): Promise<void> {
  await create(c, 'configmaps', { metadata: { name: 'map' }, data: { COLOR: 'blue', SIZE: '3' } });
  await create(c, 'secrets', { metadata: { name: 'keys' }, data: { word: 'cGFzcw==' } });
  const container = shell(
    'c',
    'echo "$PLAIN|$JOINED|$ESCAPED|$UNKNOWN|$M_COLOR|$M_SIZE|$WORD|$MISSING|$NAME|$LABEL|$CPU|$MEMORY|$LEAST|$0|$1"',
    {
      args: ['$(PLAIN)', '$$(PLAIN) $(NONE)'],
      resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '250m' } },
      envFrom: [{ prefix: 'M_', configMapRef: { name: 'map' } }, { configMapRef: { name: 'none', optional: true } }],
      env: [
        { name: 'PLAIN', value: 'plain' },
        { name: 'JOINED', value: '$(PLAIN)-$(M_COLOR)-$(LATER)' },
        { name: 'LATER', value: 'later' },
        { name: 'ESCAPED', value: '$$(PLAIN)' },
        { name: 'UNKNOWN', value: '$(WHO)' },
        { name: 'WORD', valueFrom: { secretKeyRef: { name: 'keys', key: 'word' } } },
        { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'keys', key: 'none', optional: true } } },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'LEAST', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
      ],
    },
  );
  const pod = await runOnce(c, { containers: [container] }, { name: 'a', labels: { tier: 'front' } });
  const wanted = 'plain|plain-blue-$(LATER)|$(PLAIN)|$(WHO)|blue|3|pass||a|front|2|64|250|plain|$(PLAIN) $(NONE)\n';
  c.equal(await saying(c, pod), wanted, 'variables from all sources');
}

async function addresses(c: CaseContext): Promise<void> {
  const fields = ['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs', 'spec.nodeName', 'metadata.uid'];
  const env = fields.map((fieldPath, index) => ({ name: `F${index}`, valueFrom: { fieldRef: { fieldPath } } }));
  const pod = await runOnce(c, { containers: [shell('c', 'echo "$F0 $F1 $F2 $F3 $F4 $F5"', { env })] });
  const log = await saying(c, pod);
  const { body } = await c.get(pod.path, { unstable: true });
  const { status, spec, metadata } = body as unknown as {
    readonly status: { readonly hostIP: string; readonly podIPs?: readonly { readonly ip: string }[] };
    readonly spec: { readonly nodeName: string };
    readonly metadata: { readonly uid: string };
  };
  const [hostIP, hostIPs, podIP, podIPs, node, uid] = log.trim().split(' ');
  c.equal(hostIP, status.hostIP, 'host');
  c.equal(hostIPs?.split(',')[0], status.hostIP, 'hosts');
  c.ok(/^\d+\.\d+\.\d+\.\d+$/.test(podIP ?? ''), 'pod');
  c.equal(podIPs?.split(',')[0], podIP, 'pods');
  c.equal(node, spec.nodeName, 'node');
  c.equal(uid, metadata.uid, 'uid');
}

async function services(c: CaseContext): Promise<void> {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'dns-udp', port: 53, protocol: 'UDP' },
  ];
  await create(c, 'services', { metadata: { name: 'my-shop' }, spec: { selector: { none: 'x' }, ports } });
  const pod = await runOnce(c, {
    containers: [
      shell(
        'c',
        'echo "$MY_SHOP_SERVICE_PORT $MY_SHOP_SERVICE_PORT_HTTP $MY_SHOP_SERVICE_PORT_DNS_UDP $MY_SHOP_PORT_53_UDP_PROTO"; ' +
          'test "$MY_SHOP_PORT" = "tcp://$MY_SHOP_SERVICE_HOST:80" && echo same; test -n "$KUBERNETES_SERVICE_HOST" && echo api',
      ),
    ],
  });
  c.equal(await saying(c, pod), '80 80 53 udp\nsame\napi\n', 'where services are');
}

async function withoutLinks(c: CaseContext): Promise<void> {
  await create(c, 'services', { metadata: { name: 'shop' }, spec: { selector: { none: 'x' }, ports: [{ port: 80 }] } });
  const pod = await runOnce(c, {
    enableServiceLinks: false,
    containers: [shell('c', 'echo "[$SHOP_SERVICE_HOST] $KUBERNETES_SERVICE_PORT"')],
  });
  c.equal(await saying(c, pod), '[] 443\n', 'only where the API server is');
}

async function missing(c: CaseContext): Promise<void> {
  await create(c, 'configmaps', { metadata: { name: 'map' }, data: { a: 'x' } });
  const key = (kind: 'configMapKeyRef' | 'secretKeyRef', name: string) => ({
    env: [{ name: 'A', valueFrom: { [kind]: { name, key: 'k' } } }],
  });
  const pod = await runOnce(c, {
    containers: [
      shell('map', 'true', { envFrom: [{ configMapRef: { name: 'later' } }] }),
      shell('key', 'true', { ...key('configMapKeyRef', 'map') }),
      shell('secret', 'true', { ...key('secretKeyRef', 'none') }),
    ],
  });
  const rows = [
    ['map', 'configmap "later" not found'],
    ['key', `couldn't find key k in ConfigMap ${await c.namespace()}/map`],
    ['secret', 'secret "none" not found'],
  ] as const;
  for (const [name, message] of rows)
    await pod.until(`${name}: ${message}`, (status) => {
      const waiting = ofContainer(status, name)?.state.waiting;
      return waiting?.reason === 'CreateContainerConfigError' && waiting.message === message;
    });
  await create(c, 'configmaps', { metadata: { name: 'later' }, data: {} });
  await pod.until('it goes on when it is there', (status) => ofContainer(status, 'map')?.state.waiting === undefined);
}

export const environmentCases: readonly Case[] = [
  { id: 'nodes/environment/comes from all sources', needs: ['programs'], run: sources },
  { id: 'nodes/environment/says where the pod is', needs: ['programs'], run: addresses },
  { id: 'nodes/environment/says where services are', needs: ['programs'], run: services },
  { id: 'nodes/environment/says nothing of services where it shall not', needs: ['programs'], run: withoutLinks },
  { id: 'nodes/environment/waits for what is missing', needs: ['programs'], run: missing },
];
