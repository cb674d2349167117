import t from 'tap';
import { MemoryTree } from '../../files/memory-tree.ts';
import type { Pod } from '../pod-runtime.ts';
import { networkDisk } from './network-disk.ts';
import { giveToGroup, userOf } from './ownership.ts';
import { configMapFiles, downwardFiles, secretFiles } from './payload.ts';
import { realPath } from './sub-path.ts';
import { createCluster, prepare, settled, shown } from './test-volumes.ts';

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
