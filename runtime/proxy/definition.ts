import { keyOf } from '../client/object-key.ts';
import type { ControllerDefinition } from '../framework/controller.ts';
import type { VirtualNetwork } from '../network/network.ts';
import type { EndpointSlice } from './endpoints.ts';
import { createPages } from './pages.ts';
import { internalAddresses, type Node, ProxyNodes } from './proxy-nodes.ts';
import type { Service } from './service-port.ts';
import { ServiceTable, type TrackedService } from './service-table.ts';
import { createServiceTranslation, type ProxyMode, staleDatagrams } from './translation.ts';

export interface ProxyOptions {
  readonly network: VirtualNetwork;
  readonly mode: ProxyMode;
  /** Of all pods, one for each family. */
  readonly podRanges: readonly string[];
}

const services = { group: '', version: 'v1', resource: 'services' } as const;
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const leavingTaint = 'ToBeDeletedByClusterAutoscaler';

/** The proxies of all nodes of this process: one table of Services, rules for a node when something asks there. */
export function proxyDefinition({ network, mode, podRanges }: ProxyOptions): ControllerDefinition {
  const name = 'kube-proxy';
  return {
    name,
    start: ({ informers, clock, random }, signal) => {
      const table = new ServiceTable();
      const nodes = new ProxyNodes({ podRanges, addressesOf: (node) => network.node(node).ips });
      const now = (): number => clock.now();
      const translation = createServiceTranslation({ table, nodes, mode, random, now });
      const serviceInformer = informers.of<Service>(services);
      const sliceInformer = informers.of<EndpointSlice>(slices);
      const nodeInformer = informers.of<Node>(nodesResource);
      const listenerAt = createPages({
        table,
        mode,
        now,
        isEligible: (node) => isEligible(nodeInformer.get(node)),
        hasSynced: () => serviceInformer.hasSynced && sliceInformer.hasSynced,
      });
      network.setTranslation({ ...translation, listenerAt });

      // Datagrams know no end of a connection: flows to what is gone are forgotten, many changes at once.
      const changed = new Set<TrackedService>();
      const endpointsChanged = (service: TrackedService | undefined): void => {
        if (service === undefined || !service.ports.some(({ port }) => port.protocol === 'UDP')) return;
        if (changed.size === 0)
          queueMicrotask(() => {
            network.forgetFlows(staleDatagrams(changed));
            changed.clear();
          });
        changed.add(service);
      };

      const setNode = (node: Readonly<Node>): void => {
        nodes.set(node);
        network.node(node.metadata?.name ?? '', internalAddresses(node));
      };
      const subscriptions = [
        serviceInformer.subscribe({
          added: (service) => endpointsChanged(table.setService(service)),
          updated: (service, old) => {
            endpointsChanged(table.setService(service));
            if (old.spec?.sessionAffinity !== service.spec?.sessionAffinity) translation.forgetAffinity();
          },
          deleted: (service) => table.deleteService(keyOf(service)),
        }),
        sliceInformer.subscribe({
          added: (slice) => endpointsChanged(table.setSlice(slice)),
          updated: (slice, old) => {
            // It may have changed hands.
            const was = table.deleteSlice(old);
            const is = table.setSlice(slice);
            if (was !== is) endpointsChanged(was);
            endpointsChanged(is);
          },
          deleted: (slice) => endpointsChanged(table.deleteSlice(slice)),
        }),
        nodeInformer.subscribe({
          added: setNode,
          updated: setNode,
          deleted: ({ metadata: { name = '' } = {} }) => {
            nodes.delete(name);
            translation.forgetNode(name);
          },
        }),
      ];
      const ended = new Promise<void>((resolve) => {
        signal.addEventListener(
          'abort',
          () => {
            for (const subscription of subscriptions) subscription[Symbol.dispose]();
            resolve();
          },
          { once: true },
        );
      });
      return { name, queues: [], ended };
    },
  };
}

function isEligible(node: Readonly<Node> | undefined): boolean {
  if (node === undefined) return true;
  const isLeaving = node.metadata?.deletionTimestamp !== undefined;
  return !isLeaving && node.spec?.taints?.some(({ key }) => key === leavingTaint) !== true;
}
