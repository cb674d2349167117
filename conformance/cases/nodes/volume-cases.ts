import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { ofContainer, runOnce, saying, shell } from './running-pod.ts';

interface Events {
  readonly items: readonly { readonly reason: string; readonly message: string; readonly type: string }[];
}

async function core(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}`;
}

async function create(c: CaseContext, resource: string, name: string, content: object): Promise<string> {
  const list = `${await core(c)}/${resource}`;
  await c.post(list, { metadata: { name }, ...content }, { unstable: true });
  return `${list}/${name}`;
}

async function layout(c: CaseContext): Promise<void> {
  await create(c, 'configmaps', 'map', { data: { a: 'one', b: 'two' }, binaryData: { raw: 'AP9B' } });
  await create(c, 'secrets', 'keys', { data: { x: 'eHg=' } });
  const script =
    'cd /map; for f in a b raw; do readlink $f; done; cat a b; wc -c < raw; cat /items/dir/file /keys/x; ' +
    "readlink ..data | cut -c1-4; stat -c '%a %u:%g' . ..data/ ..data/a /items/..data/dir/file /keys /keys/..data/x; " +
    '(echo no > a) 2>/dev/null || echo read-only';
  const pod = await runOnce(c, {
    containers: [
      shell('c', script, {
        volumeMounts: [
          { name: 'map', mountPath: '/map' },
          { name: 'items', mountPath: '/items' },
          { name: 'keys', mountPath: '/keys' },
        ],
      }),
    ],
    volumes: [
      { name: 'map', configMap: { name: 'map' } },
      { name: 'items', configMap: { name: 'map', items: [{ key: 'a', path: 'dir/file', mode: 0o400 }] } },
      { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o600 } },
    ],
  });
  const log = await saying(c, pod);
  const wanted = [
    '..data/a\n..data/b\n..data/raw\nonetwo3\nonexx..20',
    '777 0:0\n755 0:0\n644 0:0\n400 0:0\n1777 0:0\n600 0:0',
  ].join('\n');
  c.ok(log.startsWith(`${wanted}\n`), `files of objects: ${log}`);
  c.ok(log.endsWith('read-only\n'), 'nobody writes to them');
}

async function owners(c: CaseContext): Promise<void> {
  await create(c, 'configmaps', 'map', { data: { a: 'one' } });
  const sources = [
    { configMap: { name: 'map' } },
    { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
    { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  ];
  const script =
    "cd /all; stat -c '%a %u:%g' . ..data/ ..data/a ..data/token /scratch; cat labels; echo; touch /scratch/f; stat -c '%u:%g' /scratch/f; " +
    'cut -d. -f1 < token | wc -l; cat /var/run/secrets/kubernetes.io/serviceaccount/namespace';
  const pod = await runOnce(
    c,
    {
      securityContext: { fsGroup: 2000, runAsUser: 1000 },
      containers: [
        shell('c', script, {
          volumeMounts: [
            { name: 'all', mountPath: '/all' },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        }),
      ],
      volumes: [
        { name: 'all', projected: { sources } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
    { name: 'a', labels: { tier: 'front', app: 'web' } },
  );
  const wanted = [
    '3777 0:2000\n2755 0:2000\n644 0:2000\n640 1000:2000\n2777 0:2000',
    'app="web"\ntier="front"\n1000:2000\n1',
    await c.namespace(),
  ].join('\n');
  c.equal((await saying(c, pod)).trimEnd(), wanted, 'modes, owners and content');
}

async function updates(c: CaseContext): Promise<void> {
  const map = await create(c, 'configmaps', 'map', { data: { a: 'first', gone: 'x' } });
  const script =
    'while true; do echo "$(cat /map/a) $(cat /fixed) $(ls /map | tr -d "\\n") $(cat /maybe/k 2>/dev/null) $(cat /fields/labels)"; sleep 1; done';
  const pod = await runOnce(
    c,
    {
      containers: [
        shell('c', script, {
          volumeMounts: [
            { name: 'map', mountPath: '/map' },
            { name: 'map', mountPath: '/fixed', subPath: 'a' },
            { name: 'maybe', mountPath: '/maybe' },
            { name: 'fields', mountPath: '/fields' },
          ],
        }),
      ],
      volumes: [
        { name: 'map', configMap: { name: 'map' } },
        { name: 'maybe', secret: { secretName: 'later', optional: true } },
        { name: 'fields', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    },
    { name: 'a', labels: { a: '1' } },
  );
  await pod.untilLog('the first state is read', (log) => log.includes('first first agone  a="1"\n'));
  await c.patch(map, { data: { a: 'second', gone: null, new: 'y' } }, { unstable: true });
  await create(c, 'secrets', 'later', { data: { k: 'dg==' } });
  await c.patch(pod.path, { metadata: { labels: { a: '2' } } }, { unstable: true });
  await pod.untilLog('changes are read, but not by what is mounted alone', (log) =>
    log.includes('second first anew v a="2"\n'),
  );
}

async function eventSays(c: CaseContext, message: string, name = 'a'): Promise<void> {
  const list = `${await core(c)}/events?fieldSelector=${encodeURIComponent(`involvedObject.name=${name}`)}`;
  await c.eventually(`an event says: ${message}`, async () => {
    const { items } = (await c.get(list, { unstable: true })).body as unknown as Events;
    return items.some(
      (event) => event.type === 'Warning' && event.reason === 'FailedMount' && event.message.endsWith(message),
    );
  });
}

async function waiting(c: CaseContext): Promise<void> {
  const pod = await runOnce(c, {
    containers: [shell('c', 'cat /map/k', { volumeMounts: [{ name: 'map', mountPath: '/map' }] })],
    volumes: [{ name: 'map', configMap: { name: 'later', items: [{ key: 'k', path: 'k' }] } }],
  });
  const failed = 'MountVolume.SetUp failed for volume "map" : ';
  await eventSays(c, `${failed}configmap "later" not found`);
  const { phase, containerStatuses } = await pod.status();
  c.equal(phase, 'Pending', 'phase');
  c.equal(containerStatuses?.[0]?.state.waiting?.reason, 'ContainerCreating', 'reason');
  await create(c, 'configmaps', 'later', { data: { k: 'here' } });
  c.equal(await saying(c, pod), 'here', 'it goes on');
}

async function refused(c: CaseContext): Promise<void> {
  await create(c, 'secrets', 'keys', { data: { x: 'eHg=' } });
  const mounts = ['keys', 'host', 'file', 'both'].map((name) => ({ name, mountPath: `/${name}` }));
  await runOnce(c, {
    containers: [shell('c', 'true', { volumeMounts: mounts })],
    volumes: [
      { name: 'keys', secret: { secretName: 'keys', items: [{ key: 'no', path: 'no' }] } },
      { name: 'host', hostPath: { path: '/no/such/place', type: 'Directory' } },
      { name: 'file', hostPath: { path: '/no/such/place', type: 'FileOrCreate' } },
      { name: 'both', projected: { sources: [{ configMap: { name: 'x' } }, { secret: { name: 'y' } }] } },
    ],
  });
  const failed = (name: string): string => `MountVolume.SetUp failed for volume "${name}" : `;
  await eventSays(c, `${failed('keys')}references non-existent secret key: no`);
  await eventSays(c, `${failed('host')}hostPath type check failed: /no/such/place is not a directory`);
  await eventSays(c, `${failed('file')}open /no/such/place: no such file or directory`);
  await eventSays(c, `${failed('both')}[configmap "x" not found, secret "y" not found]`);
}

async function subPaths(c: CaseContext): Promise<void> {
  const mount = (more: object) => ({ volumeMounts: [{ name: 'e', mountPath: '/e', ...more }] });
  const env = [
    { name: 'WHERE', value: 'in/here' },
    { name: 'ROOT', value: '/tmp' },
  ];
  const pod = await runOnce(c, {
    initContainers: [shell('i', 'echo x > /e/f', { env, ...mount({ subPathExpr: '$(WHERE)' }) })],
    containers: [
      shell('c', 'cat /e/in/here/f; stat -c %a /e/in /e/in/here', mount({})),
      shell('absolute', 'true', { env, ...mount({ subPathExpr: '$(ROOT)' }) }),
      shell('unknown', 'true', mount({ subPathExpr: '$(NONE)' })),
    ],
    volumes: [{ name: 'e', emptyDir: {} }],
  });
  await pod.untilLog('the first has ended', (log) => log === 'x\n777\n777\n', '?container=c');
  const rows = [
    ['absolute', 'error SubPath `/tmp` must not be an absolute path'],
    ['unknown', 'missing value for NONE'],
  ] as const;
  for (const [name, message] of rows)
    await pod.until(`${name}: ${message}`, (status) => {
      const waiting = ofContainer(status, name)?.state.waiting;
      return waiting?.reason === 'CreateContainerConfigError' && waiting.message === message;
    });
}

async function shared(c: CaseContext): Promise<void> {
  const mounts = [
    { name: 'disk', mountPath: '/disk' },
    { name: 'memory', mountPath: '/memory' },
  ];
  const pod = await runOnce(c, {
    containers: [
      shell('c', 'while ! [ -f /disk/word ]; do sleep 0.1; done; cat /disk/word /memory/word', {
        volumeMounts: mounts,
      }),
      shell('other', 'echo m > /memory/word; echo d > /disk/word', { volumeMounts: mounts }),
    ],
    volumes: [
      { name: 'disk', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ],
  });
  await pod.untilLog('what one writes the other reads', (log) => log === 'd\nm\n', '?container=c');
}

async function managedFiles(c: CaseContext): Promise<void> {
  const pod = await runOnce(c, {
    hostname: 'web',
    subdomain: 'shop',
    hostAliases: [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['9.9.9.9'], searches: ['a.b'], options: [{ name: 'ndots', value: '3' }] },
    containers: [
      shell(
        'c',
        'cat /etc/hostname /etc/resolv.conf; tail -n +8 /etc/hosts | cut -f 2-; hostname; stat -c %a /dev/termination-log',
      ),
    ],
  });
  const domain = `web.shop.${await c.namespace()}.svc.cluster.local`;
  const wanted = [
    'web\nsearch a.b\nnameserver 9.9.9.9\noptions ndots:3',
    `${domain}\tweb\n\n# Entries added by HostAliases.\nfoo\tbar`,
    'web\n666\n',
  ].join('\n');
  c.equal(await saying(c, pod), wanted, 'files about the network');
}

async function claims(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const path = `/tmp/${namespace}`;
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    hostPath: { path, type: 'DirectoryOrCreate' },
    claimRef: { namespace, name: 'claim' },
  };
  const volume = `/api/v1/persistentvolumes/${namespace}`;
  await c.post('/api/v1/persistentvolumes', { metadata: { name: namespace }, spec }, { unstable: true });
  const wish = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    volumeName: namespace,
    resources: { requests: { storage: '1Gi' } },
  };
  await create(c, 'persistentvolumeclaims', 'claim', { spec: wish });
  const using = (script: string, readOnly: boolean): object => ({
    containers: [shell('c', script, { volumeMounts: [{ name: 'd', mountPath: '/d' }] })],
    volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'claim', readOnly } }],
  });
  const writer = await runOnce(c, using('echo kept > /d/word', false));
  await saying(c, writer);
  const nodeName = await writer.node();
  const reader = { ...using('cat /d/word; (echo no > /d/word) 2>/dev/null || echo read-only', true), nodeName };
  c.equal(
    await saying(c, await runOnce(c, reader, { name: 'b' })),
    'kept\nread-only\n',
    'what one pod left the next one finds',
  );
  const lost = { ...using('true', false), nodeName };
  const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'none' } }];
  await runOnce(c, { ...lost, volumes }, { name: 'c' });
  const said = `failed to process volumes=[d]: error processing PVC ${namespace}/none: failed to fetch PVC from API server: persistentvolumeclaims "none" not found`;
  await eventSays(c, said, 'c');
  await c.delete(volume, { status: [200, 202], unstable: true });
}

export const volumeCases: readonly Case[] = [
  { id: 'nodes/volumes/objects become files', needs: ['programs'], run: layout },
  { id: 'nodes/volumes/belong to whom the pod says', needs: ['programs'], run: owners },
  { id: 'nodes/volumes/follow their objects', needs: ['programs'], run: updates },
  { id: 'nodes/volumes/wait for what is missing', needs: ['programs'], run: waiting },
  { id: 'nodes/volumes/say what is wrong with them', needs: ['programs'], run: refused },
  { id: 'nodes/volumes/are mounted in parts', needs: ['programs'], run: subPaths },
  { id: 'nodes/volumes/are shared by containers', needs: ['programs'], run: shared },
  { id: 'nodes/volumes/claims lead to what they are bound to', needs: ['programs'], run: claims },
  { id: 'nodes/volumes/hosts and name servers are files', needs: ['programs'], run: managedFiles },
];
