import type { ApiClient } from '../../../api/client.ts';
import type { Pod } from '../pod-state.ts';
import {
  type ControllerRevision,
  compareRevisions,
  createRevision,
  deleteRevision,
  isSameRevision,
  newRevision,
  nextRevisionNumber,
  renumberRevision,
} from '../revisions.ts';
import { podRevision, type StatefulSet, statefulSetKind } from './identity.ts';

export interface SetRevisions {
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly collisionCount: number;
}

/** What to do so that the newest revision is the set's template. */
export type RevisionChange =
  | { readonly kind: 'none'; readonly update: ControllerRevision }
  | { readonly kind: 'renumber'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly kind: 'create'; readonly revision: ControllerRevision };

/** Of revisions in order. */
export function revisionChange(set: StatefulSet, revisions: readonly ControllerRevision[]): RevisionChange {
  const number = nextRevisionNumber(revisions);
  const parent = { object: set, gvk: statefulSetKind, template: set.spec?.template ?? {} };
  const wanted = newRevision(parent, number, set.status?.collisionCount ?? 0);
  const same = revisions.findLast((revision) => isSameRevision(revision, wanted));
  if (same === undefined) return { kind: 'create', revision: wanted };
  const last = revisions.at(-1);
  if (last !== undefined && isSameRevision(last, same)) return { kind: 'none', update: last };
  return { kind: 'renumber', revision: same, number };
}

/** Makes the newest revision the set's template; the current one is what the status says, or else the newest too. */
export async function settleRevisions(
  client: ApiClient,
  set: StatefulSet,
  revisions: readonly ControllerRevision[],
): Promise<SetRevisions> {
  const change = revisionChange(set, revisions);
  let collisionCount = set.status?.collisionCount ?? 0;
  let update: ControllerRevision;
  if (change.kind === 'none') update = change.update;
  else if (change.kind === 'renumber') update = await renumberRevision(client, change.revision, change.number);
  else {
    const made = await createRevision(client, change.revision, set.metadata?.name ?? '', collisionCount);
    update = made.revision;
    collisionCount = made.collisionCount;
  }
  const current = revisions.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update;
  return { current, update, collisionCount };
}

/** The oldest of those that nothing needs, beyond the limit. */
export function surplusRevisions(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: readonly ControllerRevision[],
  { current, update }: Pick<SetRevisions, 'current' | 'update'>,
): ControllerRevision[] {
  const limit = set.spec?.revisionHistoryLimit ?? 10;
  const live = new Set([current.metadata?.name, update.metadata?.name, ...pods.map(podRevision)]);
  const history = revisions.filter(({ metadata }) => !live.has(metadata?.name)).sort(compareRevisions);
  return limit < 0 ? [] : history.slice(0, Math.max(0, history.length - limit));
}

export async function truncateHistory(client: ApiClient, surplus: readonly ControllerRevision[]): Promise<void> {
  for (const revision of surplus) await deleteRevision(client, revision);
}
