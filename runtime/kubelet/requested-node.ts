import { contains, formatCIDR, parseCIDR } from '../../api/ip.ts';
import type { Informer } from '../client/informer.ts';
import type { NodePlace } from './node-places.ts';
import type { Node, NodeOptions } from './node-status.ts';

/** A Node with this annotation, `"true"`, is run by a kubelet of this process for as long as there is the Node. */
export const simulatedAnnotation = 'kubefacade.dev/simulated';

export function isRequested({ metadata }: Readonly<Node>): boolean {
  return metadata?.annotations?.[simulatedAnnotation] === 'true' && metadata.deletionTimestamp === undefined;
}

export interface UsualNode extends Pick<NodeOptions, 'kubeletVersion' | 'capacity'> {
  readonly allocatable: NonNullable<NodeOptions['allocatable']>;
}

/** What its kubelet is to say of it: what the object says, and the usual where it does not. */
export function requestedOptions(
  { metadata, status }: Readonly<Node>,
  { address, podCIDR }: NodePlace,
  usual: UsualNode,
): NodeOptions {
  const capacity = { ...usual.capacity, ...status?.capacity };
  return {
    name: metadata?.name ?? '',
    address,
    podCIDR,
    kubeletVersion: usual.kubeletVersion,
    capacity,
    allocatable: { ...usual.allocatable, ...status?.capacity, ...status?.allocatable },
    labels: {},
    isGiven: true,
  };
}

export function internalAddress({ status }: Readonly<Node>): string | undefined {
  return status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
}

const usualPrefix = 24;
const wide = 'wide';

function podCIDRsOf({ spec }: Readonly<Node>): readonly string[] {
  return spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
}

/** The network of the usual size that another is, or is in. */
function networkOf(cidr: string): string {
  const range = parseCIDR(cidr);
  if (range === undefined || range.family === 6 || range.prefix < usualPrefix) return wide;
  const base = (range.base >> 8n) << 8n;
  return formatCIDR({ ...range, base, prefix: usualPrefix });
}

/** Whether no other node has the address or pods there. */
export function freeAmong(nodes: Informer<Node>): (place: NodePlace, name: string) => boolean {
  nodes.index('internal address', (node) => {
    const address = internalAddress(node);
    return address === undefined ? [] : [address];
  });
  nodes.index('pod network', (node) => podCIDRsOf(node).map(networkOf));
  return ({ address, podCIDR }, name) => {
    const isOther = ({ metadata }: Readonly<Node>): boolean => metadata?.name !== name;
    const base = parseCIDR(podCIDR);
    const covers = (cidr: string): boolean => {
      const range = parseCIDR(cidr);
      return range !== undefined && base !== undefined && contains(range, { family: base.family, bits: base.base });
    };
    return !(
      nodes.by('internal address', address).some(isOther) ||
      nodes.by('pod network', podCIDR).some(isOther) ||
      nodes.by('pod network', wide).some((node) => isOther(node) && podCIDRsOf(node).some(covers))
    );
  };
}
