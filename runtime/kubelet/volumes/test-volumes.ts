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

/** Objects that tests create, change and remove, with watches that tell of it. */
export function createCluster() {
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

export const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
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
export function prepare(
  cluster: ReturnType<typeof createCluster>,
  { volumes, mounts, env = [] }: Volumes,
  more: object = {},
) {
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
export function shown(tree: FileTree, path = ''): string[] {
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
