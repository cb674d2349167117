import { goQuote } from '../../../api/go-text.ts';
import type { Api } from '../../../api/object.ts';
import {
  type CheckedPod,
  distinct,
  hasUserNamespace,
  named,
  namesOf,
  plural,
  quotedList,
  setters,
  type VersionedCheck,
  type Violation,
} from './check.ts';
import { profileTypes, seccompBaseline, seccompBaselineOfAnnotations } from './seccomp-checks.ts';

type Container = Api<'io.k8s.api.core.v1.Container'>;
type SELinuxOptions = Api<'io.k8s.api.core.v1.SELinuxOptions'>;

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const defaultCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const selinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const safeSysctlsOf27 = [...safeSysctls, 'net.ipv4.ip_local_reserved_ports'];
const safeSysctlsOf29 = [
  ...safeSysctlsOf27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const safeSysctlsOf32 = [...safeSysctlsOf29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

/** In the order in which refusals list them. */
export const baselineChecks: readonly VersionedCheck[] = [
  { id: 'appArmorProfile', since: [[0, appArmorProfile]] },
  { id: 'capabilities_baseline', since: [[0, capabilities]] },
  { id: 'hostNamespaces', since: [[0, hostNamespaces]] },
  { id: 'hostPathVolumes', since: [[0, hostPathVolumes]] },
  { id: 'hostPorts', since: [[0, hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', since: [[34, hostsOfHandlers]] },
  { id: 'privileged', since: [[0, privileged]] },
  {
    id: 'procMount',
    since: [
      [0, procMount],
      [35, (pod) => (hasUserNamespace(pod) ? undefined : procMount(pod))],
    ],
  },
  {
    id: 'seLinuxOptions',
    since: [
      [0, (pod) => seLinuxOptions(pod, selinuxTypes)],
      [31, (pod) => seLinuxOptions(pod, [...selinuxTypes, 'container_engine_t'])],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    since: [
      [0, seccompBaselineOfAnnotations],
      [19, seccompBaseline],
    ],
  },
  {
    id: 'sysctls',
    since: [
      [0, (pod) => sysctls(pod, safeSysctls)],
      [27, (pod) => sysctls(pod, safeSysctlsOf27)],
      [29, (pod) => sysctls(pod, safeSysctlsOf29)],
      [32, (pod) => sysctls(pod, safeSysctlsOf32)],
    ],
  },
  { id: 'windowsHostProcess', since: [[0, windowsHostProcess]] },
];

function appArmorProfile({ annotations, spec, containers }: CheckedPod): Violation | undefined {
  const isBad = (type: string | undefined): boolean => type !== undefined && !profileTypes.has(type);
  const podType = spec.securityContext?.appArmorProfile?.type;
  const typeOf = ({ securityContext }: Readonly<Container>): string | undefined =>
    securityContext?.appArmorProfile?.type;
  const bad = containers.filter((container) => isBad(typeOf(container)));
  const types = distinct([
    ...(isBad(podType) ? [podType ?? ''] : []),
    ...bad.map((container) => typeOf(container) ?? ''),
  ]);
  const badAnnotations = Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^(?:$|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .sort();
  const values = [...types, ...badAnnotations];
  const who = [
    setters(isBad(podType), namesOf(bad)),
    badAnnotations.length > 0 ? plural(badAnnotations.length, 'annotation') : '',
  ].filter((part) => part !== '');
  if (who.length === 0) return undefined;
  return {
    reason: plural(values.length, 'forbidden AppArmor profile'),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quotedList(values)}`,
  };
}

function capabilities({ containers }: CheckedPod): Violation | undefined {
  const extra = ({ securityContext }: Readonly<Container>): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name));
  const bad = containers.filter((container) => extra(container).length > 0);
  if (bad.length === 0) return undefined;
  const added = quotedList(distinct(bad.flatMap(extra)));
  const detail = `${named('container', namesOf(bad))} must not include ${added} in securityContext.capabilities.add`;
  return { reason: 'non-default capabilities', detail };
}

function hostNamespaces({ spec }: CheckedPod): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
}

function hostPathVolumes({ spec }: CheckedPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name = '' }) => name);
  return bad.length === 0 ? undefined : { reason: 'hostPath volumes', detail: named('volume', bad) };
}

function hostPorts({ containers }: CheckedPod): Violation | undefined {
  const portsOf = ({ ports = [] }: Readonly<Container>): string[] =>
    ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)]));
  const bad = containers.filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = distinct(bad.flatMap(portsOf));
  const verb = plural(bad.length, 'uses', 'use');
  const detail = `${named('container', namesOf(bad))} ${verb} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`;
  return { reason: 'hostPort', detail };
}

function hostsOfHandlers({ containers }: CheckedPod): Violation | undefined {
  const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Readonly<Container>): string[] =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
      .flatMap((handler) => [handler?.httpGet?.host ?? '', handler?.tcpSocket?.host ?? ''])
      .filter((host) => host !== '');
  const bad = containers.filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const reason = 'probe or lifecycle host';
  const names = distinct(namesOf(bad));
  const hosts = distinct(bad.flatMap(hostsOf));
  const what = `${plural(hosts.length, reason)} ${quotedList(hosts)}`;
  return { reason, detail: `${named('container', names)} ${plural(names.length, 'uses', 'use')} ${what}` };
}

function privileged({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ securityContext }) => securityContext?.privileged === true);
  if (bad.length === 0) return undefined;
  const detail = `${named('container', namesOf(bad))} must not set securityContext.privileged=true`;
  return { reason: 'privileged', detail };
}

export function procMount({ containers }: CheckedPod): Violation | undefined {
  const mountOf = ({ securityContext }: Readonly<Container>): string => securityContext?.procMount ?? 'Default';
  const bad = containers.filter((container) => mountOf(container) !== 'Default');
  if (bad.length === 0) return undefined;
  const types = quotedList(distinct(bad.map(mountOf)));
  const detail = `${named('container', namesOf(bad))} must not set securityContext.procMount to ${types}`;
  return { reason: 'procMount', detail };
}

function seLinuxOptions({ spec, containers }: CheckedPod, allowedTypes: readonly string[]): Violation | undefined {
  const isBad = (options: Readonly<SELinuxOptions> | undefined): boolean =>
    options !== undefined &&
    (!allowedTypes.includes(options.type ?? '') || (options.user ?? '') !== '' || (options.role ?? '') !== '');
  const podOptions = spec.securityContext?.seLinuxOptions;
  const bad = containers.filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
  const options = [podOptions, ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(isBad);
  if (options.length === 0) return undefined;
  const types = distinct(options.map((given) => given?.type ?? '').filter((type) => !allowedTypes.includes(type)));
  const data = [
    ...(types.length > 0 ? [named('type', types)] : []),
    ...(options.some((given) => (given?.user ?? '') !== '') ? ['user may not be set'] : []),
    ...(options.some((given) => (given?.role ?? '') !== '') ? ['role may not be set'] : []),
  ];
  const who = setters(isBad(podOptions), namesOf(bad));
  return {
    reason: 'seLinuxOptions',
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
  };
}

function sysctls({ spec }: CheckedPod, safe: readonly string[]): Violation | undefined {
  const bad = (spec.securityContext?.sysctls ?? []).map(({ name = '' }) => name).filter((name) => !safe.includes(name));
  return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
}

function windowsHostProcess({ spec, containers }: CheckedPod): Violation | undefined {
  const byPod = spec.securityContext?.windowsOptions?.hostProcess === true;
  const bad = containers.filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
  if (!byPod && bad.length === 0) return undefined;
  const detail = `${setters(byPod, namesOf(bad))} must not set securityContext.windowsOptions.hostProcess=true`;
  return { reason: 'hostProcess', detail };
}
