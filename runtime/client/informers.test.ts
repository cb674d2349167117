import t from 'tap';
import type { ApiClient, WatchOptions } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import type { WatchEvent } from '../../api/watch.ts';
import { type AggregatedGroups, Discovery } from './discovery.ts';
import { Informers } from './informers.ts';
import { followServed } from './served-resources.ts';

const secrets: GroupVersionResource = { group: '', version: 'v1', resource: 'secrets' };
const definitions: GroupVersionResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};

/** A client whose watches begin with `initial` and go on with what is sent. */
function createClient(initial: Readonly<Record<string, readonly KubeObject[]>>, groups: () => AggregatedGroups) {
  const asked: (WatchOptions & { readonly resource: string })[] = [];
  const senders = new Map<string, (event: WatchEvent) => void>();
  const client = {
    request: async (_method: string, path: string) => (path === '/apis' ? groups() : { items: [] }),
    async *watch({ resource }: GroupVersionResource, options: WatchOptions, signal: AbortSignal) {
      asked.push({ resource, ...options });
      for (const object of initial[resource] ?? []) yield { type: 'ADDED', object };
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      yield { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9', annotations } } };
      while (!signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<WatchEvent | undefined>();
        senders.set(resource, resolve);
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
        const event = await promise;
        if (event !== undefined) yield event;
      }
    },
  } as unknown as ApiClient;
  return { client, asked, send: (resource: string, event: WatchEvent) => senders.get(resource)?.(event) };
}

/** Timers fire when they are told to. */
function createClock() {
  const timers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    after: (_delayMs, callback) => {
      timers.add(callback);
      return { cancel: () => void timers.delete(callback) };
    },
  };
  const fire = (): void => {
    for (const callback of timers) callback();
  };
  return { clock, fire };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const noGroups = (): AggregatedGroups => ({ items: [] });

await t.test('informers of metadata keep nothing else, and are not made where a full one is', async (t) => {
  const secret = {
    metadata: { name: 's', namespace: 'a', uid: 'u', resourceVersion: '1', labels: { l: 'v' }, finalizers: ['f'] },
    data: { k: 'v' },
  } as KubeObject;
  const { client, asked } = createClient({ secrets: [secret] }, noGroups);
  const stop = new AbortController();
  const deps = { client, clock: createClock().clock, onError: (error: unknown) => t.fail(String(error)) };
  const informers = new Informers(deps, stop.signal);
  const bare = informers.metadataOf(secrets);
  await bare.whenSynced();
  t.strictSame(JSON.parse(JSON.stringify(bare.get('a/s'))), {
    metadata: { name: 's', namespace: 'a', uid: 'u', resourceVersion: '1', finalizers: ['f'] },
  });
  t.equal(asked[0]?.metadataOnly, true);
  t.equal(informers.metadataOf(secrets), bare);
  const full = informers.of(secrets);
  t.not(full, bare);
  t.equal(informers.metadataOf(secrets), full);
  informers.forgetMetadataOf(secrets);
  await full.whenSynced();
  t.match(full.get('a/s'), { data: { k: 'v' } });
  t.equal(informers.all().length, 1);
  stop.abort();
  await informers.ended();
});

await t.test('who wrote which field is not kept, and nothing else of an object is lost', async (t) => {
  const sent = {
    metadata: {
      name: 'a',
      namespace: 'x',
      resourceVersion: '3',
      labels: { l: '1' },
      managedFields: [{ manager: 'm' }],
    },
    spec: { managedFields: 'of its own' },
  };
  const { client } = createClient({ widgets: [sent as KubeObject] }, noGroups);
  const stop = new AbortController();
  const deps = { client, clock: createClock().clock, onError: (error: unknown) => t.fail(String(error)) };
  const informers = new Informers(deps, stop.signal);
  const widgets = informers.of({ group: 'example.com', version: 'v1', resource: 'widgets' });
  await widgets.whenSynced();
  const { managedFields: _, ...metadata } = sent.metadata;
  t.strictSame(widgets.get('x/a'), { ...sent, metadata });
  stop.abort();
  await informers.ended();
});

await t.test('what is served is asked for at once, and again when definitions change', async (t) => {
  let resources = ['one'];
  const { client, send } = createClient({ customresourcedefinitions: [] }, () => ({
    items: [
      {
        metadata: { name: 'g' },
        versions: [
          { version: 'v1', resources: resources.map((resource) => ({ resource, scope: 'Namespaced', verbs: [] })) },
        ],
      },
    ],
  }));
  const stop = new AbortController();
  const { clock, fire } = createClock();
  const onError = (error: unknown): void => void t.fail(String(error));
  const informers = new Informers({ client, clock, onError }, stop.signal);
  const seen: string[] = [];
  const following = followServed(
    { discovery: new Discovery(client), informers, clock, onError },
    (discovered) => void seen.push(discovered.resources.map(({ resource }) => resource).join()),
    stop.signal,
  );
  await settled();
  t.same(seen, ['one']);
  resources = ['one', 'two'];
  send(definitions.resource, { type: 'ADDED', object: { metadata: { name: 'two', uid: '2', resourceVersion: '10' } } });
  await settled();
  t.same(seen, ['one'], 'not before it has settled');
  fire();
  await settled();
  t.same(seen, ['one', 'one,two']);
  stop.abort();
  await following;
  await informers.ended();
});
