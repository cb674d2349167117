import { scaledValue } from '../int-or-percent.ts';
import { isPodAvailable, isPodReady, isPodTerminal, type Pod } from '../pod-state.ts';
import { isClaimUpToDate, isStaleClaim } from './claim-owners.ts';
import {
  type Claim,
  claimNames,
  identityMatches,
  isInRange,
  type NewPod,
  newPod,
  ordinalOf,
  podRevision,
  replicasOf,
  type StatefulSet,
  startOrdinal,
  storageMatches,
  type Version,
} from './identity.ts';
import { type StatefulSetStatus, setStatus } from './set-status.ts';

export interface SetState {
  readonly set: StatefulSet;
  /** Claimed by the set. */
  readonly pods: readonly Pod[];
  readonly current: Version;
  readonly update: Version;
  readonly collisionCount: number;
  readonly now: number;
  claim(name: string): Claim | undefined;
}

export type Step =
  | { readonly kind: 'create'; readonly pod: NewPod }
  | { readonly kind: 'delete'; readonly pod: Pod }
  /** Missing claims are created, and owned as the policy says. */
  | { readonly kind: 'make claims'; readonly pod: Pod }
  | { readonly kind: 'own claims'; readonly pod: Pod }
  /** Identity, storage and owners of claims are put right. */
  | { readonly kind: 'restore'; readonly pod: Pod };

export interface Phase {
  /** In bursts; otherwise one after the other, as the steps stand. */
  readonly isParallel: boolean;
  readonly steps: readonly Step[];
}

/** What to do, and what the status is before it. A phase begins when the one before has succeeded. */
export interface Plan {
  readonly phases: readonly Phase[];
  readonly status: StatefulSetStatus;
}

/** A place in the set, and who has it. */
interface Replica {
  readonly ordinal: number;
  readonly pod: Pod | undefined;
}

/** Whether the set waits for a pod before it goes on. */
type Verdict = 'go on' | 'wait';

interface Process {
  readonly state: SetState;
  readonly isOrdered: boolean;
  isAvailable(pod: Pod): boolean;
}

function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

/** The version in which the pod of an ordinal is created. */
function versionFor({ set, current, update }: SetState, ordinal: number): Version {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  const kept =
    rollingUpdate === undefined
      ? type === 'RollingUpdate' && ordinal < startOrdinal(set) + (set.status?.currentReplicas ?? 0)
      : ordinal < startOrdinal(set) + (rollingUpdate.partition ?? 0);
  return kept ? current : update;
}

function claimsAreOwned({ set, claim }: SetState, pod: Pod): boolean {
  return claimNames(set, ordinalOf(pod)).every((name) => {
    const present = claim(name);
    return present === undefined || isClaimUpToDate(set, pod, present);
  });
}

function hasStaleClaim({ set, claim }: SetState, pod: Pod): boolean {
  return claimNames(set, ordinalOf(pod)).some((name) => {
    const present = claim(name);
    return present !== undefined && isStaleClaim(set, pod, present);
  });
}

function processReplica(process: Process, { pod, ordinal }: Replica, steps: Step[]): Verdict {
  const { state, isOrdered, isAvailable } = process;
  if (pod === undefined) {
    const made = newPod(state.set, versionFor(state, ordinal), ordinal);
    if (!hasStaleClaim(state, made)) steps.push({ kind: 'create', pod: made });
    return 'wait';
  }
  // Succeeded too: how a pod ended that was stopped depends on its exit code, not on why it was stopped.
  if (isPodTerminal(pod)) {
    if (!isTerminating(pod)) steps.push({ kind: 'delete', pod });
    return 'wait';
  }
  if (pod.status?.phase === 'Pending') steps.push({ kind: 'make claims', pod });
  if (isOrdered && (isTerminating(pod) || !isRunningAndReady(pod) || !isAvailable(pod))) return 'wait';
  if (!identityMatches(state.set, pod) || !storageMatches(state.set, pod) || !claimsAreOwned(state, pod)) {
    steps.push({ kind: 'restore', pod });
  }
  return 'go on';
}

function processCondemned(process: Process, pod: Pod, firstUnavailable: Pod | undefined, steps: Step[]): Verdict {
  const { isOrdered, isAvailable } = process;
  if (isTerminating(pod)) return 'wait';
  const isHealthy = isRunningAndReady(pod) && isAvailable(pod);
  if (!isOrdered || isHealthy || pod === firstUnavailable) steps.push({ kind: 'delete', pod });
  return 'wait';
}

/** Works through pods; an ordered set stops at the first that it has to wait for, a parallel one looks at all. */
function processAll<T>(isOrdered: boolean, items: readonly T[], look: (item: T, steps: Step[]) => Verdict) {
  const steps: Step[] = [];
  const isBlocked = items.some((item) => look(item, steps) === 'wait' && isOrdered);
  return { phase: { isParallel: !isOrdered, steps }, isBlocked };
}

/** Old pods that may go now, from the highest ordinal. */
function outdated({ state, isAvailable }: Process, replicas: readonly (Pod | undefined)[]): Pod[] {
  const { set, update } = state;
  const { partition = 0, maxUnavailable: limit } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const isUnavailable = (pod: Pod | undefined): boolean => pod === undefined || !isAvailable(pod) || isTerminating(pod);
  const isOld = (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && podRevision(pod) !== update.revision && !isTerminating(pod);
  const candidates = replicas.slice(partition).reverse();
  if (limit === undefined) {
    const first = candidates.find((pod) => isOld(pod) || isUnavailable(pod));
    return isOld(first) ? [first] : [];
  }
  const allowed = Math.max(1, scaledValue(limit, replicasOf(set), 'down')) - replicas.filter(isUnavailable).length;
  return allowed <= 0 ? [] : candidates.filter(isOld).slice(0, allowed);
}

export function planUpdate(state: SetState): Plan {
  const { set, pods, now } = state;
  const start = startOrdinal(set);
  const present = new Map(pods.filter((pod) => isInRange(set, pod)).map((pod) => [ordinalOf(pod), pod]));
  const replicas = Array.from(
    { length: replicasOf(set) },
    (_, i): Replica => ({
      ordinal: start + i,
      pod: present.get(start + i),
    }),
  );
  const condemned = pods
    .filter((pod) => ordinalOf(pod) >= 0 && !isInRange(set, pod))
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));

  const counted = [...present.values(), ...condemned];
  const status = setStatus(state, counted);
  if (set.metadata?.deletionTimestamp !== undefined) return { phases: [], status };

  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel';
  const isAvailable = (pod: Pod): boolean => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now);
  const process: Process = { state, isOrdered, isAvailable };
  const inOrder = [...replicas.map(({ pod }) => pod), ...condemned.toReversed()];
  const firstUnavailable = inOrder.find((pod) => pod === undefined || !isAvailable(pod) || isTerminating(pod));

  const kept = processAll(isOrdered, replicas, (replica, steps) => processReplica(process, replica, steps));
  if (kept.isBlocked) return { phases: [kept.phase], status };
  const owned = processAll(isOrdered, condemned, (pod, steps) => {
    if (!claimsAreOwned(state, pod)) steps.push({ kind: 'own claims', pod });
    return 'go on';
  });
  const removed = processAll(isOrdered, condemned, (pod, steps) =>
    processCondemned(process, pod, firstUnavailable, steps),
  );
  const phases = [kept.phase, owned.phase, removed.phase];
  if (removed.isBlocked || set.spec?.updateStrategy?.type === 'OnDelete') return { phases, status };

  const old = outdated(
    process,
    replicas.map(({ pod }) => pod),
  );
  phases.push({ isParallel: false, steps: old.map((pod) => ({ kind: 'delete', pod })) });
  return { phases, status: { ...status, currentReplicas: (status.currentReplicas ?? 0) - old.length } };
}
