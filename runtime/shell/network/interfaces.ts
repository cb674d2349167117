import { parseIP } from '../../../api/ip.ts';
import type { NetworkNamespace } from '../../network/network.ts';
import { changeDevices } from './made-devices.ts';
import type { NetworkProcess, NetworkProgram } from './place.ts';

interface Interface {
  readonly name: string;
  readonly index: number;
  readonly mac: string | undefined;
  readonly mtu: number;
  /** Of those that a program made. */
  readonly kind?: string;
  readonly isUp?: boolean;
  /** With the length of the network's prefix. */
  readonly addresses: readonly (readonly [ip: string, prefix: number])[];
}

function interfacesOf(network: NetworkNamespace): Interface[] {
  const { ips } = network;
  const own = ips.map((ip): readonly [string, number] => [ip, ip.includes(':') ? 64 : 24]);
  const bytes = (ips.find((ip) => !ip.includes(':')) ?? '10.0.0.1').split('.').map(Number);
  const mac = ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
  return [
    {
      name: 'lo',
      index: 1,
      mac: undefined,
      mtu: 65_536,
      addresses: [
        ['127.0.0.1', 8],
        ['::1', 128],
      ],
    },
    { name: 'eth0', index: 2, mac, mtu: 1500, addresses: own },
    ...network.devices().values(),
  ];
}

function networkOf(ip: string): string {
  return ip.replace(/\d+$/, '0');
}

function gatewayOf({ ips }: NetworkNamespace): string | undefined {
  return ips.find((ip) => !ip.includes(':'))?.replace(/\d+$/, '1');
}

function broadcastOf(ip: string): string {
  return ip.replace(/\d+$/, '255');
}

export const ifconfig: NetworkProgram = (args, { network, stdout, stderr }) => {
  const wanted = args.find((arg) => !arg.startsWith('-'));
  const found = interfacesOf(network).filter(({ name }) => wanted === undefined || name === wanted);
  if (found.length === 0) {
    stderr.write(`ifconfig: ${wanted}: error fetching interface information: Device not found\n`);
    return 1;
  }
  for (const { name, mac, mtu, addresses } of found.toReversed()) {
    const link = mac === undefined ? 'Local Loopback' : `Ethernet  HWaddr ${mac.toUpperCase()}`;
    let text = `${name.padEnd(9)} Link encap:${link}  \n`;
    for (const [ip, prefix] of addresses) {
      if (ip.includes(':'))
        text += `          inet6 addr: ${ip}/${prefix} Scope:${mac === undefined ? 'Host' : 'Global'}\n`;
      else if (mac === undefined) text += `          inet addr:${ip}  Mask:255.0.0.0\n`;
      else text += `          inet addr:${ip}  Bcast:${broadcastOf(ip)}  Mask:255.255.255.0\n`;
    }
    const flags = mac === undefined ? 'UP LOOPBACK RUNNING' : 'UP BROADCAST RUNNING MULTICAST';
    text += `          ${flags}  MTU:${mtu}  Metric:1\n          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:${mac === undefined ? 1000 : 0} \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n`;
    stdout.write(text);
  }
  return 0;
};

const subjects: Readonly<Record<string, string>> = {
  a: 'addr',
  addr: 'addr',
  address: 'addr',
  l: 'link',
  link: 'link',
  r: 'route',
  ro: 'route',
  route: 'route',
  n: 'neigh',
  neigh: 'neigh',
  neighbour: 'neigh',
  neighbor: 'neigh',
  rule: 'rule',
};

export const ip: NetworkProgram = (args, process) => {
  const { network, stdout, stderr } = process;
  const isSix = args.includes('-6');
  const [object = '', verb = 'show', ...rest] = args.filter((arg) => !arg.startsWith('-'));
  const subject = subjects[object];
  if (object === '') {
    stderr.write('Usage: ip [OPTIONS] address|route|link|neigh|rule [ARGS]\n');
    return 255;
  }
  if (subject === undefined) {
    stderr.write(`Object "${object}" is unknown, try "ip help".\n`);
    return 1;
  }
  const isShown = ['show', 'list', 'ls', 's', 'get', 'dev'].includes(verb);
  if (!isShown) return changeDevices(subject, verb, rest, process);
  const device = rest.filter((word) => word !== 'dev').at(-1);
  if (subject === 'route') stdout.write(verb === 'get' ? routeTo(device ?? '', network) : routes(network, isSix));
  else if (subject === 'rule') stdout.write(rules);
  else if (subject !== 'neigh') return showDevices(subject, device, args, process);
  return 0;
};

const rules = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n';

function showDevices(
  subject: string,
  device: string | undefined,
  args: readonly string[],
  { network, stdout, stderr }: NetworkProcess,
): number {
  const family = args.includes('-4') ? 4 : args.includes('-6') ? 6 : undefined;
  const isBrief = args.some((arg) => arg === '-o' || arg === '-oneline');
  const found = interfacesOf(network).filter(({ name }) => device === undefined || name === device);
  if (found.length === 0) {
    stderr.write(`Device "${device}" does not exist.\n`);
    return 1;
  }
  for (const each of found) stdout.write(isBrief ? briefly(each, family) : fully(each, subject === 'addr', family));
  return 0;
}

function inetLines({ name, addresses, mac, kind }: Interface, family: 4 | 6 | undefined): string[] {
  const scope = mac === undefined ? 'host' : 'global';
  return addresses
    .filter(([address]) => family === undefined || parseIP(address)?.family === family)
    .map(([address, prefix]) => {
      if (address.includes(':')) return `inet6 ${address}/${prefix} scope ${scope} `;
      const broadcast = mac === undefined || kind !== undefined ? '' : ` brd ${broadcastOf(address)}`;
      return `inet ${address}/${prefix}${broadcast} scope ${scope} ${name}`;
    });
}

function fully(device: Interface, withAddresses: boolean, family: 4 | 6 | undefined): string {
  const { name, index, mac, mtu, kind, isUp = true } = device;
  const flags = `BROADCAST,${kind === 'dummy' ? 'NOARP' : 'MULTICAST'}${isUp ? ',UP,LOWER_UP' : ''}`;
  const state = isUp ? 'qdisc noqueue state UNKNOWN' : 'qdisc noop state DOWN';
  const head =
    mac === undefined
      ? `${index}: ${name}: <LOOPBACK,UP,LOWER_UP> mtu ${mtu} qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n`
      : kind !== undefined
        ? `${index}: ${name}: <${flags}> mtu ${mtu} ${state} group default qlen 1000\n    link/ether ${mac} brd ff:ff:ff:ff:ff:ff\n`
        : `${index}: ${name}@if${index + 3}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu ${mtu} qdisc noqueue state UP group default \n    link/ether ${mac} brd ff:ff:ff:ff:ff:ff link-netnsid 0\n`;
  if (!withAddresses) return head;
  const lines = inetLines(device, family).map(
    (line) => `    ${line}\n       valid_lft forever preferred_lft forever\n`,
  );
  return head + lines.join('');
}

function briefly(device: Interface, family: 4 | 6 | undefined): string {
  return inetLines(device, family)
    .map((line) => `${device.index}: ${device.name}    ${line}\\       valid_lft forever preferred_lft forever\n`)
    .join('');
}

function routes(network: NetworkNamespace, isSix: boolean): string {
  const own = network.ips.find((each) => each.includes(':') === isSix);
  if (own === undefined) return '';
  if (isSix) return `${own.replace(/[^:]+$/, '')}/64 dev eth0 proto kernel metric 256 pref medium\n`;
  return `default via ${gatewayOf(network)} dev eth0 \n${networkOf(own)}/24 dev eth0 proto kernel scope link src ${own} \n`;
}

function routeTo(target: string, network: NetworkNamespace): string {
  const [own = ''] = network.ips;
  const near = networkOf(target) === networkOf(own);
  return `${target} ${near ? '' : `via ${gatewayOf(network)} `}dev eth0 src ${own} uid 0 \n    cache \n`;
}

export const route: NetworkProgram = (_args, { network, stdout }) => {
  stdout.write(
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n',
  );
  const own = network.ips.find((each) => !each.includes(':'));
  if (own === undefined) return 0;
  const line = (...[target = '', gateway = '', mask = '', flags = '']: string[]): string =>
    `${target.padEnd(15)} ${gateway.padEnd(15)} ${mask.padEnd(15)} ${flags.padEnd(5)} 0      0        0 eth0\n`;
  stdout.write(line('0.0.0.0', gatewayOf(network) ?? '', '0.0.0.0', 'UG'));
  stdout.write(line(networkOf(own), '0.0.0.0', '255.255.255.0', 'U'));
  return 0;
};
