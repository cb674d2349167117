import { semanticEqual } from '../../../api/equal.ts';
import { parseCIDR } from '../../../api/ip.ts';
import type { Api } from '../../../api/object.ts';
import { keyOf } from '../../client/object-key.ts';
import { type ControllerDefinition, restingController, startReconciling } from '../../framework/controller.ts';
import { isNotFound } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { Subnets } from './subnets.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;

const name = 'node-ipam-controller';
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const ipv6MaskSize = 64;

function subnetsOf(clusterCIDR: string, nodeCIDRMaskSize: number, serviceRange: string): Subnets[] {
  return clusterCIDR.split(',').map((cidr) => {
    const range = parseCIDR(cidr.trim());
    if (range === undefined) throw new Error(`not a CIDR: ${cidr}`);
    const wanted = range.family === 4 ? nodeCIDRMaskSize : ipv6MaskSize;
    const subnets = new Subnets(range, Math.max(range.prefix, wanted));
    for (const service of serviceRange.split(',')) subnets.occupy(service.trim());
    return subnets;
  });
}

/** Gives each node its part of the network of pods. */
export const nodeIpamController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, options } = context;
    if (!options.allocateNodeCIDRs) return restingController(name);
    const queue = new WorkQueue(context.clock);
    const subnets = subnetsOf(options.clusterCIDR, options.nodeCIDRMaskSize, options.serviceClusterIPRange);
    const informer = context.informers.of<Node>(nodes);
    const events = context.recorder('cidrAllocator');
    /** Nodes that wait until another one gives something back. */
    const starving = new Set<string>();
    const occupy = (cidrs: readonly string[]): void => {
      for (const [index, cidr] of cidrs.entries()) subnets[index]?.occupy(cidr);
    };
    const giveBack = (cidrs: readonly string[]): void => {
      for (const [index, cidr] of cidrs.entries()) subnets[index]?.release(cidr);
    };
    const release = (cidrs: readonly string[]): void => {
      giveBack(cidrs);
      for (const node of starving) queue.add(node);
      starving.clear();
    };
    const seen = (node: Readonly<Node>): void => {
      const { podCIDRs = [] } = node.spec ?? {};
      if (podCIDRs.length > 0) occupy(podCIDRs);
      else queue.add(keyOf(node));
    };
    informer.subscribe({
      added: seen,
      updated: (node, old) => {
        if (!semanticEqual(node.spec?.podCIDRs, old.spec?.podCIDRs)) seen(node);
      },
      deleted: (node) => {
        starving.delete(keyOf(node));
        if ((node.spec?.podCIDRs ?? []).length > 0) release(node.spec?.podCIDRs ?? []);
      },
    });
    const reconcile = async (key: string): Promise<void> => {
      const node = informer.get(key);
      if (node === undefined || node.metadata?.deletionTimestamp !== undefined) return;
      if ((node.spec?.podCIDRs ?? []).length > 0) return;
      const record = (reason: string): void => {
        const { uid = '' } = node.metadata ?? {};
        const reference = { kind: 'Node', apiVersion: 'v1', name: key, uid };
        events.record(reference, 'Normal', reason, `Node ${key} status is now: ${reason}`);
      };
      const taken: string[] = [];
      for (const part of subnets) {
        const cidr = part.take();
        if (cidr === undefined) {
          giveBack(taken);
          record('CIDRNotAvailable');
          // As long as all are in use trying again would change nothing.
          starving.add(key);
          return;
        }
        taken.push(cidr);
      }
      const target = {
        resource: nodes,
        namespace: '',
        name: key,
        type: 'application/strategic-merge-patch+json',
      } as const;
      try {
        await client.patch<Node>(target, { spec: { podCIDR: taken[0], podCIDRs: taken } });
      } catch (error) {
        release(taken);
        if (isNotFound(error)) return;
        record('CIDRAssignmentFailed');
        throw error;
      }
    };
    return startReconciling({ name, workers: 8, informers: [informer], queue, reconcile }, context, signal);
  },
};
