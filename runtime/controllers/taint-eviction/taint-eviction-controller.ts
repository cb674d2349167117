import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import { keyOf, splitKey } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { isNotFound } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { patchPodStatus } from '../../scheduler/pod-writes.ts';
import type { Taint } from '../../scheduler/taints.ts';
import { indexByNode, podsOn } from '../pods-by-node.ts';
import { Evictions, noExecuteTaints, staysMs } from './evictions.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;

const name = 'taint-eviction-controller';
const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const workers = 8;

/** Kinds of work, so that the one queue can hold all of them. */
const nodeWork = 'node ';
const podWork = 'pod ';
const evictWork = 'evict ';

const disruption = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
};

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
export const taintEvictionController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, clock } = context;
    const informers = { pods: context.informers.of<Pod>(pods), nodes: context.informers.of<Node>(nodes) };
    const events = context.recorder(name);
    const queue = new WorkQueue(clock);
    const record = (pod: string, message: string): void =>
      events.record({ kind: 'Pod', apiVersion: 'v1', ...splitKey(pod) }, 'Normal', 'TaintManagerEviction', message);
    const evictions = new Evictions({
      clock,
      evict: (pod) => queue.add(`${evictWork}${pod}`),
      cancelled: (pod) => record(pod, `Cancelling deletion of Pod ${pod}`),
    });
    signal.addEventListener('abort', () => evictions.close(), { once: true });
    const taintsOn = (node: string): Taint[] => noExecuteTaints(informers.nodes.get(node)?.spec?.taints);

    indexByNode(informers.pods);
    const podChanged = (pod: Readonly<Pod>): void => {
      if (taintsOn(pod.spec?.nodeName ?? '').length > 0) queue.add(`${podWork}${keyOf(pod)}`);
    };
    informers.pods.subscribe({
      added: podChanged,
      updated: (pod, old) => {
        if (pod.spec?.nodeName !== old.spec?.nodeName || !semanticEqual(pod.spec?.tolerations, old.spec?.tolerations))
          podChanged(pod);
      },
      deleted: (pod) => evictions.cancel(keyOf(pod)),
    });
    const nodeChanged = ({ metadata }: Readonly<Node>): void => queue.add(`${nodeWork}${metadata?.name}`);
    informers.nodes.subscribe({
      added: (node) => {
        if (noExecuteTaints(node.spec?.taints).length > 0) nodeChanged(node);
      },
      updated: (node, old) => {
        if (!semanticEqual(noExecuteTaints(node.spec?.taints), noExecuteTaints(old.spec?.taints))) nodeChanged(node);
      },
    });

    const plan = (pod: Readonly<Pod>, taints: readonly Taint[]): void => {
      evictions.plan(keyOf(pod), taints.length === 0 ? undefined : staysMs(taints, pod.spec?.tolerations ?? []));
    };

    const evict = async (key: string): Promise<void> => {
      const { namespace, name } = splitKey(key);
      record(key, `Marking for deletion Pod ${key}`);
      try {
        const pod = await client.get<Pod>(pods, namespace, name);
        await patchPodStatus(client, clock, pod, { condition: disruption });
        await client.delete(pods, namespace, name);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      evictions.done(key);
    };

    const reconcile = async (work: string): Promise<void> => {
      if (work.startsWith(evictWork)) return evict(work.slice(evictWork.length));
      if (work.startsWith(nodeWork)) {
        const node = work.slice(nodeWork.length);
        if (informers.nodes.get(node) === undefined) return;
        const taints = taintsOn(node);
        for (const pod of podsOn(informers.pods, node)) plan(pod, taints);
        return;
      }
      const pod = informers.pods.get(work.slice(podWork.length));
      const taints = taintsOn(pod?.spec?.nodeName ?? '');
      if (pod !== undefined && taints.length > 0) plan(pod, taints);
    };

    return startReconciling({ name, workers, informers: Object.values(informers), queue, reconcile }, context, signal);
  },
};
