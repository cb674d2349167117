import type { Program } from '../../processes/program.ts';
import { type NetworkProgram, networkProgram } from './place.ts';

const programs: Readonly<Record<string, () => Promise<NetworkProgram>>> = {
  nslookup: async () => (await import('./nslookup.ts')).nslookup,
  dig: async () => (await import('./dig.ts')).dig,
  host: async () => (await import('./host.ts')).host,
  getent: async () => (await import('./getent.ts')).getent,
  wget: async () => (await import('./wget.ts')).wget,
  curl: async () => (await import('./curl.ts')).curl,
  nc: async () => (await import('./nc.ts')).nc,
  telnet: async () => (await import('./nc.ts')).telnet,
  ping: async () => (await import('./ping.ts')).ping,
  ping6: async () => (await import('./ping.ts')).ping,
  traceroute: async () => (await import('./ping.ts')).traceroute,
  hostname: async () => (await import('./hostname.ts')).hostname,
  ifconfig: async () => (await import('./interfaces.ts')).ifconfig,
  ip: async () => (await import('./interfaces.ts')).ip,
  route: async () => (await import('./interfaces.ts')).route,
  netstat: async () => (await import('./sockets.ts')).netstat,
  ss: async () => (await import('./sockets.ts')).ss,
  'iptables-save': async () => (await import('./iptables.ts')).iptablesSave,
  'ip6tables-save': async () => (await import('./iptables.ts')).ip6tablesSave,
  iptables: async () => (await import('./iptables.ts')).iptables,
  ip6tables: async () => (await import('./iptables.ts')).ip6tables,
  httpd: async () => (await import('./httpd.ts')).httpd,
};

/** By name. Each is loaded when it is first called. */
export const networkPrograms: ReadonlyMap<string, Program> = new Map(
  Object.entries(programs).map(([name, load]) => [name, networkProgram(load)]),
);

/** What images bring that have BIND's tools and OpenBSD's `nc`, by path. */
export const bindPrograms: Readonly<Record<string, Program>> = {
  '/usr/bin/nslookup': networkProgram(async () => (await import('./nslookup.ts')).bindNslookup),
  '/usr/bin/nc': networkProgram(async () => (await import('./nc.ts')).openbsdNc),
};
