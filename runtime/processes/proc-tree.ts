import { type ByteText, FileError, type FileStat, type FileTree } from '../files/file-tree.ts';
import { unchanging } from '../files/generated-tree.ts';
import type { MountPoint } from '../files/mounted-tree.ts';
import { kernelDefaults } from './kernel-settings.ts';
import type { ProcessInfo } from './program.ts';

export interface ProcSources {
  now(): number;
  processes(): readonly ProcessInfo[];
  mounts(): readonly MountPoint[];
  readonly isRootReadOnly: boolean;
  readonly startedAt: number;
  readonly hostname: string;
  readonly memoryBytes: number;
  readonly cores: number;
  /** Made by the kubelet's wish. */
  readonly sysctls: ReadonlyMap<string, string>;
}

type Entry = (() => ByteText) | { readonly link: () => string } | Directory;
type Directory = ReadonlyMap<string, Entry>;

const ticksPerMs = 0.1;

/** As in the second column of `ps`. */
export function commandName({ args: [name = ''] }: ProcessInfo): string {
  return name.slice(name.lastIndexOf('/') + 1).slice(0, 15);
}

/** A line for each of what is mounted, as in /proc/mounts. */
export function mountLines({ mounts, isRootReadOnly }: ProcSources): string[] {
  const rights = (isReadOnly: boolean | undefined): string => (isReadOnly === true ? 'ro' : 'rw');
  const system: Readonly<Record<string, string>> = {
    '/proc': 'proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0',
    '/dev': 'tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755,inode64 0 0',
    '/sys/fs/cgroup': 'cgroup /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec,relatime 0 0',
    '/sys': 'sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0',
  };
  const others = mounts()
    .toSorted((a, b) => a.path.length - b.path.length)
    .map(({ path, tree, isReadOnly }) => {
      const { type } = tree;
      const device = type === 'tmpfs' ? 'tmpfs' : '/dev/vda1';
      return system[path] ?? `${device} ${path} ${type} ${rights(isReadOnly)},relatime 0 0`;
    });
  return [`overlay / overlay ${rights(isRootReadOnly)},relatime 0 0`, ...others];
}

/** /proc: what the container's processes and its machine are, read as it is asked for. */
export function createProcTree(sources: ProcSources): FileTree {
  // Most containers never look.
  let machine: Directory | undefined;
  const entryAt = (path: string): Entry | undefined => {
    machine ??= machineEntries(sources);
    const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
    const info = /^\d+$/.test(first) ? sources.processes().find(({ pid }) => pid === Number(first)) : undefined;
    let at: Entry | undefined =
      first === '' ? machine : info === undefined ? machine.get(first) : entriesOf(info, sources);
    for (const part of rest) at = at instanceof Map ? at.get(part) : undefined;
    return at;
  };
  const refuse = (path: string): never => {
    throw new FileError('EACCES', `${path}: Permission denied`);
  };
  const stat = (path: string): FileStat | undefined => {
    const entry = entryAt(path);
    if (entry === undefined) return undefined;
    const common = { uid: 0, gid: 0, size: 0, modifiedAt: sources.startedAt };
    if (typeof entry === 'function') return { type: 'file', mode: path.startsWith('/sys/') ? 0o644 : 0o444, ...common };
    return 'link' in entry
      ? { type: 'link', mode: 0o777, target: entry.link(), ...common }
      : { type: 'directory', mode: 0o555, ...common };
  };
  return {
    type: 'proc',
    read: (path) => {
      const entry = entryAt(path);
      return typeof entry === 'function' ? entry() : undefined;
    },
    write: (path, text) => {
      // Nothing else there takes a word: it is heard and has no effect.
      if (!path.startsWith('/sys/') || typeof entryAt(path) !== 'function' || text === '') refuse(path);
    },
    isDirectory: (path) => entryAt(path) instanceof Map,
    list: (path) => {
      const entry = entryAt(path);
      if (!(entry instanceof Map)) return [];
      const own = path === '/' || path === '' ? sources.processes().map(({ pid }) => String(pid)) : [];
      return [...own, ...entry.keys()];
    },
    stat,
    lstat: stat,
    ...unchanging(refuse),
  };
}

function entriesOf(info: ProcessInfo, sources: ProcSources): Directory {
  const { pid, args, environment, cwd, descriptors } = info;
  const zeroed = (words: Iterable<string>): string => [...words].map((word) => `${word}\0`).join('');
  return new Map<string, Entry>([
    ['cmdline', () => zeroed(args)],
    ['comm', () => `${commandName(info)}\n`],
    ['environ', () => zeroed([...environment].map(([name, value]) => `${name}=${value}`))],
    ['status', () => statusOf(info)],
    ['stat', () => statLine(info, sources)],
    ['statm', () => '1096 256 256 0 0 64 0\n'],
    ['cgroup', () => '0::/\n'],
    ['mounts', () => `${mountLines(sources).join('\n')}\n`],
    [
      'mountinfo',
      () =>
        mountLines(sources)
          .map(
            (line, at) =>
              `${600 + at} 599 0:${50 + at} / ${line.split(' ')[1]} ${line.split(' ')[3]} - ${line.split(' ')[2]} ${line.split(' ')[0]} rw\n`,
          )
          .join(''),
    ],
    [
      'limits',
      () =>
        `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1048576              1048576              files     \n`,
    ],
    ['oom_score_adj', () => '0\n'],
    ['oom_score', () => '0\n'],
    ['cwd', { link: () => cwd }],
    ['root', { link: () => '/' }],
    ['exe', { link: () => args[0] ?? '' }],
    ['fd', new Map([...descriptors].map(([number, { channel }]) => [String(number), { link: () => channel.name }]))],
    [
      'ns',
      new Map(
        ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'].map((name) => [
          name,
          { link: () => `${name}:[402653${pid % 10}]` },
        ]),
      ),
    ],
  ]);
}

function statusOf(info: ProcessInfo): string {
  const { pid, parent, user } = info;
  const four = (id: number): string => Array.from({ length: 4 }, () => id).join('\t');
  const lines = [
    `Name:\t${commandName(info)}`,
    'Umask:\t0022',
    `State:\t${info.isStopped === true ? 'T (stopped)' : 'S (sleeping)'}`,
    `Tgid:\t${pid}`,
    'Ngid:\t0',
    `Pid:\t${pid}`,
    `PPid:\t${parent}`,
    'TracerPid:\t0',
    `Uid:\t${four(user.uid)}`,
    `Gid:\t${four(user.gid)}`,
    'FDSize:\t64',
    `Groups:\t${user.groups.join(' ')} `,
    `NStgid:\t${pid}`,
    `NSpid:\t${pid}`,
    'VmPeak:\t    4384 kB',
    'VmSize:\t    4384 kB',
    'VmRSS:\t    1024 kB',
    'Threads:\t1',
    'SigQ:\t0/15000',
    `CapInh:\t${user.capabilities?.inheritable ?? '0000000000000000'}`,
    `CapPrm:\t${user.capabilities?.effective ?? '00000000a80425fb'}`,
    `CapEff:\t${user.capabilities?.effective ?? '00000000a80425fb'}`,
    `CapBnd:\t${user.capabilities?.bounding ?? '00000000a80425fb'}`,
    'CapAmb:\t0000000000000000',
    `NoNewPrivs:\t${user.noNewPrivileges === true ? 1 : 0}`,
    `Seccomp:\t${user.seccomp ?? 0}`,
    `Seccomp_filters:\t${user.seccomp === 2 ? 1 : 0}`,
    'Cpus_allowed:\t3',
    'Cpus_allowed_list:\t0-1',
  ];
  return `${lines.join('\n')}\n`;
}

function statLine(info: ProcessInfo, { startedAt }: ProcSources): string {
  const { pid, parent, group, terminal } = info;
  const since = Math.max(0, Math.floor((info.startedAt - startedAt) * ticksPerMs));
  const tty = terminal === undefined ? 0 : 34_816 + terminal.number;
  return `${pid} (${commandName(info)}) ${info.isStopped === true ? 'T' : 'S'} ${parent} ${group} ${group} ${tty} ${terminal?.foreground ?? -1} 4194560 100 0 0 0 0 0 0 0 20 0 1 0 ${since} 4489216 256\n`;
}

function machineEntries(sources: ProcSources): Directory {
  const { now, startedAt, memoryBytes, cores, sysctls, hostname } = sources;
  const kB = (bytes: number): string => String(Math.floor(bytes / 1024)).padStart(8);
  const upSeconds = (): string => ((now() - startedAt) / 1000).toFixed(2);
  const tree = new Map<string, Entry>([
    [
      'cpuinfo',
      () =>
        Array.from(
          { length: cores },
          (_, at) =>
            `processor\t: ${at}\nvendor_id\t: Simulated\nmodel name\t: Simulated CPU\ncpu MHz\t\t: 1000.000\ncpu cores\t: ${cores}\n\n`,
        ).join(''),
    ],
    ['filesystems', () => 'nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n\text4\n'],
    ['loadavg', () => `0.00 0.00 0.00 1/${sources.processes().length} ${sources.processes().at(-1)?.pid ?? 1}\n`],
    [
      'meminfo',
      () =>
        [
          `MemTotal:       ${kB(memoryBytes)} kB`,
          `MemFree:        ${kB(memoryBytes * 0.8)} kB`,
          `MemAvailable:   ${kB(memoryBytes * 0.9)} kB`,
          'Buffers:               0 kB',
          'Cached:                0 kB',
          'SwapTotal:             0 kB',
          'SwapFree:              0 kB',
          '',
        ].join('\n'),
    ],
    ['mounts', () => `${mountLines(sources).join('\n')}\n`],
    [
      'stat',
      () =>
        `cpu  0 0 0 0 0 0 0 0 0 0\nbtime ${Math.floor(startedAt / 1000)}\nprocesses ${sources.processes().length}\n`,
    ],
    ['swaps', () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'],
    ['uptime', () => `${upSeconds()} ${upSeconds()}\n`],
    ['version', () => 'Linux version 6.1.0-simulated (simulated@simulated) #1 SMP\n'],
  ]);
  // The kernel keeps numbers, and writes tabs between them.
  const wished = [...sysctls].map(([name, value]) => [name, value.replaceAll(/(?<=\d)\s+(?=\d)/g, '\t')] as const);
  const values = new Map([...kernelDefaults, ['kernel.hostname', hostname], ...wished]);
  const system = new Map<string, Entry>();
  for (const [name, value] of values) enter(system, name.split('.'), () => `${value}\n`);
  tree.set('sys', system);
  return tree;
}

function enter(tree: Map<string, Entry>, [first = '', ...rest]: readonly string[], entry: Entry): void {
  if (rest.length === 0) {
    tree.set(first, entry);
    return;
  }
  const inner = tree.get(first);
  const folder = inner instanceof Map ? (inner as Map<string, Entry>) : new Map<string, Entry>();
  tree.set(first, folder);
  enter(folder, rest, entry);
}
