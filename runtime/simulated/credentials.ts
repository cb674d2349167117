import type { FileTree } from '../files/file-tree.ts';
import type { Container, Pod } from '../kubelet/pod-runtime.ts';
import type { Credentials } from '../processes/program.ts';

/** In the order of their bits. */
const capabilityNames = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');
const all = (1n << BigInt(capabilityNames.length)) - 1n;
/** What a container has that asks for nothing. */
const usual = 0xa80425fbn;
const overrideBit = 1n << BigInt(capabilityNames.indexOf('DAC_OVERRIDE'));

interface Entry {
  readonly name: string;
  readonly id: number;
  readonly fields: readonly string[];
}

function entries(files: FileTree, path: string): Entry[] {
  return (files.read(path) ?? '').split('\n').flatMap((line) => {
    const fields = line.split(':');
    const [name = '', , id = ''] = fields;
    return id === '' ? [] : [{ name, id: Number(id), fields }];
  });
}

/** A user or group by name or number; undefined: a name that is not there. */
function numberOf(text: string, known: readonly Entry[]): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : known.find(({ name }) => name === text)?.id;
}

/** Who the container's programs are: as the pod says, then the container, then the image. */
export function credentialsOf(pod: Readonly<Pod>, container: Container, files: FileTree, imageUser = ''): Credentials {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const users = entries(files, '/etc/passwd');
  const groupEntries = entries(files, '/etc/group');
  const [userText = '', groupText = ''] = imageUser.split(':');
  const asked = own.runAsUser ?? ofPod.runAsUser;
  const uid = asked ?? numberOf(userText || '0', users) ?? 0;
  const user = users.find(({ id }) => id === uid);
  const ofImage = asked === undefined && groupText !== '' ? numberOf(groupText, groupEntries) : undefined;
  const gid = own.runAsGroup ?? ofPod.runAsGroup ?? ofImage ?? Number(user?.fields[3] ?? 0);
  const fromImage =
    ofPod.supplementalGroupsPolicy === 'Strict' || user === undefined
      ? []
      : groupEntries.filter(({ fields }) => fields[3]?.split(',').includes(user.name)).map(({ id }) => id);
  const { fsGroup, supplementalGroups = [] } = ofPod;
  const groups = [gid, ...fromImage, ...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])];
  const mask = capabilityMask(container);
  const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
  const profile = own.seccompProfile ?? ofPod.seccompProfile;
  return {
    uid,
    gid,
    groups: [...new Set(groups)].toSorted((a, b) => a - b),
    isBound: uid === 0 && (mask & overrideBit) === 0n,
    capabilities: { inheritable: hex(0n), effective: hex(uid === 0 ? mask : 0n), bounding: hex(mask) },
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    seccomp: own.privileged !== true && profile !== undefined && profile.type !== 'Unconfined' ? 2 : 0,
  };
}

function capabilityMask({ securityContext = {} }: Container): bigint {
  if (securityContext.privileged === true) return all;
  const { add = [], drop = [] } = securityContext.capabilities ?? {};
  let mask = usual;
  if (add.some((name) => name.toUpperCase() === 'ALL')) mask = all;
  if (drop.some((name) => name.toUpperCase() === 'ALL')) mask = 0n;
  for (const name of add) mask |= bitOf(name);
  for (const name of drop) mask &= ~bitOf(name);
  return mask;
}

function bitOf(name: string): bigint {
  const at = capabilityNames.indexOf(name.toUpperCase().replace(/^CAP_/, ''));
  return at < 0 ? 0n : 1n << BigInt(at);
}
