import { keyOf } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { indexByNode } from '../pods-by-node.ts';
import { hasNoExecute, missingLabels, notReadyTaint, taintsOf, unreachableTaint } from './condition-taints.ts';
import { type Lease, leases, type Node, nodes, type Pod, pods, readyCondition } from './kinds.ts';
import { NodeHealth } from './node-health.ts';
import { NodeMonitor } from './node-monitor.ts';

const name = 'node-lifecycle-controller';
const workers = 8;
/** Several changes of nodes at once are one look at all of them. */
const settleMs = 100;

/** Kinds of work, so that the one queue can hold all of them. */
const monitorWork = 'monitor';
const taintWork = 'taint';
const nodeWork = 'node ';
const podWork = 'pod ';

function tainted(node: Readonly<Node>): string {
  return `${hasNoExecute(node, notReadyTaint)} ${hasNoExecute(node, unreachableTaint)}`;
}

function needsTaintsOrLabels(node: Readonly<Node>): boolean {
  const taints = node.spec?.taints ?? [];
  return missingLabels(node) !== undefined || taintsOf({ ...node, spec: { ...node.spec, taints } }, 0) !== taints;
}

/** Notices nodes that are not heard of, says so, and keeps pods away from nodes in trouble. */
export const nodeLifecycleController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { clock } = context;
    const informers = {
      nodes: context.informers.of<Node>(nodes),
      pods: context.informers.of<Pod>(pods),
      leases: context.informers.of<Lease>(leases, { namespace: 'kube-node-lease' }),
    };
    const queue = new WorkQueue(clock);
    const health = new NodeHealth();
    const lookSoon = (): void => queue.addAfter(monitorWork, settleMs);

    const onNode = (node: Readonly<Node>): void => {
      health.nodeSeen(node, clock.now());
      if (needsTaintsOrLabels(node)) queue.add(`${nodeWork}${node.metadata?.name}`);
    };
    informers.nodes.subscribe({
      added: (node) => {
        onNode(node);
        lookSoon();
      },
      updated: (node, old) => {
        onNode(node);
        if (readyCondition(node)?.status !== readyCondition(old)?.status || tainted(node) !== tainted(old)) lookSoon();
      },
      deleted: (node) => {
        health.forget(node.metadata?.name ?? '');
        lookSoon();
      },
    });
    const renewed = (lease: Readonly<Lease>, old?: Readonly<Lease>): void => {
      const time = lease.spec?.renewTime ?? '';
      if (time !== '' && time > (old?.spec?.renewTime ?? ''))
        health.leaseRenewed(lease.metadata?.name ?? '', clock.now());
    };
    informers.leases.subscribe({ added: (lease) => renewed(lease), updated: renewed });
    indexByNode(informers.pods);
    const onPod = (pod: Readonly<Pod>): void => {
      const node = informers.nodes.get(pod.spec?.nodeName ?? '');
      const ready = node === undefined ? undefined : readyCondition(node);
      if (ready !== undefined && ready.status !== 'True') queue.add(`${podWork}${keyOf(pod)}`);
    };
    informers.pods.subscribe({
      added: onPod,
      updated: (pod, old) => {
        if (pod.spec?.nodeName !== old.spec?.nodeName) onPod(pod);
      },
    });
    queue.add(monitorWork);

    const monitor = new NodeMonitor(context, {
      ...informers,
      health,
      taintAfter: (ms) => queue.addAfter(taintWork, ms),
    });
    return startReconciling(
      {
        name,
        workers,
        informers: Object.values(informers),
        queue,
        reconcile: async (work) => {
          if (work === monitorWork) {
            await monitor.look();
            queue.addAfter(monitorWork, context.options.nodeMonitorPeriodMs);
          } else if (work === taintWork) await monitor.taint();
          else if (work.startsWith(nodeWork)) await monitor.label(work.slice(nodeWork.length));
          else await monitor.markPod(work.slice(podWork.length));
        },
      },
      context,
      signal,
    );
  },
};
