import { semanticEqual } from '../../../api/equal.ts';
import type { LabelMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { WorkQueue } from '../../framework/work-queue.ts';
import { controllerOf, ownedBy } from '../ownership.ts';
import type { Pod } from '../pod-state.ts';
import type { ControllerRevision } from '../revisions.ts';
import { type DaemonSet, daemonSetKind, type Node, placementOf, targetNode } from './placement.ts';

export const nodeResource = { group: '', version: 'v1', resource: 'nodes' } as const;

export interface NodeObservers {
  readonly queue: WorkQueue;
  readonly sets: Informer<DaemonSet>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
}

/** A node wakes the sets for which it makes a difference. */
export function observeNodes({ queue, sets, pods, nodes }: NodeObservers): void {
  const look = (node: Node): void => {
    for (const daemonSet of sets.list()) {
      const { shouldRun, shouldContinue } = placementOf(daemonSet)(node);
      const isThere = ownedBy(pods, daemonSet).some((pod) => targetNode(pod) === node.metadata?.name);
      const isMisplaced = isThere && (!shouldContinue || (daemonSet.status?.numberMisscheduled ?? 0) > 0);
      if ((shouldRun && !isThere) || isMisplaced) queue.add(keyOf(daemonSet));
    }
  };
  nodes.subscribe({
    added: (node, isInitial) => {
      // Each set is looked at after the start anyway.
      if (!isInitial) look(node);
    },
    updated: (node, old) => {
      const isSame =
        semanticEqual(node.metadata?.labels, old.metadata?.labels) &&
        semanticEqual(node.spec?.taints, old.spec?.taints);
      if (!isSame) look(node);
    },
    deleted: () => {
      for (const daemonSet of sets.list()) queue.add(keyOf(daemonSet));
    },
  });
}

export interface RevisionObservers {
  readonly queue: WorkQueue;
  readonly sets: Informer<DaemonSet>;
  readonly revisions: Informer<ControllerRevision>;
  matcherOf(daemonSet: DaemonSet): LabelMatcher;
}

/** A revision that changes or goes wakes its set, an orphan those that might adopt it. */
export function observeRevisions({ queue, sets, revisions, matcherOf }: RevisionObservers): void {
  const wake = (revision: ControllerRevision): void => {
    const owner = controllerOf(revision);
    const { namespace } = revision.metadata ?? {};
    if (owner?.kind === daemonSetKind.kind) {
      const daemonSet = sets.get(`${namespace}/${owner.name}`);
      if (daemonSet?.metadata?.uid === owner.uid) queue.add(`${namespace}/${owner.name}`);
    }
    if (owner !== undefined) return;
    for (const daemonSet of sets.list(namespace)) {
      if (matcherOf(daemonSet).matches(revision.metadata?.labels)) queue.add(keyOf(daemonSet));
    }
  };
  revisions.subscribe({
    added: (revision) => {
      if (controllerOf(revision) === undefined) wake(revision);
    },
    updated: (revision, old) => {
      wake(revision);
      if (!semanticEqual(controllerOf(revision), controllerOf(old))) wake(old);
    },
    deleted: (revision) => {
      if (controllerOf(revision) !== undefined) wake(revision);
    },
  });
}
