import { semanticEqual } from '../../../api/equal.ts';
import { keyOf, splitKey } from '../../client/object-key.ts';
import type { LoadBalancerStatus } from '../../framework/cloud.ts';
import { type ControllerDefinition, restingController, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import type { Node, Service } from './kinds.ts';
import { localLoadBalancers } from './local-load-balancers.ts';

const name = 'service-lb-controller';
const services = { group: '', version: 'v1', resource: 'services' } as const;
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const serviceKind = { group: '', version: 'v1', kind: 'Service' } as const;
const finalizer = 'service.kubernetes.io/load-balancer-cleanup';

function wantsLoadBalancer({ metadata, spec }: Readonly<Service>): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined;
}

function hasFinalizer({ metadata }: Readonly<Service>): boolean {
  return metadata?.finalizers?.includes(finalizer) === true;
}

function needsCleanup(service: Readonly<Service>): boolean {
  return (
    hasFinalizer(service) &&
    (service.metadata?.deletionTimestamp !== undefined || service.spec?.type !== 'LoadBalancer')
  );
}

/** What a load balancer is made from; the status is what comes of it. */
function inputOf({ metadata, spec }: Readonly<Service>): string {
  return JSON.stringify([metadata?.uid, metadata?.annotations ?? {}, spec]);
}

/** Nodes that may get traffic from outside. */
export function isBalanced({ metadata, spec }: Readonly<Node>): boolean {
  return (
    metadata?.deletionTimestamp === undefined &&
    metadata?.labels?.['node.kubernetes.io/exclude-from-external-load-balancers'] === undefined &&
    !(spec?.taints ?? []).some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler')
  );
}

/** Gives Services of type LoadBalancer what their cloud has for them. */
export const serviceLbController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, options } = context;
    if (options.cloudProvider === '' && options.cloud?.loadBalancers === undefined) return restingController(name);
    const queue = new WorkQueue(context.clock);
    const informers = { services: context.informers.of<Service>(services), nodes: context.informers.of<Node>(nodes) };
    const balancers =
      options.cloud?.loadBalancers ?? localLoadBalancers(options.loadBalancerRanges, () => informers.services.list());
    const events = context.recorder('service-controller');
    /** From what the load balancer of a Service was made last. */
    const made = new Map<string, string>();
    const enqueue = (service: Readonly<Service>): void => queue.add(keyOf(service));
    informers.services.subscribe({
      added: (service) => {
        if (wantsLoadBalancer(service) || needsCleanup(service)) enqueue(service);
      },
      updated: (service) => {
        if (wantsLoadBalancer(service) || needsCleanup(service) || made.has(keyOf(service))) enqueue(service);
      },
      deleted: (service) => {
        if (made.has(keyOf(service))) enqueue(service);
      },
    });

    const patch = async (service: Readonly<Service>, body: object): Promise<void> => {
      const { namespace = '', name = '' } = service.metadata ?? {};
      const target = { resource: services, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
      await unlessMissing(client.patch<Service>(target, body, { subresource: 'status' }));
    };
    const setStatus = async (service: Readonly<Service>, loadBalancer: LoadBalancerStatus): Promise<void> => {
      if (semanticEqual(service.status?.loadBalancer?.ingress, loadBalancer.ingress)) return;
      await patch(service, { status: { loadBalancer: { ingress: loadBalancer.ingress ?? null } } });
    };
    const record = (
      service: Readonly<Service>,
      reason: string,
      message: string,
      type: 'Normal' | 'Warning' = 'Normal',
    ): void => events.record(referenceTo(service, serviceKind), type, reason, message);

    const remove = async (service: Readonly<Service>): Promise<void> => {
      if (await balancers.has(service)) {
        record(service, 'DeletingLoadBalancer', 'Deleting load balancer');
        await balancers.remove(service);
      }
      // The status first: a Service without finalizer may be gone.
      await setStatus(service, {});
      if (hasFinalizer(service))
        await patch(service, { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } });
      record(service, 'DeletedLoadBalancer', 'Deleted load balancer');
    };
    const ensure = async (service: Readonly<Service>): Promise<void> => {
      record(service, 'EnsuringLoadBalancer', 'Ensuring load balancer');
      if (!hasFinalizer(service)) await patch(service, { metadata: { finalizers: [finalizer] } });
      const balanced = informers.nodes.list().filter(isBalanced);
      if (balanced.length === 0)
        record(service, 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer', 'Warning');
      const status = await balancers.ensure(service, balanced);
      record(service, 'EnsuredLoadBalancer', 'Ensured load balancer');
      await setStatus(service, status);
    };

    const reconcile = async (key: string): Promise<void> => {
      const service = informers.services.get(key);
      if (service === undefined) {
        made.delete(key);
        const { namespace, name } = splitKey(key);
        await balancers.remove({ metadata: { namespace, name } });
        return;
      }
      try {
        if (!wantsLoadBalancer(service) || needsCleanup(service)) {
          if (!hasFinalizer(service) && !made.has(key)) return;
          await remove(service);
          made.delete(key);
          return;
        }
        const input = inputOf(service);
        if (made.get(key) === input) return;
        await ensure(service);
        made.set(key, input);
      } catch (error) {
        const why = messageOf(error);
        record(service, 'SyncLoadBalancerFailed', `Error syncing load balancer: ${why}`, 'Warning');
        throw error;
      }
    };
    return startReconciling(
      { name, workers: 1, informers: Object.values(informers), queue, reconcile },
      context,
      signal,
    );
  },
};
