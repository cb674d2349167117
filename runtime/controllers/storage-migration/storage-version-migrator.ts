import type { ApiClient } from '../../../api/client.ts';
import { type Clock, toTime } from '../../../api/clock.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { DiscoveredResource } from '../../client/discovery.ts';
import type { Informer } from '../../client/informer.ts';
import {
  type ControllerContext,
  type ControllerDefinition,
  NotYet,
  startReconciling,
} from '../../framework/controller.ts';
import { unlessOvertaken } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { definitionMigrated, definitionMigrating } from './definition-status.ts';

type StorageVersionMigration = Api<'io.k8s.api.storagemigration.v1beta1.StorageVersionMigration'>;

const name = 'storage-version-migrator-controller';
const verbs = ['create', 'update', 'get', 'list', 'patch', 'watch'];
const pageSize = 500;
/** A resource that nobody serves may just be new. */
const patienceMs = 60_000;

function isTrue({ status }: Readonly<StorageVersionMigration>, wanted: string): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === wanted && is === 'True') ?? false;
}

function hasEnded(migration: Readonly<StorageVersionMigration>): boolean {
  return isTrue(migration, 'Succeeded') || isTrue(migration, 'Failed');
}

function resourceText({ spec }: Readonly<StorageVersionMigration>): string {
  return `${spec?.resource?.resource}.${spec?.resource?.group ?? ''}`;
}

function isOlder(a: Readonly<StorageVersionMigration>, b: Readonly<StorageVersionMigration>): boolean {
  const keyOf = ({ metadata }: Readonly<StorageVersionMigration>): string =>
    `${metadata?.creationTimestamp} ${metadata?.name}`;
  return keyOf(a) < keyOf(b);
}

/** One migration of a resource at a time, the oldest first. */
function mayRun(
  migration: Readonly<StorageVersionMigration>,
  all: readonly Readonly<StorageVersionMigration>[],
): boolean {
  return !all.some((other) => {
    if (other.metadata?.uid === migration.metadata?.uid || resourceText(other) !== resourceText(migration))
      return false;
    return isTrue(other, 'Running') || (!hasEnded(other) && isOlder(other, migration));
  });
}

/** Writes every object anew, unchanged: the server stores it in the version that it stores now. */
async function rewriteAll(
  client: ApiClient,
  { kind, namespaced, ...served }: DiscoveredResource,
  signal: AbortSignal,
): Promise<void> {
  const resource: GroupVersionResource = { group: served.group, version: served.version, resource: served.resource };
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  let next: string | undefined;
  do {
    const page = await client.list(resource, { limit: pageSize, ...(next === undefined ? {} : { continue: next }) });
    next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
    for (const { metadata = {} } of page.items) {
      if (signal.aborted) return;
      const { name: own = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
      const patch = {
        apiVersion,
        kind,
        metadata: { name: own, ...(namespaced ? { namespace } : {}), uid, resourceVersion },
      };
      const target = { resource, namespace, name: own, type: 'application/apply-patch+yaml' } as const;
      // Whoever changed or removed it meanwhile has done the work.
      await unlessOvertaken(client.patch(target, patch, { fieldManager: name, force: true }));
    }
  } while (next !== undefined);
}

class Migrator {
  readonly #context: Pick<ControllerContext, 'client' | 'clock' | 'discovery'>;
  readonly #resource: GroupVersionResource;
  readonly #informer: Informer<StorageVersionMigration>;

  constructor(
    context: Pick<ControllerContext, 'client' | 'clock' | 'discovery'>,
    resource: GroupVersionResource,
    informer: Informer<StorageVersionMigration>,
  ) {
    this.#context = context;
    this.#resource = resource;
    this.#informer = informer;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const migration = this.#informer.get(key);
    if (migration === undefined) return;
    if (hasEnded(migration)) await this.#finish(migration);
    else if (isTrue(migration, 'Running')) await this.#run(migration, signal);
    else if (mayRun(migration, this.#informer.list())) {
      await definitionMigrating(this.#context, resourceText(migration), migration.metadata?.name ?? '');
      await this.#write(
        withCondition(migration, this.#context.clock, 'Running', 'MigrationRunning', 'The migration is running'),
      );
    }
  }

  async #run(migration: Readonly<StorageVersionMigration>, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    const found = await this.#find(migration);
    if (typeof found === 'string') {
      if (Date.parse(migration.metadata?.creationTimestamp ?? '') + patienceMs > clock.now()) throw new NotYet();
      await this.#write(withCondition(migration, clock, 'Failed', 'StorageVersionMigrationFailed', found));
      return;
    }
    let current = migration;
    if ((migration.status?.resourceVersion ?? '') === '') {
      const { metadata } = await client.list(found, { limit: 1 });
      const status = { ...migration.status, resourceVersion: metadata?.resourceVersion ?? '' };
      current = await this.#write({ ...migration, status });
    }
    await rewriteAll(client, found, signal);
    if (!signal.aborted)
      await this.#write(withCondition(current, clock, 'Succeeded', 'StorageVersionMigrationSucceeded', ''));
  }

  /** Or why it cannot be migrated. */
  async #find({ spec }: Readonly<StorageVersionMigration>): Promise<DiscoveredResource | string> {
    const { group = '', resource = '' } = spec?.resource ?? {};
    const { resources } = await this.#context.discovery.read();
    const found = resources.find((one) => one.group === group && one.resource === resource && one.isPreferred);
    if (found === undefined) return 'resource does not exist in discovery';
    if (verbs.every((verb) => found.verbs.includes(verb))) return found;
    const text = `${group}/${found.version}, Resource=${resource}`;
    return `resource "${text}" does not support discovery operations: [${verbs.join(' ')}]`;
  }

  async #finish(migration: Readonly<StorageVersionMigration>): Promise<void> {
    if (!isTrue(migration, 'Running')) return;
    await definitionMigrated(this.#context, resourceText(migration), isTrue(migration, 'Succeeded'));
    const { clock } = this.#context;
    await this.#write(withCondition(migration, clock, 'Running', 'MigrationCompleted', 'Migration completed', 'False'));
  }

  #write(migration: Readonly<StorageVersionMigration>): Promise<Readonly<StorageVersionMigration>> {
    return this.#context.client.update(this.#resource, '', migration, { subresource: 'status' });
  }
}

function withCondition(
  migration: Readonly<StorageVersionMigration>,
  clock: Clock,
  type: string,
  reason: string,
  message: string,
  status: 'True' | 'False' = 'True',
): StorageVersionMigration {
  const others = (migration.status?.conditions ?? []).filter((one) => one.type !== type);
  const observedGeneration = migration.metadata?.generation;
  const condition = {
    type,
    status,
    reason,
    message,
    lastTransitionTime: toTime(clock.now()),
    ...(status === 'True' || observedGeneration === undefined ? {} : { observedGeneration }),
  };
  return { ...migration, status: { ...migration.status, conditions: [...others, condition] } };
}

/** Carries out StorageVersionMigrations, where these are served; stock clusters do not serve them. */
export const storageVersionMigrator: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { clock, discovery, informers, onError } = context;
    const queue = new WorkQueue(clock);
    const run = async (): Promise<void> => {
      await discovery.read();
      const resource = discovery.known('storagemigration.k8s.io/v1beta1', 'StorageVersionMigration');
      if (resource === undefined || signal.aborted) return;
      const informer = informers.of<StorageVersionMigration>(resource);
      const migrator = new Migrator(context, resource, informer);
      // One that ends lets the next one of its resource begin.
      const enqueueAll = (): void => {
        for (const { metadata } of informer.list()) queue.add(metadata?.name ?? '');
      };
      informer.subscribe({ added: enqueueAll, updated: enqueueAll, deleted: enqueueAll });
      const reconcile = (key: string): Promise<void> => migrator.reconcile(key, signal);
      await startReconciling({ name, workers: 1, informers: [informer], queue, reconcile }, context, signal).ended;
    };
    return { name, queues: [queue], ended: run().catch((error: unknown) => onError(error, name)) };
  },
};
