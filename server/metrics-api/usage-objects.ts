import { toTime } from '../../api/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseQuantity } from '../../api/quantity.ts';
import type { ContainerUsageReport, ResourceUsage } from '../../api/streams/usage.ts';

export interface Usage {
  readonly cpu: string;
  readonly memory: string;
}

interface Measured extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
}

export interface NodeMetrics extends Measured {
  readonly usage: Usage;
}

export interface PodMetrics extends Measured {
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

/** What usage is told over; simulated usage is the same at any moment. */
const windowText = '10s';

function usageOf({ cpuNanoCores, memoryBytes }: ResourceUsage): Usage {
  return {
    cpu: parseQuantity(`${Math.round(cpuNanoCores)}n`).toString(),
    memory: parseQuantity(`${Math.round(memoryBytes / 1024)}Ki`).toString(),
  };
}

function headOf({ metadata }: Readonly<KubeObject>, now: number): Measured {
  const { name, namespace, labels } = metadata ?? {};
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: toTime(now),
      ...(labels === undefined ? {} : { labels }),
    },
    timestamp: toTime(now),
    window: windowText,
  };
}

export function nodeMetrics(node: Readonly<KubeObject>, usage: ResourceUsage, now: number): NodeMetrics {
  return { ...headOf(node, now), usage: usageOf(usage) };
}

export function podMetrics(
  pod: Readonly<KubeObject>,
  containers: readonly ContainerUsageReport[],
  now: number,
): PodMetrics {
  return { ...headOf(pod, now), containers: containers.map((one) => ({ name: one.name, usage: usageOf(one) })) };
}

/** The usage of all containers together. */
function totalOf(object: NodeMetrics | PodMetrics): Usage {
  if ('usage' in object) return object.usage;
  const sum = (read: (usage: Usage) => string): string =>
    object.containers
      .map(({ usage }) => parseQuantity(read(usage)))
      .reduce((total, one) => total.add(one), parseQuantity('0'))
      .toString();
  return { cpu: sum(({ cpu }) => cpu), memory: sum(({ memory }) => memory) };
}

/** A Table as metrics-server makes it. */
export function tableOf(
  objects: readonly (NodeMetrics | PodMetrics)[],
  metaVersion: string,
  include: string,
): KubeObject & object {
  const column = (name: string, format: string, description: string) => {
    return { name, type: 'string', format, description, priority: 0 };
  };
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata: {},
    columnDefinitions: [
      column('Name', 'name', 'Name of the resource'),
      column('cpu', 'quantity', ''),
      column('memory', 'quantity', ''),
      column('Window', 'duration', 'Time window of the measurement'),
    ],
    rows: objects.map((object) => {
      const { cpu, memory } = totalOf(object);
      const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
      const shown = include === 'Object' ? object : include === 'None' ? null : partial;
      return { cells: [object.metadata?.name ?? '', cpu, memory, object.window], object: shown };
    }),
  } as KubeObject & object;
}
