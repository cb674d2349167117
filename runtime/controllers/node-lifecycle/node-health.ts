import { toTime } from '../../../api/clock.ts';
import { type Node, type NodeCondition, readyCondition } from './kinds.ts';

/** Conditions that nobody but the node itself knows. */
const ownConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

interface Health {
  /** When the node was last heard of, by this clock. */
  heardAt: number;
  /** Of the Ready condition; undefined as long as there is none. */
  heartbeat: string | undefined;
  isSeen: boolean;
}

export interface GracePeriods {
  readonly monitorMs: number;
  /** For a node that has not said anything yet. */
  readonly startupMs: number;
}

/** When nodes were last heard of: a node renews its Lease, or posts its status. Times are one's own, so that clocks need not agree. */
export class NodeHealth {
  readonly #nodes = new Map<string, Health>();

  nodeSeen(node: Readonly<Node>, now: number): void {
    const name = node.metadata?.name ?? '';
    const ready = readyCondition(node);
    const heartbeat = ready === undefined ? undefined : (ready.lastHeartbeatTime ?? '');
    const health = this.#nodes.get(name);
    if (health === undefined || !health.isSeen) {
      const created = Date.parse(node.metadata?.creationTimestamp ?? '');
      const heardAt = ready === undefined && health === undefined && !Number.isNaN(created) ? created : now;
      this.#nodes.set(name, { heardAt, heartbeat, isSeen: true });
    } else if (health.heartbeat !== heartbeat) {
      health.heartbeat = heartbeat;
      health.heardAt = now;
    }
  }

  leaseRenewed(name: string, now: number): void {
    const health = this.#nodes.get(name);
    if (health === undefined) this.#nodes.set(name, { heardAt: now, heartbeat: undefined, isSeen: false });
    else health.heardAt = now;
  }

  /** After a time in which nobody could be heard. */
  hearAll(now: number): void {
    for (const health of this.#nodes.values()) health.heardAt = now;
  }

  forget(name: string): void {
    this.#nodes.delete(name);
  }

  isSilent(node: Readonly<Node>, now: number, { monitorMs, startupMs }: GracePeriods): boolean {
    const health = this.#nodes.get(node.metadata?.name ?? '');
    if (health === undefined) return false;
    return now > health.heardAt + (readyCondition(node) === undefined ? startupMs : monitorMs);
  }
}

/** The conditions of a node that is not heard of any more; undefined when they say so already. */
export function unknownConditions(node: Readonly<Node>, now: number): NodeCondition[] | undefined {
  if (readyCondition(node)?.status === 'Unknown') return undefined;
  const conditions = [...(node.status?.conditions ?? [])];
  for (const type of ownConditions) {
    const at = conditions.findIndex((condition) => condition.type === type);
    const present = conditions[at];
    if (present === undefined)
      conditions.push({
        type,
        status: 'Unknown',
        lastHeartbeatTime: node.metadata?.creationTimestamp ?? toTime(now),
        lastTransitionTime: toTime(now),
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
      });
    else if (present.status !== 'Unknown')
      conditions[at] = {
        ...present,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: toTime(now),
      };
  }
  return conditions;
}
