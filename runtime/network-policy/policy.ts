import { contains, type IPRange, parseCIDR, parseIP } from '../../api/ip.ts';
import type { Api } from '../../api/object.ts';
import { type LabelMatcher, labelSelectorMatcher } from '../../api/selectors.ts';
import type { Protocol } from '../network/network.ts';

export type NetworkPolicy = Api<'io.k8s.api.networking.v1.NetworkPolicy'>;
type Spec = NonNullable<NetworkPolicy['spec']>;
type PeerSpec = NonNullable<NonNullable<NonNullable<Spec['ingress']>[number]>['from']>[number];
type PortSpec = NonNullable<NonNullable<NonNullable<Spec['ingress']>[number]>['ports']>[number];

type Labels = Readonly<Record<string, string>>;

/** Who takes part in a flow, as far as it is a pod with an address of its own. */
export interface PodFacts {
  readonly namespace: string;
  readonly labels: Labels;
  /** Of all its containers. */
  readonly ports: readonly { readonly name: string; readonly protocol: Protocol; readonly port: number }[];
}

export interface Party {
  readonly ip: string;
  readonly pod: PodFacts | undefined;
}

interface Peer {
  readonly pods: LabelMatcher | undefined;
  readonly namespaces: LabelMatcher | undefined;
  readonly block: IPRange | undefined;
  readonly except: readonly IPRange[];
}

interface PortRange {
  readonly protocol: Protocol;
  /** A name, or the first of a range; absent: all. */
  readonly first: string | number | undefined;
  readonly last: number;
}

interface Rule {
  /** Absent: everybody. */
  readonly peers: readonly Peer[] | undefined;
  /** Absent: all. */
  readonly ports: readonly PortRange[] | undefined;
}

/** A policy, read once. Without `ingress` or `egress` it does not isolate in that direction. */
export interface ParsedPolicy {
  readonly namespace: string;
  readonly pods: LabelMatcher;
  readonly ingress: readonly Rule[] | undefined;
  readonly egress: readonly Rule[] | undefined;
}

function optionalMatcher(selector: PeerSpec['podSelector']): LabelMatcher | undefined {
  return selector === undefined ? undefined : labelSelectorMatcher(selector);
}

function rangesOf(texts: readonly string[]): IPRange[] {
  return texts.flatMap((text) => parseCIDR(text) ?? []);
}

function parsePeer({ podSelector, namespaceSelector, ipBlock }: PeerSpec): Peer {
  return {
    pods: optionalMatcher(podSelector),
    namespaces: optionalMatcher(namespaceSelector),
    block: rangesOf([ipBlock?.cidr ?? ''])[0],
    except: rangesOf(ipBlock?.except ?? []),
  };
}

function parsePort({ protocol = 'TCP', port, endPort }: PortSpec): PortRange {
  const first = port as string | number | undefined;
  return { protocol: protocol as Protocol, first, last: endPort ?? (typeof first === 'number' ? first : 0) };
}

function parseRule(peers: readonly PeerSpec[] = [], ports: readonly PortSpec[] = []): Rule {
  return {
    peers: peers.length === 0 ? undefined : peers.map(parsePeer),
    ports: ports.length === 0 ? undefined : ports.map(parsePort),
  };
}

export function parsePolicy({ metadata, spec }: Readonly<NetworkPolicy>): ParsedPolicy {
  const { podSelector = {}, ingress = [], egress = [] } = spec ?? {};
  const types = spec?.policyTypes ?? (egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
  return {
    namespace: metadata?.namespace ?? '',
    pods: labelSelectorMatcher(podSelector),
    ingress: types.includes('Ingress') ? ingress.map(({ from, ports }) => parseRule(from, ports)) : undefined,
    egress: types.includes('Egress') ? egress.map(({ to, ports }) => parseRule(to, ports)) : undefined,
  };
}

/** What is asked of the cluster while rules are looked at. */
export interface Lookup {
  labelsOf(namespace: string): Labels;
}

function isPeer({ pods, namespaces, block, except }: Peer, party: Party, own: string, lookup: Lookup): boolean {
  if (block !== undefined) {
    const ip = parseIP(party.ip);
    return ip !== undefined && contains(block, ip) && !except.some((range) => contains(range, ip));
  }
  const { pod } = party;
  if (pod === undefined) return false;
  if (namespaces === undefined ? pod.namespace !== own : !namespaces.matches(lookup.labelsOf(pod.namespace)))
    return false;
  return pods === undefined || pods.matches(pod.labels);
}

function isPort({ protocol, first, last }: PortRange, used: UsedPort, target: Party): boolean {
  if (protocol !== used.protocol) return false;
  if (first === undefined) return true;
  if (typeof first === 'number') return used.port >= first && used.port <= last;
  // A name is a port of the pod that is connected to.
  return (target.pod?.ports ?? []).some(
    ({ name, protocol: of, port }) => name === first && of === protocol && port === used.port,
  );
}

export interface UsedPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** Whether one of the rules lets `peer` through; `target` is the one of both that listens. */
export function isAllowed(
  policies: readonly ParsedPolicy[],
  direction: 'ingress' | 'egress',
  { peer, target, used }: { readonly peer: Party; readonly target: Party; readonly used: UsedPort },
  lookup: Lookup,
): boolean {
  return policies.some((policy) =>
    policy[direction]?.some(
      ({ peers, ports }) =>
        (ports === undefined || ports.some((port) => isPort(port, used, target))) &&
        (peers === undefined || peers.some((one) => isPeer(one, peer, policy.namespace, lookup))),
    ),
  );
}
