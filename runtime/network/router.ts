import { isLoopback, sourceFor } from './addresses.ts';
import type { HostPorts } from './host-ports.ts';
import type { Namespace } from './namespace.ts';
import type { Address, Filter, Flow, Translation } from './network.ts';

/** Where a flow ends, and from where it seems to come there. */
export interface Arrival {
  readonly target: Namespace;
  readonly seen: Address;
  readonly to: Address;
}

/** `outside`: nobody inside has that address. */
export type Route = Arrival | { readonly outside: Address } | 'drop' | 'reject';

export interface RouterDeps {
  readonly ownerOf: (ip: string) => Namespace | undefined;
  readonly nodeOf: (name: string) => Namespace | undefined;
  readonly hostPorts: HostPorts;
  readonly translation: () => Translation;
  readonly filter: () => Filter;
}

interface Step {
  readonly to: Address;
  readonly isMasqueraded: boolean;
}

interface Crossing {
  readonly step: Step | 'drop' | 'reject' | undefined;
  readonly at: string;
  readonly from: Address;
}

/** What a pod sends to an address of the cluster's in 127/8 does not come from its localhost. */
function senderOf(source: Namespace, { from, to }: Flow): Address {
  const isElsewhere = !source.isNode && isLoopback(to.ip) && to.ip !== '127.0.0.1' && to.ip !== '::1';
  const own = isElsewhere ? sourceFor(source.ips, to.ip) : undefined;
  return own === undefined ? from : { ip: own, port: from.port };
}

/** Finds the way of the first packet of a flow: the rules of the node that it leaves, those of the node that it comes to, policies. */
export function createRouter(deps: RouterDeps): (source: Namespace, flow: Flow) => Route {
  const { ownerOf, nodeOf, hostPorts } = deps;

  const translate = (flow: Flow, node: string): Step | 'drop' | 'reject' | undefined => {
    const verdict = deps.translation().verdict(flow, node);
    if (verdict === 'drop' || verdict === 'reject') return verdict;
    if (verdict !== 'accept') return { to: verdict.to, isMasqueraded: verdict.masquerade === true };
    const isLocal = isLoopback(flow.to.ip) || nodeOf(node)?.ips.includes(flow.to.ip) === true;
    const mapped = isLocal ? hostPorts.at(node, flow.protocol, flow.to) : undefined;
    // As the portmap plug-in: whom the pod's answers would miss is masqueraded.
    return mapped && { to: mapped, isMasqueraded: isLoopback(flow.from.ip) || flow.from.ip === mapped.ip };
  };

  const passes = (source: Namespace, target: Namespace | undefined, flow: Flow): boolean => {
    if (source === target || (source.isNode && (source.node === '' || source.node === target?.node))) return true;
    return deps.filter().allows(flow);
  };

  /** What the nodes on the way do with it, which of them did, and who it comes from by then. */
  const cross = (source: Namespace, flow: Flow): Crossing => {
    const { from, to, protocol } = flow;
    const stays = !source.isNode && (source.ips.includes(to.ip) || to.ip === '127.0.0.1');
    if (stays || to.ip === '::1') return { step: undefined, at: source.node, from };
    const step = translate(flow, source.node);
    const next = step === undefined && !isLoopback(to.ip) ? ownerOf(to.ip) : undefined;
    if (next?.isNode !== true || next.node === source.node) return { step, at: source.node, from };
    // As pod networks do it: what pods send to other nodes comes from their own.
    const gate = source.isNode ? undefined : sourceFor(nodeOf(source.node)?.ips ?? [], to.ip);
    const left = gate === undefined ? from : { ip: gate, port: from.port };
    return { step: translate({ protocol, from: left, to }, next.node), at: next.node, from: left };
  };

  return (source, given) => {
    const { protocol, to } = given;
    const from = senderOf(source, given);
    const { step, at, from: left } = cross(source, { protocol, from, to });
    if (step === 'drop' || step === 'reject') return step;
    const end = step?.to ?? to;
    const target = isLoopback(end.ip) ? source : ownerOf(end.ip);
    // A packet of localhost that leaves its node needs an address that can be answered.
    const hasLeft = isLoopback(from.ip) && !isLoopback(end.ip);
    const real = hasLeft ? { ip: sourceFor(source.ips, end.ip) ?? from.ip, port: from.port } : from;
    if (!passes(source, target, { protocol, from: real, to: end })) return 'drop';
    if (target === undefined) return { outside: end };
    const masquerading = step?.isMasqueraded === true ? sourceFor(nodeOf(at)?.ips ?? [], end.ip) : undefined;
    const seen = masquerading === undefined ? (hasLeft ? real : left) : { ip: masquerading, port: from.port };
    return { target, seen, to: end };
  };
}
