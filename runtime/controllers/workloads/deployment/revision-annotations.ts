import { type Deployment, maxSurge, type ReplicaSet, sizeOf } from './deployment.ts';

export type Annotations = Readonly<Record<string, string>>;

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
export const rollbackAnnotation = 'deprecated.deployment.rollback.to';

/** About 400 revisions. */
const maxHistoryLength = 2000;

const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  rollbackAnnotation,
]);

/** Undefined when the text is no number; an absent one is 0. Whoever writes it may write large ones. */
function revisionNumber(text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return 0n;
  return /^[+-]?\d+$/.test(text) ? BigInt(text) : undefined;
}

export function revisionOf({ metadata }: Deployment | ReplicaSet): bigint | undefined {
  const text = metadata?.annotations?.[revisionAnnotation];
  return text === '' ? undefined : revisionNumber(text);
}

export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  return sets.reduce((max, set) => {
    const revision = revisionOf(set) ?? 0n;
    return revision > max ? revision : max;
  }, 0n);
}

/** The second highest: what an undo without a number goes back to. 0 for none. */
export function lastRevision(sets: readonly ReplicaSet[]): bigint {
  const revisions = sets.map(revisionOf).filter((revision) => revision !== undefined);
  return revisions.toSorted((a, b) => (a > b ? -1 : 1))[1] ?? 0n;
}

function shared(annotations: Annotations | undefined): [string, string][] {
  return Object.entries(annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
}

/** What the sizes of a Deployment were when one of its ReplicaSets was last scaled: scaling is told from rolling out by it. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const size = sizeOf(deployment);
  return {
    [desiredReplicasAnnotation]: String(size),
    [maxReplicasAnnotation]: String(size + maxSurge(deployment)),
  };
}

export function hasSizeAnnotations({ metadata }: ReplicaSet, deployment: Deployment): boolean {
  return Object.entries(sizeAnnotations(deployment)).every(([key, value]) => metadata?.annotations?.[key] === value);
}

/** A size that was noted, where it is a proper one. */
export function notedSize({ metadata }: ReplicaSet, key: string): number | undefined {
  const text = metadata?.annotations?.[key];
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const size = Number(text);
  return size < 2 ** 31 ? size : undefined;
}

/** The current ReplicaSet's annotations: the Deployment's, and its revision if that grows; the revisions it had before are remembered. */
export function currentAnnotations(
  deployment: Deployment,
  present: Annotations | undefined,
  revision: bigint,
): Record<string, string> {
  const made: Record<string, string> = { ...present, ...Object.fromEntries(shared(deployment.metadata?.annotations)) };
  const oldText = present?.[revisionAnnotation];
  const old = revisionNumber(oldText);
  if (old === undefined || old >= revision) return made;
  made[revisionAnnotation] = String(revision);
  if (oldText !== undefined) {
    const history = longerHistory(present?.[revisionHistoryAnnotation] ?? '', oldText);
    if (history !== undefined) made[revisionHistoryAnnotation] = history;
  }
  return made;
}

/** The oldest are forgotten when it would get too long. */
function longerHistory(history: string, revision: string): string | undefined {
  const revisions = history.split(',');
  if (revisions[0] === '') return revision;
  let length = history.length + revision.length + 1;
  let start = 0;
  for (; length > maxHistoryLength && start < revisions.length; start++) length -= (revisions[start]?.length ?? 0) + 1;
  return length > maxHistoryLength ? undefined : [...revisions.slice(start), revision].join(',');
}

/** A Deployment that goes back to a ReplicaSet gets its annotations back too, such as the cause of the change. */
export function annotationsBackFrom(set: ReplicaSet, deployment: Deployment): Record<string, string> {
  const own = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => ownAnnotations.has(key));
  return Object.fromEntries([...own, ...shared(set.metadata?.annotations)]);
}
