import type { Api } from '../../api/object.ts';
import type { HostPort, PodInfo } from './pod-info.ts';
import { hasAffinity } from './pod-info.ts';
import { type Amounts, amountsOf, type ResourceList } from './resources.ts';
import type { Taint } from './taints.ts';

export type Node = Readonly<Api<'io.k8s.api.core.v1.Node'>>;
type Labels = Readonly<Record<string, string>>;

const noLabels: Labels = {};
const noPods: ReadonlySet<PodInfo> = new Set();

/** The name as it is listed on nodes: with `:latest` when it has no tag. */
export function normalizedImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}

function conflicts(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
}

/** A node and the sums over the pods on it, assumed ones too. */
export class NodeInfo {
  node: Node;
  name: string;
  labels: Labels = noLabels;
  /** Bytes of each image here, by every one of its names. */
  images: ReadonlyMap<string, number> = new Map();
  isCordoned = false;
  /** Undefined when there are none. */
  taints: readonly Taint[] | undefined;
  allocatable: Amounts = new Map();
  milliCPU = 0;
  memory = 0;
  ephemeralStorage = 0;
  podLimit = 0;
  readonly pods = new Map<string, PodInfo>();
  requestedMilliCPU = 0;
  requestedMemory = 0;
  requestedEphemeralStorage = 0;
  requestedScalars: Amounts | undefined;
  /** With something assumed for pods that ask for nothing. */
  assumedMilliCPU = 0;
  assumedMemory = 0;
  podsWithAffinity: ReadonlySet<PodInfo> = noPods;
  podsWithRequiredAntiAffinity: ReadonlySet<PodInfo> = noPods;
  /** Pods with ports of the host. */
  podsWithHostPorts: ReadonlySet<PodInfo> = noPods;

  constructor(node: Node) {
    this.node = node;
    this.name = node.metadata?.name ?? '';
    this.setNode(node);
  }

  setNode(node: Node): void {
    this.node = node;
    this.name = node.metadata?.name ?? '';
    this.labels = node.metadata?.labels ?? noLabels;
    const { taints = [], unschedulable } = node.spec ?? {};
    this.isCordoned = unschedulable === true;
    this.taints = taints.length === 0 ? undefined : taints;
    const { allocatable, images } = node.status ?? {};
    this.allocatable = amountsOf(allocatable as ResourceList | undefined);
    this.milliCPU = this.allocatable.get('cpu') ?? 0;
    this.memory = this.allocatable.get('memory') ?? 0;
    this.ephemeralStorage = this.allocatable.get('ephemeral-storage') ?? 0;
    this.podLimit = this.allocatable.get('pods') ?? 0;
    if (images !== undefined && images.length > 0)
      this.images = new Map(images.flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, sizeBytes])));
    else if (this.images.size > 0) this.images = new Map();
  }

  addPod(pod: PodInfo): void {
    if (this.pods.has(pod.uid)) this.removePod(pod.uid);
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
    if (hasAffinity(pod)) this.podsWithAffinity = new Set([...this.podsWithAffinity, pod]);
    if (pod.requiredAntiAffinity.length > 0)
      this.podsWithRequiredAntiAffinity = new Set([...this.podsWithRequiredAntiAffinity, pod]);
    if (pod.hostPorts.length > 0) this.podsWithHostPorts = new Set([...this.podsWithHostPorts, pod]);
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    this.pods.delete(uid);
    this.#count(pod, -1);
    const without = (pods: ReadonlySet<PodInfo>): ReadonlySet<PodInfo> =>
      pods.has(pod) ? new Set([...pods].filter((other) => other !== pod)) : pods;
    this.podsWithAffinity = without(this.podsWithAffinity);
    this.podsWithRequiredAntiAffinity = without(this.podsWithRequiredAntiAffinity);
    this.podsWithHostPorts = without(this.podsWithHostPorts);
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    this.requestedMilliCPU += sign * pod.milliCPU;
    this.requestedMemory += sign * pod.memory;
    this.requestedEphemeralStorage += sign * pod.ephemeralStorage;
    this.assumedMilliCPU += sign * pod.assumedMilliCPU;
    this.assumedMemory += sign * pod.assumedMemory;
    if (pod.scalars === undefined) return;
    this.requestedScalars ??= new Map();
    for (const [name, amount] of pod.scalars)
      this.requestedScalars.set(name, (this.requestedScalars.get(name) ?? 0) + sign * amount);
  }

  requested(name: string): number {
    if (name === 'cpu') return this.requestedMilliCPU;
    if (name === 'memory') return this.requestedMemory;
    if (name === 'ephemeral-storage') return this.requestedEphemeralStorage;
    return this.requestedScalars?.get(name) ?? 0;
  }

  isPortTaken(wanted: HostPort): boolean {
    for (const { hostPorts } of this.podsWithHostPorts)
      if (hostPorts.some((port) => conflicts(port, wanted))) return true;
    return false;
  }

  /** To think about other pods on it. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node);
    copy.images = this.images;
    for (const [uid, pod] of this.pods) copy.pods.set(uid, pod);
    copy.requestedMilliCPU = this.requestedMilliCPU;
    copy.requestedMemory = this.requestedMemory;
    copy.requestedEphemeralStorage = this.requestedEphemeralStorage;
    copy.requestedScalars = this.requestedScalars === undefined ? undefined : new Map(this.requestedScalars);
    copy.assumedMilliCPU = this.assumedMilliCPU;
    copy.assumedMemory = this.assumedMemory;
    copy.podsWithAffinity = this.podsWithAffinity;
    copy.podsWithRequiredAntiAffinity = this.podsWithRequiredAntiAffinity;
    copy.podsWithHostPorts = this.podsWithHostPorts;
    return copy;
  }
}
