import type { Rejection } from './admission.ts';
import type { Pod } from './pod-runtime.ts';

/** What pods may set of their own namespaces without harm to others. */
const safe: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/** With dots between its parts, whichever separator came first. */
export function settingName(name: string): string {
  if (!/^[^.]*\//.test(name)) return name;
  return name.replaceAll(/[./]/g, (mark) => (mark === '/' ? '.' : '/'));
}

/** Why a pod's kernel settings keep it from a node that allows no unsafe ones. */
export function forbiddenSetting({ spec }: Readonly<Pod>): Rejection | undefined {
  const { securityContext, hostNetwork = false, hostIPC = false } = spec ?? {};
  for (const { name = '' } of securityContext?.sysctls ?? []) {
    const setting = settingName(name);
    const [namespace, isShared] = setting.startsWith('net.') ? ['Net', hostNetwork] : ['IPC', hostIPC];
    const why = !safe.has(setting)
      ? 'not allowlisted'
      : isShared
        ? `not allowed with host ${namespace} enabled`
        : undefined;
    if (why !== undefined)
      return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${JSON.stringify(setting)} ${why}` };
  }
  return undefined;
}
