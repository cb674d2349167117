import type { CoreEndpointPort, EndpointAddress, EndpointSubset } from './kinds.ts';

const maxAddresses = 1000;

interface Member {
  readonly address: EndpointAddress;
  isReady: boolean;
}

function memberKey({ ip, targetRef }: Readonly<EndpointAddress>): string {
  return `${ip} ${targetRef?.uid ?? ''}`;
}

function byText<T>(text: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [text(a), text(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
}

function portText({ name, port, protocol, appProtocol }: Readonly<CoreEndpointPort>): string {
  return JSON.stringify([name ?? '', port, protocol ?? 'TCP', appProtocol ?? null]);
}

/** As few subsets as can say the same, in a fixed order. Who is not ready on one port of a subset is not ready. */
export function repackSubsets(subsets: readonly Readonly<EndpointSubset>[]): EndpointSubset[] {
  const byPort = new Map<
    string,
    { readonly port: CoreEndpointPort | undefined; readonly members: Map<string, Member> }
  >();
  const addresses = new Map<string, EndpointAddress>();
  const put = (port: CoreEndpointPort | undefined, address: EndpointAddress, isReady: boolean): void => {
    const text = port === undefined ? '' : portText(port);
    let entry = byPort.get(text);
    if (entry === undefined) {
      entry = { port, members: new Map() };
      byPort.set(text, entry);
    }
    const key = memberKey(address);
    const known = addresses.get(key) ?? address;
    addresses.set(key, known);
    const member = entry.members.get(key);
    if (member === undefined) entry.members.set(key, { address: known, isReady });
    else member.isReady &&= isReady;
  };
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets)
    for (const port of ports.length === 0 ? [undefined] : ports) {
      for (const address of addresses) put(port, address, true);
      for (const address of notReadyAddresses) put(port, address, false);
    }
  const groups = new Map<string, { readonly members: Map<string, Member>; readonly ports: CoreEndpointPort[] }>();
  for (const { port, members } of byPort.values()) {
    const text = [...members]
      .map(([key, { isReady }]) => `${key} ${isReady}`)
      .sort()
      .join();
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { members, ports: port === undefined ? [] : [port] });
    else if (port !== undefined) group.ports.push(port);
  }
  const packed = [...groups.values()].map(({ members, ports }) => {
    const sorted = [...members.values()].sort(byText(({ address }) => memberKey(address)));
    const ready = sorted.filter(({ isReady }) => isReady).map(({ address }) => address);
    const notReady = sorted.filter(({ isReady }) => !isReady).map(({ address }) => address);
    return {
      ...(ready.length === 0 ? {} : { addresses: ready }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
      ...(ports.length === 0 ? {} : { ports: ports.sort(byText(portText)) }),
    };
  });
  return packed.sort(byText((subset) => JSON.stringify(subset)));
}

export function addressCount(subsets: readonly Readonly<EndpointSubset>[]): number {
  return subsets.reduce(
    (sum, { addresses = [], notReadyAddresses = [] }) => sum + addresses.length + notReadyAddresses.length,
    0,
  );
}

export function isOverCapacity(subsets: readonly Readonly<EndpointSubset>[]): boolean {
  return addressCount(subsets) > maxAddresses;
}

/** No more addresses than an Endpoints object may hold, ready ones first, each subset in proportion. */
export function truncated(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  if (!isOverCapacity(subsets)) return [...subsets];
  const total = (field: 'addresses' | 'notReadyAddresses'): number =>
    subsets.reduce((sum, subset) => sum + (subset[field] ?? []).length, 0);
  const ready = total('addresses');
  const field = ready > maxAddresses ? 'addresses' : 'notReadyAddresses';
  const room = ready > maxAddresses ? maxAddresses : maxAddresses - ready;
  const all = total(field);
  let left = room;
  return subsets.map((subset) => {
    const present = subset[field] ?? [];
    const kept = present.slice(0, Math.min(left, Math.ceil((present.length / all) * room)));
    left -= kept.length;
    const { notReadyAddresses: _, ...others } = subset;
    if (field === 'addresses') return { ...others, addresses: kept };
    return kept.length === 0 ? others : { ...others, notReadyAddresses: kept };
  });
}
