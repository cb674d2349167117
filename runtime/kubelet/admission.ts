import { requiredNodes } from '../scheduler/node-affinity.ts';
import { type Node, NodeInfo } from '../scheduler/node-info.ts';
import { type PodInfo, podInfoOf } from '../scheduler/pod-info.ts';
import { untoleratedTaint } from '../scheduler/taints.ts';
import { forbiddenSetting } from './kernel-settings.ts';
import type { Pod } from './pod-runtime.ts';
import { criticalPriority, podsToPreempt } from './preemption.ts';

const evicting: ReadonlySet<string> = new Set(['NoExecute']);
const ownSystem = 'linux';
const systemLabel = 'kubernetes.io/os';

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

  /** Who would have to go for a critical pod that lacks nothing but resources; undefined: nobody can help, or need. */
  victims(pod: Readonly<Pod>): readonly string[] | undefined {
    const info = podInfoOf(pod);
    if (info.priority < criticalPriority || this.#mismatch(pod, info) !== undefined) return undefined;
    const node = this.#info;
    const lacks = this.#wanted(info).flatMap(({ wanted, used, capacity, of }) => {
      const amount = wanted - (capacity - used);
      return wanted > 0 && amount > 0 ? [{ amount, of }] : [];
    });
    if (lacks.length === 0) return undefined;
    return podsToPreempt([...node.pods.values()], lacks, info)?.map(({ uid }) => uid);
  }

  /** Gives a pod that runs what it asks for by now. It is looked at as if it came anew: what let it in may be true no more. */
  resize(pod: Readonly<Pod>): Rejection | undefined {
    const wanted = podInfoOf(asked(pod));
    const rejection = this.#without(pod, () => this.#rejection(pod, wanted));
    if (rejection === undefined) this.#info.addPod(wanted);
    return rejection;
  }

  /** As `victims`, for a pod that runs and asks for more. */
  victimsOfResize(pod: Readonly<Pod>): readonly string[] | undefined {
    return this.#without(pod, () => this.victims(asked(pod)));
  }

  #without<T>({ metadata }: Readonly<Pod>, think: () => T): T {
    const before = this.#info.pods.get(metadata?.uid ?? '');
    if (before === undefined) return think();
    this.#info.removePod(before.uid);
    const thought = think();
    this.#info.addPod(before);
    return thought;
  }

  remove(uid: string): void {
    this.#info.removePod(uid);
  }

  #rejection(pod: Readonly<Pod>, info: PodInfo): Rejection | undefined {
    const { spec, metadata } = pod;
    if (spec?.os !== undefined && spec.os.name !== ownSystem)
      return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
    if ((metadata?.labels?.[systemLabel] ?? ownSystem) !== ownSystem) {
      const message = `Failed to admit pod as the \`${systemLabel}\` label doesn't match node label`;
      return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message };
    }
    const forbidden = forbiddenSetting(pod);
    if (forbidden !== undefined) return forbidden;
    // Before the node is known, the API server's word counts.
    if (this.#info.name === '') return undefined;
    return this.#lacks(info) ?? this.#mismatch(pod, info);
  }

  /** What no free resources can mend. */
  #mismatch({ spec }: Readonly<Pod>, info: PodInfo): Rejection | undefined {
    const node = this.#info;
    if (node.podLimit > 0 && node.pods.size + 1 > node.podLimit)
      return lacking('pods', 1, node.pods.size, node.podLimit);
    if (spec !== undefined && requiredNodes(spec)?.matches(node.node) === false)
      return failing('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
    if (info.hostPorts.some((port) => node.isPortTaken(port)))
      return failing('NodePorts', "node(s) didn't have free ports for the requested pod ports");
    if (untoleratedTaint(node.taints, spec?.tolerations, evicting) !== undefined)
      return failing('TaintToleration', "node(s) had taints that the pod didn't tolerate");
    return undefined;
  }

  #wanted(info: PodInfo) {
    const node = this.#info;
    // Of what the node does not know, others take care.
    const scalars = [...(info.scalars?.keys() ?? [])].filter((name) => node.allocatable.has(name));
    return [...resources, ...scalars.map((name) => [name, scalarOf(name)] as const)].map(([name, of]) => ({
      name,
      of,
      wanted: of(info),
      used: node.requested(name),
      capacity: node.allocatable.get(name) ?? 0,
    }));
  }

  #lacks(info: PodInfo): Rejection | undefined {
    const lack = this.#wanted(info).find(({ wanted, used, capacity }) => wanted > 0 && wanted > capacity - used);
    return lack === undefined ? undefined : lacking(lack.name, lack.wanted, lack.used, lack.capacity);
  }
}

/** Without what its status says that it had until now: of that the kubelet decides. */
function asked({ status, ...pod }: Readonly<Pod>): Readonly<Pod> {
  return status?.qosClass === undefined ? pod : { ...pod, status: { qosClass: status.qosClass } };
}

function scalarOf(name: string): (pod: PodInfo) => number {
  return ({ scalars }) => scalars?.get(name) ?? 0;
}

function lacking(name: string, wanted: number, used: number, capacity: number): Rejection {
  const message = `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${capacity}`;
  return {
    reason: `${name.includes('/') || name.startsWith('hugepages-') ? 'InsufficientResource-' : 'OutOf'}${name}`,
    message,
  };
}

function failing(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` };
}
