import { parseQuantity } from '../../api/quantity.ts';
import type { FileTree } from '../files/file-tree.ts';
import { createGeneratedTree, type GeneratedEntry } from '../files/generated-tree.ts';
import type { Container, Pod } from '../kubelet/pod-runtime.ts';

type Resources = Container['resources'];

const period = 100_000;
const leastQuota = 1000;
const leastShares = 2;
const mostShares = 262_144;

/** What a container has of its node. */
export interface ContainerGroup {
  /** As the container sees it at /sys/fs/cgroup. */
  readonly tree: FileTree;
  readonly memoryLimit: number | undefined;
  set(resources: Resources): void;
  close(): void;
}

export interface PodGroup {
  container(id: string, resources: Resources): ContainerGroup;
  close(): void;
}

function amount(list: Readonly<Record<string, string>> | undefined, name: string): bigint | undefined {
  const text = list?.[name];
  if (text === undefined) return undefined;
  const quantity = parseQuantity(text);
  return name === 'cpu' ? quantity.milliValue() : quantity.value();
}

interface Amounts {
  /** In thousandths of a core. */
  readonly request: bigint | undefined;
  readonly cpu: bigint | undefined;
  readonly memory: bigint | undefined;
}

function amountsOf(resources: Resources): Amounts {
  const cpu = amount(resources?.limits, 'cpu');
  return { request: amount(resources?.requests, 'cpu') ?? cpu, cpu, memory: amount(resources?.limits, 'memory') };
}

function filesOf(amounts: () => Amounts): [string, GeneratedEntry][] {
  const quota = (milli: bigint): number => Math.max(leastQuota, (Number(milli) * period) / 1000);
  const weight = (milli: bigint): number => {
    const shares = Math.min(mostShares, Math.max(leastShares, Math.floor((Number(milli) * 1024) / 1000)));
    return 1 + Math.floor(((shares - leastShares) * 9999) / (mostShares - leastShares));
  };
  const limited = (value: bigint | undefined, text: (value: bigint) => string): string =>
    value === undefined || value === 0n ? 'max' : text(value);
  return [
    ['cpu.max', { text: () => `${limited(amounts().cpu, (milli) => `${quota(milli)}`)} ${period}\n` }],
    ['cpu.weight', { text: () => `${weight(amounts().request ?? 0n)}\n` }],
    ['memory.max', { text: () => `${limited(amounts().memory, String)}\n` }],
  ];
}

/** A pod has a limit when all of its containers have. */
function sumOf(all: readonly Amounts[]): Amounts {
  const sum = (of: (amounts: Amounts) => bigint | undefined): bigint | undefined =>
    all.some((amounts) => of(amounts) === undefined)
      ? undefined
      : all.reduce((total, amounts) => total + (of(amounts) ?? 0n), 0n);
  return {
    request: all.reduce((total, { request }) => total + (request ?? 0n), 0n),
    cpu: sum(({ cpu }) => cpu),
    memory: sum(({ memory }) => memory),
  };
}

/** Its files are made when somebody looks: few do. */
class OpenGroup implements ContainerGroup {
  resources: Resources;
  readonly close: () => void;
  #files: ReadonlyMap<string, GeneratedEntry> | undefined;

  constructor(resources: Resources, close: () => void) {
    this.resources = resources;
    this.close = close;
  }

  readonly directory = (): ReadonlyMap<string, GeneratedEntry> => {
    this.#files ??= new Map(filesOf(() => amountsOf(this.resources)));
    return this.#files;
  };

  get tree(): FileTree {
    return createGeneratedTree('cgroup2', this.directory);
  }

  get memoryLimit(): number | undefined {
    const bytes = amountsOf(this.resources).memory;
    return bytes === undefined ? undefined : Number(bytes);
  }

  readonly set = (resources: Resources): void => {
    this.resources = resources;
  };
}

/** Control groups, version 2, of nodes, pods and containers: files that say what somebody is given. */
export function createCgroups(): { open(node: string, pod: Readonly<Pod>): PodGroup; of(node: string): FileTree } {
  const nodes = new Map<string, Map<string, GeneratedEntry>>();
  const podsOf = (node: string): Map<string, GeneratedEntry> => {
    const pods = nodes.get(node) ?? new Map<string, GeneratedEntry>();
    nodes.set(node, pods);
    return pods;
  };
  return {
    open: (node, { metadata }) => {
      const containers = new Map<string, OpenGroup>();
      const pods = podsOf(node);
      const name = `kubepods-pod${(metadata?.uid ?? '').replaceAll('-', '_')}.slice`;
      const sum = (): Amounts => sumOf([...containers.values()].map(({ resources }) => amountsOf(resources)));
      pods.set(name, { directory: () => new Map<string, GeneratedEntry>([...filesOf(sum), ...containers]) });
      return {
        container: (id, given) => {
          const scope = `cri-containerd-${id}.scope`;
          const group = new OpenGroup(given, () => void containers.delete(scope));
          containers.set(scope, group);
          return group;
        },
        close: () => void pods.delete(name),
      };
    },
    of: (node) =>
      createGeneratedTree('cgroup2', () => {
        return new Map([['kubepods.slice', { directory: () => podsOf(node) }]]);
      }),
  };
}
