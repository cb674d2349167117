import { isLoopback, sourceFor } from './addresses.ts';
import type { FlowTable } from './flow-table.ts';
import type { Binding, Fabric, Namespace } from './namespace.ts';
import type { Address, Flow } from './network.ts';
import type { Route } from './router.ts';

export interface DatagramDeps {
  readonly flows: FlowTable<Namespace>;
  readonly route: (source: Namespace, flow: Flow) => Route;
  readonly nodeOwning: (ip: string) => Namespace | undefined;
}

/** Later, so that a program that answers at once does not run inside of the one that asked. */
function deliver(target: Namespace, from: Address, to: Address, bytes: Uint8Array): boolean {
  const binding = target.bindings.at('UDP', to.port, to.ip);
  if (binding !== undefined) queueMicrotask(() => binding.take({ from, to, bytes }));
  return binding !== undefined;
}

function sourceOf(source: Namespace, binding: Binding, to: Address): Address {
  const loopback = to.ip.includes(':') ? '::1' : '127.0.0.1';
  const ip = isLoopback(to.ip) ? loopback : (binding.ip ?? sourceFor(source.ips, to.ip) ?? '');
  return { ip, port: binding.port };
}

/** Datagrams between namespaces: rules are asked for the first of a flow, the others and the answers follow it. */
export function createDatagrams({ flows, route, nodeOwning }: DatagramDeps): Pick<Fabric, 'send'> {
  const begin = (source: Namespace, from: Address, asked: Address, bytes: Uint8Array): boolean => {
    const way = route(source, { protocol: 'UDP', from, to: asked });
    if (way === 'drop') return true;
    if (way === 'reject' || 'outside' in way) return false;
    const { target, to } = way;
    // Those who share a node's address must not share its port, too.
    const lender = way.seen.ip === from.ip ? undefined : nodeOwning(way.seen.ip);
    const seen = lender === undefined ? way.seen : { ip: way.seen.ip, port: lender.bindings.borrow('UDP') };
    lender?.bindings.giveBack('UDP', seen.port);
    if (!deliver(target, seen, to, bytes)) return false;
    // What stays in one namespace finds its way back.
    if (target !== source || asked.ip !== to.ip) flows.add({ from, asked, seen, taken: to, source, target });
    return true;
  };
  return {
    send: (source, binding, asked, bytes) => {
      const from = sourceOf(source, binding, asked);
      const answered = flows.answeredBy(from, asked);
      if (answered?.target === source && deliver(answered.source, answered.asked, answered.from, bytes)) return;
      const flow = flows.of(from, asked);
      if (flow?.source === source) {
        if (deliver(flow.target, flow.seen, flow.taken, bytes)) return;
        flows.forget((one) => one === flow);
      }
      if (begin(source, from, asked, bytes) || binding.onUnreachable === undefined) return;
      queueMicrotask(() => binding.onUnreachable?.(asked));
    },
  };
}
