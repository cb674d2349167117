import { semanticEqual } from '../../../api/equal.ts';
import type { GroupVersionKind, KubeObject } from '../../../api/object.ts';
import type { LabelMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { Expectations } from '../../framework/expectations.ts';
import type { WorkQueue } from '../../framework/work-queue.ts';
import { controllerOf } from '../ownership.ts';
import { isPodReady, type Pod } from '../pod-state.ts';

/** What has pods: replica sets, stateful sets, daemon sets. */
export interface PodOwner extends KubeObject {
  readonly spec?: { readonly minReadySeconds?: number };
}

export interface ReplicaObservers<T extends PodOwner> {
  readonly kind: { readonly gvk: GroupVersionKind };
  readonly queue: WorkQueue;
  readonly expectations: Expectations;
  readonly objects: Informer<T>;
  readonly pods: Informer<Pod>;
  matcherOf(object: Readonly<T>): LabelMatcher;
}

/** Pods wake whom they belong to, or might belong to, and fulfil expectations. */
export function observeReplicas<T extends PodOwner>(observers: ReplicaObservers<T>): Disposable {
  const { kind, queue, expectations, objects, pods, matcherOf } = observers;
  const ownerOf = (pod: Pod): Readonly<T> | undefined => {
    const reference = controllerOf(pod);
    if (reference === undefined || reference.kind !== kind.gvk.kind) return undefined;
    const owner = objects.get(`${pod.metadata?.namespace}/${reference.name}`);
    return owner?.metadata?.uid === reference.uid ? owner : undefined;
  };
  const offer = (orphan: Pod): void => {
    for (const object of objects.list(orphan.metadata?.namespace)) {
      if (matcherOf(object).matches(orphan.metadata?.labels)) queue.add(keyOf(object));
    }
  };
  const removed = (pod: Pod): void => {
    const owner = ownerOf(pod);
    if (owner === undefined) return;
    const key = keyOf(owner);
    expectations.deletionObserved(key, pod.metadata?.uid ?? '');
    queue.add(key);
  };
  return pods.subscribe({
    added: (pod) => {
      if (pod.metadata?.deletionTimestamp !== undefined) removed(pod);
      else if (controllerOf(pod) === undefined) offer(pod);
      else {
        const owner = ownerOf(pod);
        if (owner === undefined) return;
        expectations.creationObserved(keyOf(owner));
        queue.add(keyOf(owner));
      }
    },
    updated: (pod, old) => {
      // The end of a pod begins with its deletion timestamp: its replacement need not wait until it has gone.
      if (pod.metadata?.deletionTimestamp !== undefined) {
        removed(pod);
        return;
      }
      const isMoved = !semanticEqual(controllerOf(pod), controllerOf(old));
      const former = isMoved ? ownerOf(old) : undefined;
      if (former !== undefined) queue.add(keyOf(former));
      if (controllerOf(pod) === undefined) {
        if (isMoved || !semanticEqual(pod.metadata?.labels, old.metadata?.labels)) offer(pod);
        return;
      }
      const owner = ownerOf(pod);
      if (owner === undefined) return;
      queue.add(keyOf(owner));
      const { minReadySeconds = 0 } = owner.spec ?? {};
      if (minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old))
        queue.addAfter(keyOf(owner), minReadySeconds * 1000);
    },
    deleted: removed,
  });
}
