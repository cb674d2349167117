import type { Rejection } from './framework.ts';

/** Why a pod got no node. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly rejections: Map<string, Rejection>;
  /** Holds for all nodes that have none of their own. */
  absent: Rejection | undefined;
  /** A plugin turned the pod away before any node was looked at. */
  preFilterMessage: string;
  preFilterPlugin: string;
  postFilterMessage: string;
  readonly rejectors: Set<string>;
}

export function emptyDiagnosis(nodeCount: number): Diagnosis {
  return {
    nodeCount,
    rejections: new Map(),
    absent: undefined,
    preFilterMessage: '',
    preFilterPlugin: '',
    postFilterMessage: '',
    rejectors: new Set(),
  };
}

/** Upstream's sentence, e.g. `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function failureMessage(diagnosis: Diagnosis): string {
  const { nodeCount, rejections, absent, preFilterMessage, postFilterMessage } = diagnosis;
  let message = `0/${nodeCount} nodes are available:`;
  if (preFilterMessage !== '') message += ` ${preFilterMessage}.`;
  else {
    const counts = new Map<string, number>();
    const count = (reason: string, by: number): void => void counts.set(reason, (counts.get(reason) ?? 0) + by);
    for (const { reasons } of rejections.values()) for (const reason of reasons) count(reason, 1);
    const others = nodeCount - rejections.size;
    if (others > 0) for (const reason of absent?.reasons ?? []) count(reason, others);
    const texts = [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
    if (texts.length > 0) message += ` ${texts.join(', ')}.`;
  }
  return postFilterMessage === '' ? message : `${message} ${postFilterMessage}`;
}
