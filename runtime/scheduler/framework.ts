import type { KubeObject } from '../../api/object.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Why a pod cannot be on a node. Unresolvable: taking other pods away would not help. */
export interface Rejection {
  readonly plugin: string;
  readonly isUnresolvable: boolean;
  readonly reasons: readonly string[];
}

export function unschedulable(plugin: string, ...reasons: string[]): Rejection {
  return { plugin, isUnresolvable: false, reasons };
}

export function unresolvable(plugin: string, ...reasons: string[]): Rejection {
  return { plugin, isUnresolvable: true, reasons };
}

/** What a plugin knows of one pod for the length of one attempt to place it. */
export interface PodStep {
  filter(node: NodeInfo): Rejection | undefined;
  /** As if `pod` were on `node`, too. */
  addPod?(pod: PodInfo, node: NodeInfo): void;
  removePod?(pod: PodInfo, node: NodeInfo): void;
  /** Needed where addPod and removePod change something. */
  clone?(): PodStep;
  /** The node is chosen: takes hold of what else the pod needs there. */
  reserve?(node: NodeInfo): Rejection | undefined;
  unreserve?(node: NodeInfo): void;
  /** What must be true before the pod is bound; undefined: nothing to do. */
  preBind?(node: NodeInfo, signal: AbortSignal): Promise<Rejection | undefined> | undefined;
}

/** What a plugin finds out before any node is looked at. */
export interface FilterPlan {
  readonly rejection?: Rejection;
  /** Only these need to be looked at. */
  readonly nodeNames?: ReadonlySet<string>;
  readonly step?: PodStep;
}

export interface ScoreStep {
  /** 0 to 100, or anything that `normalize` brings there. */
  score(node: NodeInfo): number;
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void;
}

export type Action =
  | 'add'
  | 'delete'
  | 'update'
  | 'labels'
  | 'taints'
  | 'allocatable'
  | 'scale-down'
  | 'tolerations'
  | 'gates'
  | 'claims';

/** Something happened in the cluster. */
export interface ClusterEvent {
  /** Plural, as in a path. */
  readonly resource: string;
  readonly actions: readonly Action[];
  readonly object: Readonly<KubeObject> | undefined;
  readonly old: Readonly<KubeObject> | undefined;
}

/** An event that may help a pod which the plugin turned away. */
export interface Hint {
  readonly resource: string;
  readonly actions: readonly Action[];
  /** Absent: always. */
  helps?(pod: PodInfo, event: ClusterEvent): boolean;
}

/** One rule of placing pods; what it does not define it does not take part in. */
export interface Plugin {
  readonly name: string;
  readonly hints: readonly Hint[];
  /** Why the pod must not be tried yet. */
  gate?(pod: PodInfo): string | undefined;
  /** Undefined: it has nothing to say about this pod. */
  filter?(pod: PodInfo, nodes: readonly NodeInfo[]): FilterPlan | undefined;
  score?(pod: PodInfo, feasible: readonly NodeInfo[]): ScoreStep | undefined;
}

export const maxScore = 100;

/** Scales so that the highest gets 100; reversed, the lowest does best. */
export function normalizeByHighest(isReversed: boolean): (scores: number[]) => void {
  return (scores) => {
    let highest = 0;
    for (const score of scores) if (score > highest) highest = score;
    for (let i = 0; i < scores.length; i++) {
      const scaled = highest === 0 ? 0 : Math.trunc((maxScore * (scores[i] ?? 0)) / highest);
      scores[i] = isReversed ? maxScore - scaled : scaled;
    }
  };
}
