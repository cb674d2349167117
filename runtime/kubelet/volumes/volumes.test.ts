import t from 'tap';
import type { ApiClient, WatchOptions } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import { notFoundError } from '../../../api/status.ts';
import type { WatchEvent } from '../../../api/watch.ts';
import { Informers } from '../../client/informers.ts';
import type { FileTree } from '../../files/file-tree.ts';
import { MemoryTree } from '../../files/memory-tree.ts';
import type { Container, NodeFacts, Pod, VolumeStore } from '../pod-runtime.ts';
import { PodSetup } from '../pod-setup.ts';
import { networkDisk } from './network-disk.ts';
import { giveToGroup, userOf } from './ownership.ts';
import { configMapFiles, downwardFiles, secretFiles } from './payload.ts';
import { realPath } from './sub-path.ts';

/** Objects that tests create, change and remove, with watches that tell of it. */
function createCluster() {
  const objects = new Map<string, KubeObject>();
  const watchers = new Map<string, Set<(event: WatchEvent) => void>>();
  const asked: string[] = [];
  let revision = 0;
  const keyOf = (resource: string, namespace: string, name: string): string => `${resource}/${namespace}/${name}`;
  const tell = (key: string, event: WatchEvent): void => {
    for (const send of watchers.get(key) ?? []) send(event);
  };
  const client = {
    get: async (resource: GroupVersionResource, namespace: string, name: string) => {
      const object = objects.get(keyOf(resource.resource, namespace, name));
      if (object === undefined) throw notFoundError(resource, name);
      return object;
    },
    request: async (method: string, path: string, body: { readonly spec: object }) => {
      asked.push(`${method} ${path}`);
      const status = { token: `token-${asked.length}`, expirationTimestamp: new Date(3600_000).toISOString() };
      return { spec: body.spec, status };
    },
    async *watch({ resource }: GroupVersionResource, options: WatchOptions, signal: AbortSignal) {
      const name = (options.fieldSelector ?? '').replace('metadata.name=', '');
      const key = keyOf(resource, options.namespace ?? 'ns', name);
      asked.push(`WATCH ${key}`);
      const events: WatchEvent[] = [];
      let wake = (): void => undefined;
      const send = (event: WatchEvent): void => {
        events.push(event);
        wake();
      };
      const all = watchers.get(key) ?? new Set();
      watchers.set(key, all.add(send));
      const object = objects.get(key);
      if (object !== undefined) yield { type: 'ADDED', object };
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      yield { type: 'BOOKMARK', object: { metadata: { resourceVersion: '0', annotations } } };
      while (!signal.aborted) {
        const event = events.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
      }
      all.delete(send);
      asked.push(`END ${key}`);
    },
  } as unknown as ApiClient;
  return {
    client,
    asked,
    put: (resource: string, name: string, content: object) => {
      const key = keyOf(resource, 'ns', name);
      const isNew = !objects.has(key);
      const metadata = { name, namespace: 'ns', uid: name, resourceVersion: String(++revision) };
      const object = { metadata, ...content } as KubeObject;
      objects.set(key, object);
      tell(key, { type: isNew ? 'ADDED' : 'MODIFIED', object });
    },
    remove: (resource: string, name: string) => {
      const key = keyOf(resource, 'ns', name);
      const object = objects.get(key);
      objects.delete(key);
      if (object !== undefined) tell(key, { type: 'DELETED', object });
    },
  };
}

/** Timers fire when they are told to. */
function createClock() {
  const timers = new Map<() => void, number>();
  let now = Date.parse('2026-11-21T18:12:30Z');
  const clock: Clock = {
    now: () => now,
    after: (ms, callback) => {
      timers.set(callback, ms);
      return { cancel: () => void timers.delete(callback) };
    },
  };
  return {
    clock,
    pass: (ms: number) => {
      now += ms;
      for (const callback of [...timers.keys()]) {
        timers.delete(callback);
        callback();
      }
    },
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
const node: NodeFacts = { name: 'n0', addresses: ['172.18.0.2'], podCIDRs: [], allocatable: { cpu: '4' } };

function createStore(): VolumeStore {
  const trees = new Map<string, FileTree>();
  const kept = (key: string): FileTree => {
    const tree = trees.get(key) ?? new MemoryTree({ mode: 0o777 });
    trees.set(key, tree);
    return tree;
  };
  return {
    emptyDir: (uid, volume) => kept(`${uid}/${volume}`),
    hostPath: (name) => kept(`node/${name}`),
    shared: (key) => kept(`shared/${key}`),
    release: () => undefined,
  };
}

interface Volumes {
  readonly volumes: NonNullable<NonNullable<Pod['spec']>['volumes']>;
  readonly mounts: NonNullable<Container['volumeMounts']>;
  readonly env?: NonNullable<Container['env']>;
}

/** A pod on its way to its containers. */
function prepare(cluster: ReturnType<typeof createCluster>, { volumes, mounts, env = [] }: Volumes, more: object = {}) {
  const { clock, pass } = createClock();
  const events: string[] = [];
  const stop = new AbortController();
  const onError = (error: unknown): void => void events.push(String(error));
  const { client } = cluster;
  const setup = new PodSetup({
    client,
    clock,
    random: { next: () => 0.5, uuid: () => 'u' },
    informers: new Informers({ client, clock, onError }, stop.signal),
    store: createStore(),
    recorder: { record: (_about, type, reason, message) => void events.push(`${type} ${reason} ${message}`) },
    names: { clusterDomain: 'cluster.local', clusterServers: ['10.96.0.10'], nodeServers: [], nodeSearches: [] },
    onError,
  });
  const container: Container = { name: 'c', volumeMounts: mounts, env };
  let pod: Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'uid', labels: { a: '1' } },
    spec: { containers: [container], volumes, serviceAccountName: 'robot', ...more },
  };
  const preparing = setup.prepare(() => pod, node, stop.signal);
  const mounted = async () => {
    const prepared = await preparing;
    if (prepared === undefined) throw new Error('it was stopped');
    const { mounts: found, ...rest } = await prepared.surroundings(container, ['10.0.0.1']);
    const at = (path: string) => {
      const mount = found.find((one) => one.path === path);
      if (mount === undefined) throw new Error(`nothing at ${path}`);
      return mount;
    };
    return { ...rest, at, close: () => prepared.close() };
  };
  return {
    events,
    pass,
    mounted,
    relabel: (labels: Record<string, string>) => {
      pod = { ...pod, metadata: { ...pod.metadata, labels } };
    },
    stop: () => stop.abort(),
  };
}

/** A tree as text: `mode uid:gid path -> target | text`. */
function shown(tree: FileTree, path = ''): string[] {
  const stat = tree.lstat(path === '' ? '/' : path);
  if (stat === undefined) return [];
  const owner = `${stat.uid}:${stat.gid}`;
  const clean = path.replaceAll(/\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+/g, 'STAMP');
  if (stat.type === 'link') return [`link ${owner} ${clean} -> ${stat.target?.replace(/\d{4}_[\d_]+\.\d+/, 'STAMP')}`];
  const mode = stat.mode.toString(8);
  if (stat.type === 'file') return [`${mode} ${owner} ${clean} | ${tree.read(path)}`];
  const below = tree.list(path === '' ? '/' : path).flatMap((name) => shown(tree, `${path}/${name}`));
  return [`${mode} ${owner} ${clean === '' ? '/' : clean}`, ...below];
}

t.test('files of objects', async (t) => {
  const map = { data: { a: 'ä', b: '2' }, binaryData: { raw: btoa('\xff\x00') } };
  const entries = (payload: ReadonlyMap<string, object>) => Object.fromEntries(payload);
  t.strictSame(entries(configMapFiles(map, {}, 0o644)), {
    a: { text: '\xc3\xa4', mode: 0o644 },
    b: { text: '2', mode: 0o644 },
    raw: { text: '\xff\x00', mode: 0o644 },
  });
  const items = [{ key: 'b', path: './x//y', mode: 0o400 }];
  t.strictSame(entries(configMapFiles(map, { items }, 0o644)), { 'x/y': { text: '2', mode: 0o400 } });
  const missing = [{ key: 'none', path: 'x' }];
  t.strictSame(entries(configMapFiles(map, { items: missing, optional: true }, 0o644)), {});
  const rows: readonly (readonly [() => unknown, string])[] = [
    [() => configMapFiles(map, { items: missing }, 0), 'configmap references non-existent config key: none'],
    [() => secretFiles({}, { items: missing }, 0), 'references non-existent secret key: none'],
    [() => configMapFiles(map, { items: [{ key: 'a', path: '/x' }] }, 0), 'invalid path: must be relative path: /x'],
    [
      () => configMapFiles(map, { items: [{ key: 'a', path: 'x/../y' }] }, 0),
      "invalid path: must not contain '..': x/../y",
    ],
    [
      () => configMapFiles(map, { items: [{ key: 'a', path: '..x' }] }, 0),
      "invalid path: must not start with '..': ..x",
    ],
    [
      () => downwardFiles([{ path: 'x', fieldRef: { fieldPath: 'spec.no' } }], {}, {}, 0),
      'unsupported fieldPath: spec.no',
    ],
  ];
  for (const [make, message] of rows) t.throws(make, { message }, message);
});

t.test('volumes change all at once, and only for those that follow them', async (t) => {
  const cluster = createCluster();
  cluster.put('configmaps', 'c', { data: { a: '1', b: '2' } });
  cluster.put('secrets', 's', { data: { x: btoa('xx') }, immutable: true });
  const pod = prepare(cluster, {
    volumes: [
      { name: 'map', configMap: { name: 'c', defaultMode: 0o644 } },
      { name: 'items', configMap: { name: 'c', defaultMode: 0o440, items: [{ key: 'a', path: 'd/e', mode: 0o400 }] } },
      { name: 'secret', secret: { secretName: 's', defaultMode: 0o600 } },
      { name: 'maybe', secret: { secretName: 'later', optional: true } },
      { name: 'fields', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    ],
    mounts: [
      { name: 'map', mountPath: '/map' },
      { name: 'items', mountPath: '/items' },
      { name: 'secret', mountPath: '/secret' },
      { name: 'maybe', mountPath: '/maybe' },
      { name: 'fields', mountPath: '/fields' },
      { name: 'map', mountPath: '/a', subPath: 'a' },
      { name: 'map', mountPath: '/none', subPath: 'none' },
    ],
  });
  const { at, close } = await pod.mounted();
  t.ok(at('/map').isReadOnly);
  t.strictSame(
    shown(at('/items').tree),
    [
      '777 0:0 /',
      'link 0:0 /..data -> ..STAMP',
      '755 0:0 /..STAMP',
      '755 0:0 /..STAMP/d',
      '400 0:0 /..STAMP/d/e | 1',
      'link 0:0 /d -> ..data/d',
    ].toSorted(byPath),
  );
  t.match(at('/map').tree.lstat('/..data')?.target, /^\.\.2026_11_21_18_12_30\.\d+$/);
  t.equal(at('/secret').tree.lstat('/')?.mode, 0o1777);
  t.equal(at('/a').tree.lstat('/')?.type, 'file', 'a file below a volume is no link');
  t.ok(at('/none').tree.isDirectory('/'), 'what is not there is made');
  t.strictSame(
    at('/maybe')
      .tree.list('/')
      .filter((name) => !name.startsWith('..')),
    [],
  );
  t.equal(at('/fields').tree.read('/labels'), 'a="1"');

  cluster.put('configmaps', 'c', { data: { a: 'one', c: '3' } });
  cluster.put('secrets', 's', { data: { x: btoa('yy') } });
  cluster.put('secrets', 'later', { data: { k: btoa('v') } });
  pod.relabel({ a: '2' });
  await settled();
  pod.pass(1000);
  const map = at('/map').tree;
  t.strictSame(
    map.list('/').filter((name) => !name.startsWith('..')),
    ['a', 'c', 'none'],
  );
  t.equal(map.read('/a'), 'one');
  t.equal(map.list('/').filter((name) => /^\.\.2026/.test(name)).length, 1, 'the old directory has gone');
  t.equal(at('/a').tree.read('/'), '1', 'a file that is mounted alone stays');
  t.equal(at('/secret').tree.read('/x'), 'xx', 'what says that it never changes is not followed');
  t.equal(at('/maybe').tree.read('/k'), 'v');
  t.equal(at('/fields').tree.read('/labels'), 'a="2"');
  cluster.remove('configmaps', 'c');
  cluster.remove('secrets', 'later');
  await settled();
  t.equal(map.read('/a'), 'one', 'what has gone leaves its last state');
  t.strictSame(at('/maybe').tree.read('/k'), undefined, 'but not what may be missing');
  close();
  await settled();
  const count = (word: string) => cluster.asked.filter((one) => one.startsWith(word) && !/services/.test(one)).length;
  t.equal(count('WATCH'), 3, 'one watch for each object');
  t.equal(count('END'), 3, 'which ends with the pod');
  pod.stop();
});

function byPath(a: string, b: string): number {
  const pathOf = (line: string) => /\/\S*/.exec(line)?.[0] ?? '';
  return pathOf(a) < pathOf(b) ? -1 : 1;
}

t.test('a group and a user get what is made for them', async (t) => {
  const cluster = createCluster();
  cluster.put('configmaps', 'c', { data: { a: '1' } });
  const sources = [{ configMap: { name: 'c' } }, { serviceAccountToken: { path: 'dir/token', audience: 'x' } }];
  const volumes = [
    { name: 'all', projected: { sources, defaultMode: 0o644 } },
    { name: 'scratch', emptyDir: {} },
  ];
  const mounts = [
    { name: 'all', mountPath: '/all' },
    { name: 'scratch', mountPath: '/scratch' },
  ];
  const securityContext = { fsGroup: 2000, runAsUser: 1000 };
  const pod = prepare(cluster, { volumes, mounts }, { securityContext });
  const { at } = await pod.mounted();
  t.strictSame(
    shown(at('/all').tree),
    [
      '3777 0:2000 /',
      'link 0:2000 /..data -> ..STAMP',
      '2755 0:2000 /..STAMP',
      '644 0:2000 /..STAMP/a | 1',
      '2755 0:2000 /..STAMP/dir',
      '640 1000:2000 /..STAMP/dir/token | token-2',
      'link 0:2000 /a -> ..data/a',
      'link 0:2000 /dir -> ..data/dir',
    ].toSorted(byPath),
  );
  t.strictSame(shown(at('/scratch').tree), ['2777 0:2000 /']);
  t.ok(cluster.asked.includes('POST /api/v1/namespaces/ns/serviceaccounts/robot/token'));
  pod.stop();
  const tree = new MemoryTree();
  tree.write('/d/f', 'x', { mode: 0o600 });
  tree.link('/l', 'd/f');
  giveToGroup(tree, 5, '');
  t.strictSame(shown(tree), ['2775 0:5 /', '2775 0:5 /d', '660 0:5 /d/f | x', 'link 0:0 /l -> d/f']);
  const users = (...list: (number | undefined)[]): Pod => ({
    spec: {
      containers: list.map((runAsUser) => ({
        name: 'c',
        securityContext: runAsUser === undefined ? {} : { runAsUser },
      })),
    },
  });
  t.equal(userOf(users(1, 1)), 1);
  t.equal(userOf(users(1, 2)), undefined);
  t.equal(userOf(users(1, undefined)), undefined);
});

t.test(
  "the token that every pod is given is fetched when somebody wants to read it, and renewed when it's old",
  async (t) => {
    const cluster = createCluster();
    const sources = [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }];
    const volumes = [{ name: 'kube-api-access-abcde', projected: { sources } }];
    const pod = prepare(cluster, { volumes, mounts: [{ name: 'kube-api-access-abcde', mountPath: '/account' }] });
    const { at } = await pod.mounted();
    const requests = () => cluster.asked.filter((one) => one.startsWith('POST')).length;
    t.equal(requests(), 0);
    await at('/account').prepare?.();
    await at('/account').prepare?.();
    const tree = at('/account').tree;
    t.match(tree.read('/token'), /^token-\d+$/);
    // The answer's time has long passed: each look asks for a new one.
    await settled();
    const before = requests();
    tree.read('/token');
    await settled();
    t.equal(requests(), before + 1);
    pod.stop();
  },
);

t.test('what is missing is waited for', async (t) => {
  const cluster = createCluster();
  const pod = prepare(cluster, {
    volumes: [
      { name: 'v', configMap: { name: 'y', items: [{ key: 'k', path: 'k' }] } },
      { name: 'unused', secret: { secretName: 'no' } },
    ],
    mounts: [{ name: 'v', mountPath: '/v' }],
  });
  const said = 'Warning FailedMount MountVolume.SetUp failed for volume "v" : ';
  await settled();
  t.strictSame(pod.events, [`${said}configmap "y" not found`]);
  pod.pass(500);
  await settled();
  t.strictSame(pod.events.length, 2, 'it is tried again after a while');
  cluster.put('configmaps', 'y', { data: {} });
  await settled();
  t.equal(pod.events.at(-1), `${said}configmap references non-existent config key: k`, 'and at once when it comes');
  cluster.put('configmaps', 'y', { data: { k: 'v' } });
  const { at } = await pod.mounted();
  t.equal(at('/v').tree.read('/k'), 'v');
  pod.stop();
});

t.test('claims lead to the disks they are bound to', async (t) => {
  const cluster = createCluster();
  const mounts = [{ name: 'data', mountPath: '/data' }];
  const pod = prepare(cluster, {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'claim', readOnly: true } }],
    mounts,
  });
  const said =
    'Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: error processing PVC ns/claim: ';
  const wait = async (ms: number) => {
    await settled();
    pod.pass(ms);
    await settled();
  };
  await wait(300);
  t.equal(pod.events.at(-1), `${said}failed to fetch PVC from API server: persistentvolumeclaims "claim" not found`);
  const spec = { volumeName: 'pv' };
  cluster.put('persistentvolumeclaims', 'claim', { spec, status: { phase: 'Pending' } });
  await wait(1000);
  await wait(300);
  t.equal(pod.events.at(-1), `${said}PVC is not bound`);
  cluster.put('persistentvolumeclaims', 'claim', { spec, status: { phase: 'Bound' } });
  pod.stop();
  const disk = { nfs: { server: 's', path: '/x', readOnly: true } };
  t.strictSame(networkDisk(disk), { key: 'nfs/path="/x",server="s"', isReadOnly: true, takesGroup: false });
  const handle = { csi: { driver: 'd', volumeHandle: 'h', fsType: 'ext4' } };
  t.strictSame(networkDisk(handle), { key: 'csi/driver="d",volumeHandle="h"', isReadOnly: false, takesGroup: true });
  t.strictSame(
    networkDisk({ name: 'v', csi: { driver: 'd' } }, 'uid')?.key,
    'csi/uid/v',
    "an inline driver's is the pod's own",
  );
  t.equal(networkDisk({ name: 'v', emptyDir: {} }), undefined);
});

t.test('paths of the node are what the pod says they are', async (t) => {
  const cluster = createCluster();
  const rows: readonly (readonly [type: string, path: string, message: string | undefined])[] = [
    ['', '/new', undefined],
    ['DirectoryOrCreate', '/other', undefined],
    ['Directory', '/none', 'hostPath type check failed: /none is not a directory'],
    ['File', '/none', 'hostPath type check failed: /none is not a file'],
    ['Socket', '/none', 'hostPath type check failed: /none is not a socket file'],
    ['CharDevice', '/none', 'hostPath type check failed: /none is not a character device'],
    ['BlockDevice', '/none', 'hostPath type check failed: /none is not a block device'],
    ['FileOrCreate', '/no/file', 'open /no/file: no such file or directory'],
    ['FileOrCreate', '/file', undefined],
    ['Odd', '/x', 'Odd is an invalid volume type'],
  ];
  for (const [type, path, message] of rows) {
    const pod = prepare(cluster, {
      volumes: [{ name: 'h', hostPath: { path, type } }],
      mounts: [{ name: 'h', mountPath: '/h' }],
    });
    await settled();
    const said = `Warning FailedMount MountVolume.SetUp failed for volume "h" : ${message}`;
    t.strictSame(pod.events, message === undefined ? [] : [said], `${type} ${path}`);
    pod.stop();
  }
});

t.test('paths below a volume', async (t) => {
  const cluster = createCluster();
  const volumes = [{ name: 'e', emptyDir: {} }];
  const env = [
    { name: 'WHERE', value: 'deep/down' },
    { name: 'ROOT', value: '/tmp' },
    { name: 'UP', value: '..' },
    { name: 'EMPTY', value: '' },
  ];
  const of = (mount: object) => {
    const pod = prepare(cluster, { volumes, env, mounts: [{ name: 'e', mountPath: '/m', ...mount }] });
    return pod.mounted().finally(pod.stop);
  };
  const { at } = await of({ subPathExpr: 'in/$(WHERE)' });
  t.ok(at('/m').tree.isDirectory('/'));
  const rows: readonly (readonly [mount: object, message: string])[] = [
    [{ subPathExpr: '$(ROOT)' }, 'error SubPath `/tmp` must not be an absolute path'],
    [{ subPathExpr: '$(UP)' }, "unable to provision SubPath `..`: must not contain '..'"],
    [{ subPathExpr: '$(NONE)/$(EMPTY)' }, 'missing value for EMPTY, NONE'],
    [
      { recursiveReadOnly: 'Enabled' },
      'failed to resolve recursive read-only mode: volume "e" requested recursive read-only mode, but it is not read-only',
    ],
    [{ name: 'none' }, 'cannot find volume "none" to mount into container "c"'],
  ];
  for (const [mount, message] of rows)
    await t.rejects(of(mount), { message, reason: 'CreateContainerConfigError' }, message);
  const tree = new MemoryTree();
  tree.write('/a/b', 'x');
  tree.link('/in', 'a/b');
  tree.link('/out', '../x');
  tree.link('/far', '/etc');
  tree.link('/loop', 'loop');
  const paths = [
    ['in', '/a/b'],
    ['a/../in', '/a/b'],
    ['out', undefined],
    ['far/passwd', undefined],
    ['loop', undefined],
    ['new/x', '/new/x'],
  ] as const;
  for (const [path, real] of paths) t.equal(realPath(tree, path), real, path);
});

t.test('a container finds the files of its pod and its words expanded', async (t) => {
  const cluster = createCluster();
  const pod = prepare(cluster, { volumes: [], mounts: [], env: [{ name: 'A', value: 'ä' }] }, { subdomain: 's' });
  const { at, environment } = await pod.mounted();
  t.equal(environment.get('HOSTNAME'), 'p');
  t.equal(environment.get('A'), '\xc3\xa4');
  t.match(at('/etc/hosts').tree.read('/'), /\n10\.0\.0\.1\tp\.s\.ns\.svc\.cluster\.local\tp\n$/);
  t.equal(at('/etc/hostname').tree.read('/'), 'p\n');
  t.match(at('/etc/resolv.conf').tree.read('/'), /^search ns\.svc\.cluster\.local /);
  const log = at('/dev/termination-log').tree;
  t.equal(log.stat('/')?.mode, 0o666);
  log.write('/', 'bye');
  t.equal(log.read('/'), 'bye');
  pod.stop();
});
