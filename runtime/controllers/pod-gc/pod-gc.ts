import type { ApiClient } from '../../../api/client.ts';
import { type Clock, toTime } from '../../../api/clock.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { isConflict, isNotFound, unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { isPodTerminal, type Pod } from '../pod-state.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;
type PodCondition = Api<'io.k8s.api.core.v1.PodCondition'>;

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
const controllerName = 'pod-garbage-collector-controller';
/** How often all pods are looked over, where there is something to look for. */
const periodMs = 20_000;
/** A node that is missing for less may only be late. */
const quarantineMs = 40_000;
const settleMs = 20;
const allPods = 'all';

const nodeGone: PodCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
};

function isEvicted({ status }: Pod): boolean {
  return status?.phase === 'Failed' && status.reason === 'Evicted';
}

/** Evicted ones first, then by age, then by name. */
function compareForRemoval(a: Pod, b: Pod): number {
  if (isEvicted(a) !== isEvicted(b)) return isEvicted(a) ? -1 : 1;
  const keyOf = ({ metadata }: Pod): string => `${metadata?.creationTimestamp ?? ''} ${metadata?.name ?? ''}`;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

/** Ended pods beyond the threshold; 0 keeps all. */
export function surplusPods(all: readonly Pod[], threshold: number): Pod[] {
  if (threshold <= 0) return [];
  const ended = all.filter(isPodTerminal);
  const surplus = ended.length - threshold;
  return surplus <= 0 ? [] : ended.sort(compareForRemoval).slice(0, surplus);
}

/** Its node is not ready, and somebody has said that it is out of service: nobody will end the pod there. */
export function isOutOfService(node: Readonly<Node> | undefined): boolean {
  if (node === undefined) return false;
  const isReady = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  const isTainted = node.spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service');
  return isReady !== true && isTainted === true;
}

/** The status of a pod that ends without its node; undefined where it has ended already. */
export function failedStatus(pod: Pod, condition: PodCondition | undefined, now: number): Pod['status'] | undefined {
  if (isPodTerminal(pod)) return undefined;
  const { status = {}, metadata } = pod;
  const observedGeneration = metadata?.generation ?? 0;
  const failed = { ...status, phase: 'Failed', observedGeneration };
  if (condition === undefined) return failed;
  const present = status.conditions?.find(({ type }) => type === condition.type);
  const others = status.conditions?.filter(({ type }) => type !== condition.type) ?? [];
  const lastTransitionTime = (present?.status === condition.status && present?.lastTransitionTime) || toTime(now);
  return { ...failed, conditions: [...others, { ...condition, observedGeneration, lastTransitionTime }] };
}

interface Removal {
  readonly client: ApiClient;
  readonly clock: Clock;
}

/** Nobody would take it away: it fails, where it has not ended, and goes at once. */
async function remove({ client, clock }: Removal, pod: Pod, condition?: PodCondition): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  const status = failedStatus(pod, condition, clock.now());
  const target = { resource: pods, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
  try {
    if (status !== undefined) {
      const { phase, conditions, observedGeneration } = status;
      const patch = {
        phase,
        observedGeneration,
        ...(condition === undefined ? {} : { conditions: conditions?.filter(({ type }) => type === condition.type) }),
      };
      await client.patch(target, { metadata: { uid }, status: patch }, { subresource: 'status' });
    }
    await client.delete(pods, namespace, name, { gracePeriodSeconds: 0 });
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return;
    throw error;
  }
}

/** Since when nodes are missing that pods name. */
class Quarantine {
  readonly #since = new Map<string, number>();

  /** The nodes that have been missing for long enough. */
  overdue(missing: ReadonlySet<string>, now: number): string[] {
    for (const name of this.#since.keys()) if (!missing.has(name)) this.#since.delete(name);
    for (const name of missing) if (!this.#since.has(name)) this.#since.set(name, now);
    return [...missing].filter((name) => now - (this.#since.get(name) ?? now) >= quarantineMs);
  }
}

/** Removes pods that no kubelet will: of gone nodes, never scheduled, out of service, and too many ended ones. */
export const podGarbageCollectorController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock, informers, options } = context;
    const queue = new WorkQueue(clock);
    const podInformer = informers.of<Pod>(pods);
    const nodeInformer: Informer<Node> = informers.of(nodes);
    const quarantine = new Quarantine();
    const look = (pod: Pod): void => {
      const { nodeName = '' } = pod.spec ?? {};
      const isDeleting = pod.metadata?.deletionTimestamp !== undefined;
      if (nodeName === '' && isDeleting) queue.addAfter(allPods, settleMs);
      else if (isPodTerminal(pod) || isDeleting || (nodeName !== '' && nodeInformer.get(nodeName) === undefined))
        queue.addAfter(allPods, periodMs);
    };
    podInformer.subscribe({ added: look, updated: look });
    nodeInformer.subscribe({ deleted: () => queue.addAfter(allPods, settleMs) });
    const removeAll = async (found: readonly Pod[], condition?: PodCondition): Promise<void> => {
      await Promise.all(found.map((pod) => remove({ client, clock }, pod, condition)));
    };
    const reconcile = async (): Promise<void> => {
      const deleting = podInformer.list().filter(({ metadata }) => metadata?.deletionTimestamp !== undefined);
      await removeAll(surplusPods(podInformer.list(), options.terminatedPodGCThreshold));
      const stuck = deleting.filter(({ spec }) => isOutOfService(nodeInformer.get(spec?.nodeName ?? '')));
      await removeAll(stuck);
      const named = new Set(podInformer.list().flatMap(({ spec }) => spec?.nodeName || []));
      const missing = new Set([...named].filter((name) => nodeInformer.get(name) === undefined));
      for (const name of quarantine.overdue(missing, clock.now())) {
        if ((await unlessMissing(client.get(nodes, '', name))) === undefined)
          await removeAll(
            podInformer.list().filter(({ spec }) => spec?.nodeName === name),
            nodeGone,
          );
      }
      await removeAll(deleting.filter(({ spec }) => (spec?.nodeName ?? '') === ''));
      // Pods on nodes in trouble are looked at again; a quiet cluster is left alone.
      if (missing.size > 0 || deleting.length > 0) queue.addAfter(allPods, periodMs);
    };
    return startReconciling(
      { name: controllerName, workers: 1, informers: [podInformer, nodeInformer], queue, reconcile },
      context,
      signal,
    );
  },
};
