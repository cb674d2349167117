import t from 'tap';
import { MemoryTree } from '../files/memory-tree.ts';
import { reclaimDisk } from '../kubelet/eviction/reclaim.ts';
import { ContainerLogs } from '../kubelet/logs/container-logs.ts';
import type { DiskUsage, Pod } from '../kubelet/pod-runtime.ts';
import { createNetwork } from '../network/create-network.ts';
import { createImageCatalog } from './image-catalog.ts';
import { ImageTable } from './images/table/image-table.ts';
import { readTable } from './images/table/read-table.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

const start = 1_000_000;
const minute = 60_000;

function runtimeAt(time: { now: number }) {
  const table = new ImageTable();
  const text = `
images:
- {image: [large, docker.io/library/large*], pull: {size: 3Gi}}
- {image: hog, resources: {ephemeral-storage: 2Gi}}`;
  table.set('file', readTable(text, 'table'));
  const after = (_ms: number, callback: () => void) => {
    setImmediate(callback);
    return { cancel: () => undefined };
  };
  return createSimulatedRuntime({
    clock: { now: () => time.now, after },
    random: { next: () => 0.5, uuid: () => '00000000-0000-4000-8000-000000000000' },
    network: createNetwork({ hostIp: '172.18.0.1' }),
    catalog: createImageCatalog({ table }),
  });
}

t.test('files are counted as they come and go, and what comes is told', async (t) => {
  let told: DiskUsage = { bytes: 0, files: 0 };
  const base = new MemoryTree();
  base.write('/usr/share/words', 'many');
  const tree = new MemoryTree({
    base,
    onGrow: ({ bytes, files }) => {
      told = { bytes: told.bytes + bytes, files: told.files + files };
    },
  });
  const used = () => [tree.usedBytes, tree.usedFiles];
  t.strictSame(used(), [0, 0], 'what it begins with is not its own');
  tree.write('/a/b/c', '12345');
  tree.write('/a/b/d', '123');
  tree.link('/a/link', 'b');
  t.strictSame(used(), [8, 5]);
  tree.write('/a/b/c', '1');
  tree.handle('/a/b/c', true)?.append('23');
  t.strictSame(used(), [6, 5]);
  t.strictSame(told, { bytes: 10, files: 5 }, 'what goes is not');
  tree.hardLink('/a/b/c', '/a/e');
  tree.rename('/a/b/d', '/a/f');
  t.strictSame(used(), [6, 5]);
  tree.remove('/a/e');
  tree.remove('/a/b');
  tree.remove('/usr/share/words');
  t.strictSame(used(), [3, 3]);
});

t.test('volumes of a pod and files of a node tell who follows them', async (t) => {
  const { volumes, forgetNode } = runtimeAt({ now: start });
  const told: (readonly [string, number])[] = [];
  volumes.follow?.({ podUid: 'p' }, ({ bytes }) => bytes > 0 && told.push(['p', bytes]));
  volumes.follow?.({ node: 'n' }, ({ bytes }) => bytes > 0 && told.push(['n', bytes]));
  const disk = volumes.emptyDir('p', 'disk', '');
  const memory = volumes.emptyDir('p', 'memory', 'Memory');
  const other = volumes.emptyDir('q', 'disk', '');
  const host = volumes.hostPath('n', '/var/data', 'DirectoryOrCreate');
  told.length = 0;
  const before = volumes.nodeUsage?.('n')?.bytes ?? 0;
  for (const tree of [disk, memory, other, host]) tree.write('/x', '12345');
  t.strictSame(told, [
    ['p', 5],
    ['n', 5],
  ]);
  t.strictSame(volumes.emptyDirUsage?.('p', 'disk'), { bytes: 5, files: 1 });
  t.equal(volumes.emptyDirUsage?.('p', 'other'), undefined);
  t.equal((volumes.nodeUsage?.('n')?.bytes ?? 0) - before, 5);
  forgetNode?.('n');
  volumes.release('p');
  host.write('/y', '1');
  t.equal(told.length, 2);
});

t.test('images that no container uses go, but those that have just come', async (t) => {
  const time = { now: start };
  const { images } = runtimeAt(time);
  const pull = (image: string) => images.pull('n', image, { spec: { containers: [{ name: 'a', image }] } });
  for (const image of ['large', 'docker.io/library/large:latest', 'busybox', 'nginx']) await pull(image);
  const [large, busybox] = [3 * 2 ** 30, (await pull('busybox')).sizeBytes];
  time.now += 3 * minute;
  await pull('redis');
  t.equal(images.count?.('n'), 5);
  const record = (image: string, wasCreated = true) => ({
    ...{ wasCreated, image, spec: { name: 'a', image }, logs: new ContainerLogs(), kind: 'main', running: undefined },
  });
  const pod = (isOver: boolean, containers: readonly object[], spec: Pod['spec'] = { containers: [] }) =>
    ({ isOver, pod: { spec }, containers: () => containers }) as never;
  const volume = { containers: [], volumes: [{ name: 'v', image: { reference: 'busybox' } }] };
  const ended = record('nginx');
  const buffer = ended.logs.open({ now: () => time.now, after: () => ({ cancel: () => undefined }) });
  buffer.write('stdout', 'last words\n');
  ended.logs.started(buffer);
  const reclaim = (...pods: never[]): void => reclaimDisk({ node: 'n', images, pods: () => pods }, time.now);
  reclaim(pod(false, [record('docker.io/library/large:latest'), record('nginx', false)], volume), pod(true, [ended]));
  t.match(images.largest?.('n', 9), [{ sizeBytes: large }, {}, {}]);
  t.equal(images.find('n', 'nginx'), undefined, 'nothing made of it runs');
  t.ok(images.find('n', 'large'), 'by its other name');
  t.ok(images.find('n', 'redis'), 'it has just come');
  t.equal(buffer.storedBytes, 0, 'nor are logs kept of what has ended');
  time.now += 3 * minute;
  reclaim(pod(false, [record('busybox')]));
  t.strictSame(images.usage?.('n'), { bytes: busybox, files: 0 });
});

t.test('a described image writes as much as it is said to', async (t) => {
  const runtime = runtimeAt({ now: start });
  const container = { name: 'main', image: 'hog' };
  const pod: Pod = { metadata: { name: 'a', namespace: 'default', uid: 'u' }, spec: { containers: [container] } };
  const sandbox = await runtime.createSandbox(pod, { name: 'n', addresses: ['172.18.0.2'], podCIDRs: ['10.0.0.0/24'] });
  let told = 0;
  const running = await sandbox.startContainer({
    container,
    attempt: 0,
    environment: new Map(),
    mounts: [],
    log: () => undefined,
    onWritten: ({ bytes }) => {
      told += bytes;
    },
  });
  t.ok((running.written?.().bytes ?? 0) >= 2 * 2 ** 30);
  t.ok(told >= 2 * 2 ** 30);
  t.equal(running.processes?.(), 1);
  running.stop(0);
  await running.exited;
  sandbox.close();
});
