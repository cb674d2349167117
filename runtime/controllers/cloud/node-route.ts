import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import type { Route } from '../../framework/cloud.ts';
import { type ControllerDefinition, restingController, startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;

const name = 'node-route-controller';
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const all = 'all';
const periodMs = 10_000;
const settleMs = 100;

function routesOf({ metadata, spec }: Readonly<Node>): Route[] {
  return (spec?.podCIDRs ?? []).map((destinationCIDR) => ({ node: metadata?.name ?? '', destinationCIDR }));
}

/** Routes to create and to remove, by node and by network. */
export function routeChanges(
  wanted: readonly Route[],
  present: readonly Route[],
): { readonly create: readonly Route[]; readonly remove: readonly Route[] } {
  const text = ({ node, destinationCIDR }: Route): string => `${node} ${destinationCIDR}`;
  const [want, have] = [new Set(wanted.map(text)), new Set(present.map(text))];
  return {
    create: wanted.filter((route) => !have.has(text(route))),
    remove: present.filter((route) => !want.has(text(route))),
  };
}

/** Routes of the cloud to the pods of each node. */
export const nodeRouteController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, clock } = context;
    const routes = context.options.cloud?.routes;
    if (routes === undefined) return restingController(name);
    const informer = context.informers.of<Node>(nodes);
    const queue = new WorkQueue(clock);
    const soon = (): void => queue.addAfter(all, settleMs);
    informer.subscribe({
      added: soon,
      deleted: soon,
      updated: (node, old) => {
        if (routesOf(node).length !== routesOf(old).length) soon();
      },
    });

    const setAvailable = async (node: Readonly<Node>, isAvailable: boolean): Promise<void> => {
      const status = isAvailable ? 'False' : 'True';
      const present = node.status?.conditions?.find(({ type }) => type === 'NetworkUnavailable');
      if (present?.status === status) return;
      const now = toTime(clock.now());
      const condition = {
        type: 'NetworkUnavailable',
        status,
        reason: isAvailable ? 'RouteCreated' : 'NoRouteCreated',
        message: isAvailable ? 'RouteController created a route' : 'RouteController failed to create a route',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      };
      const { name = '' } = node.metadata ?? {};
      const target = { resource: nodes, namespace: '', name, type: 'application/strategic-merge-patch+json' } as const;
      await client.patch<Node>(target, { status: { conditions: [condition] } }, { subresource: 'status' });
    };
    const reconcile = async (): Promise<void> => {
      const list = informer.list();
      const { create, remove } = routeChanges(list.flatMap(routesOf), await routes.list());
      const failed = new Set<string>();
      for (const route of create)
        await routes.create(route).catch((error: unknown) => {
          failed.add(route.node);
          context.onError(error, name);
        });
      for (const route of remove) await routes.remove(route);
      for (const node of list)
        await setAvailable(node, routesOf(node).length > 0 && !failed.has(node.metadata?.name ?? ''));
      queue.addAfter(all, periodMs);
    };
    return startReconciling({ name, workers: 1, informers: [informer], queue, reconcile }, context, signal);
  },
};
