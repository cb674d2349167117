import type { Clock } from '../../../api/clock.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { DiskUsage, NodeFacts, Pod, PodSandbox } from '../pod-runtime.ts';

/** A pod that a kubelet runs, or has run. */
export interface HostedPod {
  readonly pod: Readonly<Pod>;
  readonly sandbox: PodSandbox | undefined;
  container(name: string): ContainerRecord | undefined;
  containers(): readonly ContainerRecord[];
  status(): NonNullable<Pod['status']>;
}

/** What a kubelet's serving side sees of it. */
export interface KubeletHost {
  readonly clock: Clock;
  /** When the kubelet started. */
  readonly startedAt: number;
  readonly kubeletVersion: string;
  readonly capacity: Readonly<Record<string, string>>;
  facts(): NodeFacts;
  hostedPods(): Iterable<HostedPod>;
  /** What is in an emptyDir; undefined: nobody knows. */
  emptyDirUsage?(podUid: string, volume: string): DiskUsage | undefined;
  /** What is on the node's disk beside what its pods have written. */
  ownDisk?(): DiskUsage;
  /** One that is bound to this node though it does not run here (any more), as the API server has it. */
  knownPod(namespace: string, name: string): Readonly<Pod> | undefined;
}

/** The API server knows it by another uid: its mirror's. */
function isStatic({ metadata }: Readonly<Pod>): boolean {
  return metadata?.annotations?.['kubernetes.io/config.source'] === 'file';
}

export function hostedPod(host: KubeletHost, namespace: string, name: string, uid?: string): HostedPod | undefined {
  let found: HostedPod | undefined;
  for (const hosted of host.hostedPods()) {
    const { metadata } = hosted.pod;
    if (metadata?.name !== name || metadata.namespace !== namespace) continue;
    if (uid !== undefined && uid !== '' && metadata.uid !== uid && !isStatic(hosted.pod)) continue;
    // Of two of one name the later is meant: the other is on its way out.
    found = hosted;
  }
  return found;
}
