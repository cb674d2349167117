import { type Node, NodeInfo } from './node-info.ts';
import { type Pod, type PodInfo, podInfoOf } from './pod-info.ts';

export interface Placed {
  readonly info: PodInfo;
  readonly nodeName: string;
  /** Chosen by this scheduler, not yet seen in the pod itself. */
  readonly isAssumed: boolean;
}

function zoneOf({ metadata }: Node): string {
  const { labels = {} } = metadata ?? {};
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

/**
 * The nodes and what is on them, kept up by events. Choosing a node takes no turn of the event loop, so it reads this directly: there is no
 * snapshot to bring up to date.
 */
export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, Placed>();
  readonly #byNamespace = new Map<string, Map<string, Placed>>();
  /** Pods whose node has not been seen yet, or not any more. */
  readonly #stray = new Map<string, Map<string, PodInfo>>();
  readonly #zones = new Map<string, Set<NodeInfo>>();
  #ordered: readonly NodeInfo[] | undefined;
  #imageNodes: ReadonlyMap<string, number> | undefined;
  readonly #withAffinity = new Set<NodeInfo>();
  readonly #withRequiredAntiAffinity = new Set<NodeInfo>();

  /** All nodes, those of different zones in turn. */
  get nodes(): readonly NodeInfo[] {
    if (this.#ordered === undefined) {
      const zones = [...this.#zones.values()].map((zone) => [...zone]);
      const longest = Math.max(0, ...zones.map(({ length }) => length));
      const ordered: NodeInfo[] = [];
      for (let i = 0; i < longest; i++)
        for (const zone of zones) {
          const node = zone[i];
          if (node !== undefined) ordered.push(node);
        }
      this.#ordered = ordered;
    }
    return this.#ordered;
  }

  /** Nodes with pods that have any affinity or anti-affinity to other pods. */
  get nodesWithAffinity(): ReadonlySet<NodeInfo> {
    return this.#withAffinity;
  }

  get nodesWithRequiredAntiAffinity(): ReadonlySet<NodeInfo> {
    return this.#withRequiredAntiAffinity;
  }

  /** How many nodes have an image. */
  nodesWithImage(name: string): number {
    if (this.#imageNodes === undefined) {
      const counts = new Map<string, number>();
      for (const { images } of this.#nodes.values())
        for (const image of images.keys()) counts.set(image, (counts.get(image) ?? 0) + 1);
      this.#imageNodes = counts;
    }
    return this.#imageNodes.get(name) ?? 0;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** The pod as it is counted. */
  pod(uid: string): PodInfo | undefined {
    return this.#pods.get(uid)?.info;
  }

  podsIn(namespace: string): Iterable<Placed> {
    return this.#byNamespace.get(namespace)?.values() ?? [];
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.isAssumed === true;
  }

  putNode(node: Node): void {
    const name = node.metadata?.name ?? '';
    const present = this.#nodes.get(name);
    if (present !== undefined) {
      const old = present.node;
      const hadImages = present.images;
      present.setNode(node);
      if (zoneOf(old) !== zoneOf(node)) {
        this.#leaveZone(present, zoneOf(old));
        this.#enterZone(present);
      }
      if (hadImages.size + present.images.size > 0) this.#imageNodes = undefined;
      return;
    }
    const info = new NodeInfo(node);
    this.#nodes.set(name, info);
    this.#enterZone(info);
    if (info.images.size > 0) this.#imageNodes = undefined;
    for (const pod of this.#stray.get(name)?.values() ?? []) this.#place(info, pod);
    this.#stray.delete(name);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#nodes.delete(name);
    this.#leaveZone(info, zoneOf(info.node));
    this.#imageNodes = undefined;
    this.#withAffinity.delete(info);
    this.#withRequiredAntiAffinity.delete(info);
    if (info.pods.size > 0) this.#stray.set(name, new Map(info.pods));
  }

  /** A pod that has a node. */
  putPod(pod: Pod): void {
    const uid = pod.metadata?.uid ?? '';
    this.#remove(uid);
    this.#add({ info: podInfoOf(pod), nodeName: pod.spec?.nodeName ?? '', isAssumed: false });
  }

  removePod(uid: string): void {
    this.#remove(uid);
  }

  /** Counts the pod where it is about to be bound. */
  assume(info: PodInfo, nodeName: string): void {
    this.#remove(info.uid);
    this.#add({ info, nodeName, isAssumed: true });
  }

  /** It was not bound after all. */
  forget(uid: string): void {
    if (this.isAssumed(uid)) this.#remove(uid);
  }

  #add(placed: Placed): void {
    const { info, nodeName } = placed;
    this.#pods.set(info.uid, placed);
    const neighbours = this.#byNamespace.get(info.namespace);
    if (neighbours === undefined) this.#byNamespace.set(info.namespace, new Map([[info.uid, placed]]));
    else neighbours.set(info.uid, placed);
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) this.#place(node, info);
    else {
      const stray = this.#stray.get(nodeName) ?? new Map<string, PodInfo>();
      this.#stray.set(nodeName, stray.set(info.uid, info));
    }
  }

  #place(node: NodeInfo, pod: PodInfo): void {
    node.addPod(pod);
    this.#note(node);
  }

  #note(node: NodeInfo): void {
    if (node.podsWithAffinity.size > 0) this.#withAffinity.add(node);
    else this.#withAffinity.delete(node);
    if (node.podsWithRequiredAntiAffinity.size > 0) this.#withRequiredAntiAffinity.add(node);
    else this.#withRequiredAntiAffinity.delete(node);
  }

  #remove(uid: string): void {
    const placed = this.#pods.get(uid);
    if (placed === undefined) return;
    this.#pods.delete(uid);
    const { namespace } = placed.info;
    const neighbours = this.#byNamespace.get(namespace);
    neighbours?.delete(uid);
    if (neighbours?.size === 0) this.#byNamespace.delete(namespace);
    const node = this.#nodes.get(placed.nodeName);
    if (node !== undefined) {
      node.removePod(uid);
      this.#note(node);
      return;
    }
    const stray = this.#stray.get(placed.nodeName);
    stray?.delete(uid);
    if (stray?.size === 0) this.#stray.delete(placed.nodeName);
  }

  #enterZone(info: NodeInfo): void {
    const zone = zoneOf(info.node);
    const members = this.#zones.get(zone);
    if (members === undefined) this.#zones.set(zone, new Set([info]));
    else members.add(info);
    this.#ordered = undefined;
  }

  #leaveZone(info: NodeInfo, zone: string): void {
    const members = this.#zones.get(zone);
    members?.delete(info);
    if (members?.size === 0) this.#zones.delete(zone);
    this.#ordered = undefined;
  }
}
