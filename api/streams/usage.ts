/** What something uses by now. */
export interface ResourceUsage {
  /** Billionths of a core. */
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

export interface ContainerUsageReport extends ResourceUsage {
  readonly name: string;
}

/** What nodes measure; undefined where nothing was measured (yet). */
export interface UsageReader {
  ofNode(node: string): ResourceUsage | undefined;
  /** By running container. */
  ofPod(node: string, namespace: string, pod: string): readonly ContainerUsageReport[] | undefined;
}
