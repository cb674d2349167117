import type { Api } from '../../../api/object.ts';
import { keyOf } from '../../client/object-key.ts';
import { type ControllerDefinition, restingController, startReconciling } from '../../framework/controller.ts';
import { retryOnConflict } from '../../framework/retry-on-conflict.ts';
import { isNotFound } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;

const name = 'cloud-node-lifecycle-controller';
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const shutdownTaint = { key: 'node.cloudprovider.kubernetes.io/shutdown', effect: 'NoSchedule' } as const;

function isReady({ status }: Readonly<Node>): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

function isShutDown({ spec }: Readonly<Node>): boolean {
  return (spec?.taints ?? []).some(({ key, effect }) => key === shutdownTaint.key && effect === shutdownTaint.effect);
}

/** Removes nodes whose machines have gone, and marks those whose machines are shut down. */
export const cloudNodeLifecycleController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, options } = context;
    const instances = options.cloud?.instances;
    if (instances === undefined) return restingController(name);
    const informer = context.informers.of<Node>(nodes);
    const events = context.recorder(name);
    const queue = new WorkQueue(context.clock);
    const check = (node: Readonly<Node>): void => {
      if (!isReady(node) || isShutDown(node)) queue.add(keyOf(node));
    };
    informer.subscribe({ added: check, updated: check });

    const setTaint = (key: string, isWanted: boolean): Promise<void> =>
      retryOnConflict(async () => {
        const node = await client.get<Node>(nodes, '', key);
        if (isShutDown(node) === isWanted) return;
        const others = (node.spec?.taints ?? []).filter((taint) => taint.key !== shutdownTaint.key);
        const taints = isWanted ? [...others, { ...shutdownTaint }] : others;
        await client.update<Node>(nodes, '', { ...node, spec: { ...node.spec, taints } });
      });
    const remove = async (key: string, uid: string): Promise<void> => {
      const reference = { kind: 'Node', apiVersion: 'v1', name: key, uid };
      const why = `Deleting node ${key} because it does not exist in the cloud provider`;
      events.record(reference, 'Normal', 'DeletingNode', why);
      try {
        await client.delete(nodes, '', key, { preconditions: { uid } });
      } catch (error) {
        if (isNotFound(error)) return;
        const message = messageOf(error);
        events.record(reference, 'Warning', 'DeletingNodeFailed', `Failed deleting node ${key}: ${message}`);
        throw error;
      }
    };
    const reconcile = async (key: string): Promise<void> => {
      const node = informer.get(key);
      if (node === undefined) return;
      if (isReady(node)) return setTaint(key, false);
      const state = await instances.stateOf(node);
      if (state === 'missing') return remove(key, node.metadata?.uid ?? '');
      if (state === 'shutdown') await setTaint(key, true);
      queue.addAfter(key, options.nodeMonitorPeriodMs);
    };
    return startReconciling({ name, workers: 1, informers: [informer], queue, reconcile }, context, signal);
  },
};
