import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import { type DiscoveredResource, type Discovery, discoveryFailure } from '../../client/discovery.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { startReconciling } from '../../framework/controller.ts';
import { isConflict, isNotFound, unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { conditionsAt, type Progress } from './conditions.ts';
import { emptyResource, type Leftover, pods } from './content.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type Pod = Api<'io.k8s.api.core.v1.Pod'>;

const namespaces: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };
const finalizer = 'kubernetes';
/** What was on its way when the deletion began still arrives. */
const settleMs = 50;
const workers = 10;
/** So many resources are emptied side by side. */
const breadth = 8;
const firstLookMs = 100;
const maxRetryMs = 60_000;
const controllerName = 'namespace-controller';

export interface Deletion {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly discovery: Discovery;
}

/** Upstream deletes preferred versions of what namespaces can hold and deletion can reach. */
function isDeletable({ namespaced, isPreferred, verbs }: DiscoveredResource): boolean {
  return namespaced && isPreferred && verbs.includes('delete');
}

function isPods({ group, resource }: DiscoveredResource): boolean {
  return group === '' && resource === pods.resource;
}

/** One attempt at deleting a namespace's content and then itself; the seconds to wait before the next one, 0 when it is through. */
export async function deleteNamespace(deletion: Deletion, name: string): Promise<number> {
  const { client } = deletion;
  const found = await unlessMissing(client.get<Namespace>(namespaces, '', name));
  if (found?.metadata?.deletionTimestamp === undefined) return 0;
  let namespace = found;
  if (namespace.status?.phase !== 'Terminating')
    namespace = await client.update<Namespace>(
      namespaces,
      '',
      { ...namespace, status: { ...namespace.status, phase: 'Terminating' } },
      { subresource: 'status' },
    );
  if ((namespace.spec?.finalizers ?? []).length === 0) return 0;
  const { estimateSeconds, failures, updated } = await deleteContent(deletion, namespace);
  if (failures.length > 0)
    throw new Error(failures.length === 1 ? failures[0] : `[${[...new Set(failures)].join(', ')}]`);
  if (estimateSeconds > 0) return estimateSeconds;
  await finalize(client, updated);
  return 0;
}

interface Outcome {
  readonly estimateSeconds: number;
  readonly failures: readonly string[];
  readonly updated: Readonly<Namespace>;
}

async function deleteContent(deletion: Deletion, namespace: Readonly<Namespace>): Promise<Outcome> {
  const { client, clock, discovery } = deletion;
  const { name = '', deletionTimestamp = '' } = namespace.metadata ?? {};
  const emptying = {
    client,
    namespace: name,
    elapsedMs: clock.now() - Date.parse(deletionTimestamp),
    pause: (): Promise<void> => new Promise((resolve) => void clock.after(0, resolve)),
  };
  const discovered = await discovery.read();
  const failure = discoveryFailure(discovered);
  const failures = failure === undefined ? [] : [failure];
  const contentFailures: string[] = [];
  const remaining = new Map<string, number>();
  const finalizers = new Map<string, number>();
  let estimateSeconds = 0;
  const take = ({ group, resource }: DiscoveredResource, left: Leftover, prefix = ''): void => {
    if (left.failure !== undefined) {
      failures.push(prefix + left.failure);
      contentFailures.push(left.failure);
    }
    estimateSeconds = Math.max(estimateSeconds, left.estimateSeconds);
    if (left.count > 0) remaining.set(`${resource}.${group}`, left.count);
    for (const [text, count] of left.finalizers) finalizers.set(text, (finalizers.get(text) ?? 0) + count);
  };
  const resources = discovered.resources.filter(isDeletable);
  const ofPods = resources.find(isPods);
  // What runs ends before what it needs goes.
  if (ofPods !== undefined)
    take(ofPods, await emptyResource(emptying, ofPods), `failed to delete pods for namespace: ${name}, err: `);
  const onlyPods = remaining.size > 0;
  const others = onlyPods ? [] : resources.filter((resource) => !isPods(resource));
  const next = others[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: breadth }, async () => {
      for (const resource of next) take(resource, await emptyResource(emptying, resource));
    }),
  );
  const progress: Progress = {
    ...(failure === undefined
      ? {}
      : { discoveryFailure: `Discovery failed for some groups, ${discovered.failures.size} failing: ${failure}` }),
    contentFailures,
    ...(onlyPods ? {} : { remaining, finalizers }),
  };
  return { estimateSeconds, failures, updated: await tell(deletion, namespace, progress) };
}

/** The conditions inform; the deletion does not depend on them. */
async function tell({ client, clock }: Deletion, namespace: Readonly<Namespace>, progress: Progress) {
  const conditions = conditionsAt(progress, namespace.status?.conditions ?? [], clock.now());
  if (conditions === undefined) return namespace;
  try {
    const status = { ...namespace.status, conditions: [...conditions] };
    return await client.update<Namespace>(namespaces, '', { ...namespace, status }, { subresource: 'status' });
  } catch (error) {
    if (error instanceof StatusError) return namespace;
    throw error;
  }
}

async function finalize(client: ApiClient, namespace: Readonly<Namespace>): Promise<void> {
  const { uid, name = '' } = namespace.metadata ?? {};
  for (let latest = namespace; ; ) {
    const finalizers = [...new Set(latest.spec?.finalizers ?? [])].filter((one) => one !== finalizer).sort();
    try {
      await client.update<Namespace>(
        namespaces,
        '',
        { ...latest, spec: { ...latest.spec, finalizers } },
        { subresource: 'finalize' },
      );
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
      const again = await unlessMissing(client.get<Namespace>(namespaces, '', name));
      if (again === undefined) return;
      if (again.metadata?.uid !== uid) throw new Error('namespace uid has changed across retries');
      latest = again;
    }
  }
}

/** Empties and removes namespaces that are being deleted. */
export const namespaceController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock, discovery, informers, onError } = context;
    const queue = new WorkQueue(clock);
    const informer = informers.of<Namespace>(namespaces);
    const podInformer = informers.of<Pod>(pods);
    /** How often something was found to stay: it is looked for again soon at first, later at upstream's pace. */
    const waits = new Map<string, number>();
    const isDeleting = (name: string): boolean => informer.get(name)?.metadata?.deletionTimestamp !== undefined;
    const enqueue = ({ metadata }: Readonly<Namespace>): void => {
      if (metadata?.deletionTimestamp !== undefined) queue.addAfter(metadata.name ?? '', settleMs);
    };
    informer.subscribe({
      added: enqueue,
      updated: enqueue,
      deleted: ({ metadata }) => waits.delete(metadata?.name ?? ''),
    });
    podInformer.subscribe({
      deleted: ({ metadata: { namespace = '' } = {} }) => {
        if (isDeleting(namespace) && podInformer.list(namespace).length === 0) queue.add(namespace);
      },
    });
    const reconcile = async (name: string): Promise<void> => {
      if (!isDeleting(name)) return;
      let atMostMs = maxRetryMs;
      try {
        const seconds = await deleteNamespace({ client, clock, discovery }, name);
        if (seconds === 0) return;
        atMostMs = (Math.floor(seconds / 2) + 1) * 1000;
      } catch (error) {
        if (signal.aborted || isConflict(error)) throw error;
        onError(error, controllerName);
      }
      const count = waits.get(name) ?? 0;
      waits.set(name, count + 1);
      queue.addAfter(name, Math.min(atMostMs, firstLookMs * 2 ** count));
    };
    return startReconciling(
      { name: controllerName, workers, informers: [informer, podInformer], queue, reconcile },
      context,
      signal,
    );
  },
};
