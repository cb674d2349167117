import type { Rejection } from './framework.ts';

/** What was said of each node, in the order in which it was. In a large cluster that is most of the work of a failure, so nothing is indexed unasked. */
export class Rejections {
  readonly #names: string[] = [];
  readonly #said: Rejection[] = [];
  #byName: Map<string, number> | undefined;

  get size(): number {
    return this.#names.length;
  }

  /** For a node that has not been spoken of. */
  add(name: string, rejection: Rejection): void {
    this.#byName?.set(name, this.#names.length);
    this.#names.push(name);
    this.#said.push(rejection);
  }

  /** For any node. */
  set(name: string, rejection: Rejection): void {
    const known = this.#indexed().get(name);
    if (known === undefined) this.add(name, rejection);
    else this.#said[known] = rejection;
  }

  get(name: string): Rejection | undefined {
    const known = this.#indexed().get(name);
    return known === undefined ? undefined : this.#said[known];
  }

  values(): readonly Rejection[] {
    return this.#said;
  }

  /** Nodes that others might leave for the pod. */
  resolvable(): readonly string[] {
    return this.#names.filter((_, i) => this.#said[i]?.isUnresolvable === false);
  }

  #indexed(): Map<string, number> {
    this.#byName ??= new Map(this.#names.map((name, i) => [name, i]));
    return this.#byName;
  }
}

/** Why a pod got no node. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly rejections: Rejections;
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
    rejections: new Rejections(),
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
    // Plugins say the same of many nodes, in the same words: these are counted together.
    const said = new Map<readonly string[], number>();
    for (const { reasons } of rejections.values()) said.set(reasons, (said.get(reasons) ?? 0) + 1);
    for (const [reasons, times] of said) for (const reason of reasons) count(reason, times);
    const others = nodeCount - rejections.size;
    if (others > 0) for (const reason of absent?.reasons ?? []) count(reason, others);
    const texts = [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
    if (texts.length > 0) message += ` ${texts.join(', ')}.`;
  }
  return postFilterMessage === '' ? message : `${message} ${postFilterMessage}`;
}
