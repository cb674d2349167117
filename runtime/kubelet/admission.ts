import { requiredNodes } from '../scheduler/node-affinity.ts';
import { type Node, NodeInfo } from '../scheduler/node-info.ts';
import { type PodInfo, podInfoOf } from '../scheduler/pod-info.ts';
import type { Pod } from './pod-runtime.ts';

/** Why a pod that was bound to a node may not run there. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

const resources: readonly (readonly [name: string, of: (pod: PodInfo) => number])[] = [
  ['cpu', ({ milliCPU }) => milliCPU],
  ['memory', ({ memory }) => memory],
  ['ephemeral-storage', ({ ephemeralStorage }) => ephemeralStorage],
];

/** The kubelet's own look at what others decided: pods may be bound without a scheduler, or by two at once. */
export class NodeAdmission {
  readonly #info = new NodeInfo({});

  setNode(node: Node): void {
    this.#info.setNode(node);
  }

  /** Takes the pod in when it may run; what runs already, always. */
  admit(pod: Readonly<Pod>, isKnown = false): Rejection | undefined {
    const info = podInfoOf(pod);
    const rejection = isKnown ? undefined : this.#rejection(pod, info);
    if (rejection === undefined) this.#info.addPod(info);
    return rejection;
  }

  /** Gives a pod that runs what it asks for by now. */
  resize(pod: Readonly<Pod>): Rejection | undefined {
    const { uid = '' } = pod.metadata ?? {};
    const before = this.#info.pods.get(uid);
    this.#info.removePod(uid);
    const wanted = podInfoOf(pod);
    const rejection = this.#lacks(wanted);
    if (rejection === undefined) this.#info.addPod(wanted);
    else if (before !== undefined) this.#info.addPod(before);
    return rejection;
  }

  remove(uid: string): void {
    this.#info.removePod(uid);
  }

  #rejection(pod: Readonly<Pod>, info: PodInfo): Rejection | undefined {
    const node = this.#info;
    // Before the node is known, the API server's word counts.
    if (node.name === '') return undefined;
    const lack = this.#lacks(info);
    if (lack !== undefined) return lack;
    if (node.podLimit > 0 && node.pods.size + 1 > node.podLimit)
      return lacking('pods', 1, node.pods.size, node.podLimit);
    if (info.hostPorts.some((port) => node.isPortTaken(port)))
      return failing('NodePorts', "node(s) didn't have free ports for the requested pod ports");
    if (pod.spec !== undefined && requiredNodes(pod.spec)?.matches(node.node) === false)
      return failing('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
    return undefined;
  }

  #lacks(info: PodInfo): Rejection | undefined {
    const node = this.#info;
    for (const [name, requestOf] of resources) {
      const [wanted, used, capacity] = [requestOf(info), node.requested(name), node.allocatable.get(name) ?? 0];
      if (wanted > 0 && wanted > capacity - used) return lacking(name, wanted, used, capacity);
    }
    return undefined;
  }
}

function lacking(name: string, wanted: number, used: number, capacity: number): Rejection {
  const message = `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message };
}

function failing(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` };
}
