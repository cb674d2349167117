import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const image = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

interface Status {
  readonly phase?: string;
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

interface Events {
  readonly items: readonly { readonly reason: string; readonly message: string; readonly type: string }[];
}

export function shell(script: string, more: object = {}): object {
  return { name: 'c', image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', script], ...more };
}

async function core(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}`;
}

/** Makes a pod; its path. */
export async function started(c: CaseContext, spec: object, metadata: object = {}): Promise<string> {
  const pods = `${await core(c)}/pods`;
  const whole = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, ...spec };
  await c.post(pods, { metadata: { name: 'a', ...metadata }, spec: whole }, { unstable: true });
  return `${pods}/a`;
}

export async function statusOf(c: CaseContext, path: string): Promise<Status> {
  return ((await c.get(path, { unstable: true })).body as { readonly status: Status }).status;
}

/** What a pod has to say when it has ended well. */
export async function saying(c: CaseContext, path: string): Promise<string> {
  await c.eventually('the pod has ended', async () => {
    const { phase } = await statusOf(c, path);
    c.ok(phase !== 'Failed', 'the pod ends well');
    return phase === 'Succeeded';
  });
  return (await c.get(`${path}/log`, { unstable: true })).text;
}

/** The log of a pod that goes on says it sooner or later. */
async function says(c: CaseContext, path: string, what: string, isSo: (log: string) => boolean): Promise<void> {
  let log = '';
  await c.eventually(what, async () => {
    const answer = await c.get(`${path}/log`, { status: [200, 204, 400], unstable: true });
    log = answer.text;
    return answer.status === 200 && isSo(log);
  });
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
  const path = await started(c, {
    containers: [
      shell(script, {
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
  const log = await saying(c, path);
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
  const path = await started(
    c,
    {
      securityContext: { fsGroup: 2000, runAsUser: 1000 },
      containers: [
        shell(script, {
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
    { labels: { tier: 'front', app: 'web' } },
  );
  const wanted = [
    '3777 0:2000\n2755 0:2000\n644 0:2000\n640 1000:2000\n2777 0:2000',
    'app="web"\ntier="front"\n1000:2000\n1',
    await c.namespace(),
  ].join('\n');
  c.equal((await saying(c, path)).trimEnd(), wanted, 'modes, owners and content');
}

async function updates(c: CaseContext): Promise<void> {
  const map = await create(c, 'configmaps', 'map', { data: { a: 'first', gone: 'x' } });
  const script =
    'while true; do echo "$(cat /map/a) $(cat /fixed) $(ls /map | tr -d "\\n") $(cat /maybe/k 2>/dev/null) $(cat /fields/labels)"; sleep 1; done';
  const path = await started(
    c,
    {
      containers: [
        shell(script, {
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
    { labels: { a: '1' } },
  );
  await says(c, path, 'the first state is read', (log) => log.includes('first first agone  a="1"\n'));
  await c.patch(map, { data: { a: 'second', gone: null, new: 'y' } }, { unstable: true });
  await create(c, 'secrets', 'later', { data: { k: 'dg==' } });
  await c.patch(path, { metadata: { labels: { a: '2' } } }, { unstable: true });
  await says(c, path, 'changes are read, but not by what is mounted alone', (log) =>
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
  const path = await started(c, {
    containers: [shell('cat /map/k', { volumeMounts: [{ name: 'map', mountPath: '/map' }] })],
    volumes: [{ name: 'map', configMap: { name: 'later', items: [{ key: 'k', path: 'k' }] } }],
  });
  const failed = 'MountVolume.SetUp failed for volume "map" : ';
  await eventSays(c, `${failed}configmap "later" not found`);
  const { phase, containerStatuses } = await statusOf(c, path);
  c.equal(phase, 'Pending', 'phase');
  c.equal(containerStatuses?.[0]?.state?.waiting?.reason, 'ContainerCreating', 'reason');
  await create(c, 'configmaps', 'later', { data: { k: 'here' } });
  c.equal(await saying(c, path), 'here', 'it goes on');
}

async function refused(c: CaseContext): Promise<void> {
  await create(c, 'secrets', 'keys', { data: { x: 'eHg=' } });
  const mounts = ['keys', 'host', 'file', 'both'].map((name) => ({ name, mountPath: `/${name}` }));
  await started(c, {
    containers: [shell('true', { volumeMounts: mounts })],
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
  const path = await started(c, {
    initContainers: [shell('echo x > /e/f', { name: 'i', env, ...mount({ subPathExpr: '$(WHERE)' }) })],
    containers: [
      shell('cat /e/in/here/f; stat -c %a /e/in /e/in/here', mount({})),
      shell('true', { name: 'absolute', env, ...mount({ subPathExpr: '$(ROOT)' }) }),
      shell('true', { name: 'unknown', ...mount({ subPathExpr: '$(NONE)' }) }),
    ],
    volumes: [{ name: 'e', emptyDir: {} }],
  });
  await c.eventually('the first has ended', async () => {
    const answer = await c.get(`${path}/log?container=c`, { status: [200, 204, 400], unstable: true });
    return answer.status === 200 && answer.text === 'x\n777\n777\n';
  });
  const rows = [
    ['absolute', 'error SubPath `/tmp` must not be an absolute path'],
    ['unknown', 'missing value for NONE'],
  ] as const;
  for (const [name, message] of rows)
    await c.eventually(`${name}: ${message}`, async () => {
      const { containerStatuses = [] } = await statusOf(c, path);
      const waiting = containerStatuses.find((one) => one.name === name)?.state?.waiting;
      return waiting?.reason === 'CreateContainerConfigError' && waiting.message === message;
    });
}

async function shared(c: CaseContext): Promise<void> {
  const mounts = [
    { name: 'disk', mountPath: '/disk' },
    { name: 'memory', mountPath: '/memory' },
  ];
  const path = await started(c, {
    containers: [
      shell('while ! [ -f /disk/word ]; do sleep 0.1; done; cat /disk/word /memory/word', { volumeMounts: mounts }),
      shell('echo m > /memory/word; echo d > /disk/word', { name: 'other', volumeMounts: mounts }),
    ],
    volumes: [
      { name: 'disk', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ],
  });
  await c.eventually('what one writes the other reads', async () => {
    const answer = await c.get(`${path}/log?container=c`, { status: [200, 204, 400], unstable: true });
    return answer.status === 200 && answer.text === 'd\nm\n';
  });
}

async function managedFiles(c: CaseContext): Promise<void> {
  const path = await started(c, {
    hostname: 'web',
    subdomain: 'shop',
    hostAliases: [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['9.9.9.9'], searches: ['a.b'], options: [{ name: 'ndots', value: '3' }] },
    containers: [
      shell(
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
  c.equal(await saying(c, path), wanted, 'files about the network');
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
    containers: [shell(script, { volumeMounts: [{ name: 'd', mountPath: '/d' }] })],
    volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'claim', readOnly } }],
  });
  const writer = await started(c, using('echo kept > /d/word', false));
  await saying(c, writer);
  const { body } = await c.get(writer, { unstable: true });
  const { nodeName } = (body as { readonly spec: { readonly nodeName: string } }).spec;
  const reader = { ...using('cat /d/word; (echo no > /d/word) 2>/dev/null || echo read-only', true), nodeName };
  await started(c, reader, { name: 'b' });
  c.equal(await saying(c, writer.replace(/a$/, 'b')), 'kept\nread-only\n', 'what one pod left the next one finds');
  const lost = { ...using('true', false), nodeName };
  const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'none' } }];
  await started(c, { ...lost, volumes }, { name: 'c' });
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
