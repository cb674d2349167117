import type { Api, KubeObject } from '../../../api/object.ts';
import { referencesOf } from './pod-references.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'> & KubeObject;

/** What the pods of each node refer to. */
export interface NodePods {
  /** `reference` is `namespace/secrets/name`. */
  refer(node: string, reference: string): boolean;
  put(pod: Readonly<Pod>): void;
  remove(namespace: string, name: string): void;
}

interface Known {
  readonly node: string;
  readonly references: readonly string[];
}

export function createNodePods(pods: readonly Readonly<Pod>[]): NodePods {
  const byPod = new Map<string, Known>();
  // How many pods of a node have the reference.
  const counts = new Map<string, number>();
  const count = ({ node, references }: Known, by: number): void => {
    for (const reference of references) {
      const key = `${node} ${reference}`;
      const next = (counts.get(key) ?? 0) + by;
      if (next === 0) counts.delete(key);
      else counts.set(key, next);
    }
  };
  const remove = (namespace: string, name: string): void => {
    const key = `${namespace}/${name}`;
    const known = byPod.get(key);
    if (known === undefined) return;
    byPod.delete(key);
    count(known, -1);
  };
  const put = (pod: Readonly<Pod>): void => {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const node = pod.spec?.nodeName ?? '';
    remove(namespace, name);
    if (node === '') return;
    const known = { node, references: referencesOf(pod).map((reference) => `${namespace}/${reference}`) };
    byPod.set(`${namespace}/${name}`, known);
    count(known, 1);
  };
  pods.forEach(put);
  return { refer: (node, reference) => counts.has(`${node} ${reference}`), put, remove };
}
