import t from 'tap';
import type { ApiClient } from '../../api/client.ts';
import type { Api, GroupVersionResource, KubeObject } from '../../api/object.ts';
import { alreadyExists, conflict, notFoundError } from '../../api/status.ts';
import { leadWhileElected } from './leader-election.ts';

type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;

interface LeaseServer {
  lease: Lease | undefined;
  isDown: boolean;
  readonly client: ApiClient;
}

function leaseServer(): LeaseServer {
  const unused = (): never => {
    throw new Error('not used');
  };
  let revision = 0;
  const check = (): void => {
    if (server.isDown) throw new Error('no connection');
  };
  const stored = <T extends KubeObject>(object: T): T => {
    server.lease = { ...object, metadata: { ...object.metadata, resourceVersion: String(++revision) } };
    return server.lease as T;
  };
  const server: LeaseServer = {
    lease: undefined,
    isDown: false,
    client: {
      async get<T extends KubeObject>(resource: GroupVersionResource, _namespace: string, name: string) {
        check();
        if (server.lease === undefined) throw notFoundError(resource, name);
        return server.lease as T;
      },
      async create<T extends KubeObject>(resource: GroupVersionResource, _namespace: string, object: T) {
        check();
        if (server.lease !== undefined) throw alreadyExists(resource, object.metadata?.name ?? '');
        return stored(object);
      },
      async update<T extends KubeObject>(resource: GroupVersionResource, _namespace: string, object: T) {
        check();
        if (object.metadata?.resourceVersion !== server.lease?.metadata?.resourceVersion)
          throw conflict(resource, 'x', 'changed');
        return stored(object);
      },
      list: unused,
      watch: unused,
      patch: unused,
      delete: unused,
      request: unused,
    },
  };
  return server;
}

/** A hundred times as fast as time. */
const clock = {
  now: () => performance.now() * 100,
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms / 100);
    return { cancel: () => clearTimeout(timer) };
  },
};

function candidate(server: LeaseServer, identity: string, log: string[]): AbortController {
  const stop = new AbortController();
  const lead = async (signal: AbortSignal): Promise<void> => {
    log.push(`${identity} leads`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    log.push(`${identity} ends`);
  };
  const lease = { namespace: 'kube-system', name: 'x', identity };
  void leadWhileElected({ client: server.client, clock, ...lease, onError: () => undefined }, lead, stop.signal);
  return stop;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

t.test('one leads at a time; who ends gives the lease back, and the next one takes over', async (t) => {
  const server = leaseServer();
  const log: string[] = [];
  const first = candidate(server, 'a', log);
  await until(() => log.length === 1);
  const second = candidate(server, 'b', log);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.strictSame(log, ['a leads'], 'a renewed lease is left alone');
  t.match(server.lease, { spec: { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 } });
  first.abort();
  await until(() => log.length === 3);
  t.strictSame(log, ['a leads', 'a ends', 'b leads']);
  t.match(server.lease, { spec: { holderIdentity: 'b', leaseTransitions: 1 } });
  second.abort();
});

t.test('who cannot renew in time stops leading', async (t) => {
  const server = leaseServer();
  const log: string[] = [];
  candidate(server, 'a', log);
  await until(() => log.length === 1);
  server.isDown = true;
  await until(() => log.length === 2);
  t.strictSame(log, ['a leads', 'a ends']);
});

t.test('a lease whose holder is silent is taken when it has run out', async (t) => {
  const server = leaseServer();
  server.lease = {
    metadata: { name: 'x', resourceVersion: '7' },
    spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, leaseTransitions: 4 },
  };
  const log: string[] = [];
  const begin = clock.now();
  const stop = candidate(server, 'a', log);
  await until(() => log.length === 1);
  t.ok(clock.now() - begin >= 15_000, 'not before');
  t.match(server.lease, { spec: { holderIdentity: 'a', leaseTransitions: 5 } });
  stop.abort();
});
