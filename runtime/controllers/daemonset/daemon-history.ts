import type { ApiClient } from '../../../api/client.ts';
import type { LabelMatcher } from '../../../api/selectors.ts';
import { StatusError } from '../../../api/status.ts';
import { isAlreadyExists } from '../../framework/status-cause.ts';
import { claim, controllerRef } from '../ownership.ts';
import { podResource } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import {
  type ControllerRevision,
  deleteRevision,
  isSameRevision,
  podRevisionLabel,
  renumberRevision,
  revisionResource,
  templatePatch,
} from '../revisions.ts';
import { templateHash } from '../template-hash.ts';
import { type DaemonSet, daemonSetKind, daemonSetResource } from './placement.ts';

export interface History {
  readonly current: ControllerRevision;
  readonly old: readonly ControllerRevision[];
}

export interface HistoryInput {
  readonly client: ApiClient;
  readonly daemonSet: DaemonSet;
  readonly matcher: LabelMatcher;
  /** Its own and orphans. */
  readonly revisions: readonly ControllerRevision[];
  readonly pods: readonly Pod[];
}

export function hashOf({ metadata }: ControllerRevision): string {
  return metadata?.labels?.[podRevisionLabel] ?? '';
}

function numberOf({ revision = 0 }: ControllerRevision): number {
  return revision;
}

/** Finds or makes the revision of the present template, with the highest number. */
export async function settleHistory(input: HistoryInput): Promise<History> {
  const { client, daemonSet, matcher, revisions } = input;
  const claimed = await claim<ControllerRevision>(
    {
      client,
      owner: daemonSet,
      ownerKind: daemonSetKind,
      ownerResource: daemonSetResource,
      resource: revisionResource,
      matches: ({ metadata }) => matcher.matches(metadata?.labels),
    },
    revisions,
  );
  const present: ControllerRevision = { revision: 0, data: templatePatch(daemonSet.spec?.template ?? {}) };
  const current: ControllerRevision[] = [];
  const old: ControllerRevision[] = [];
  for (const found of claimed) {
    const revision = hashOf(found) === '' ? await labelled(client, found) : found;
    (isSameRevision(revision, present) ? current : old).push(revision);
  }
  const number = Math.max(0, ...old.map(numberOf)) + 1;
  const [first, ...more] = current.sort((a, b) => numberOf(b) - numberOf(a));
  if (first === undefined) return { current: await snapshot(input, number), old };
  if (more.length > 0) await mergeInto(input, first, more);
  return { current: numberOf(first) < number ? await renumberRevision(client, first, number) : first, old };
}

async function labelled(client: ApiClient, revision: ControllerRevision): Promise<ControllerRevision> {
  const { name = '', namespace = '', labels } = revision.metadata ?? {};
  return await client.update<ControllerRevision>(revisionResource, namespace, {
    ...revision,
    metadata: { ...revision.metadata, labels: { ...labels, [podRevisionLabel]: name } },
  });
}

/** Several remember the same: pods of the others are relabelled, and the others go. */
async function mergeInto(
  { client, pods }: HistoryInput,
  kept: ControllerRevision,
  duplicates: readonly ControllerRevision[],
): Promise<void> {
  const hash = hashOf(kept);
  for (const { metadata } of pods) {
    if (metadata?.labels?.[podRevisionLabel] === hash) continue;
    const { namespace = '', name = '' } = metadata ?? {};
    const target = { resource: podResource, namespace, name, type: 'application/merge-patch+json' } as const;
    await client.patch(target, { metadata: { labels: { [podRevisionLabel]: hash } } });
  }
  for (const duplicate of duplicates) await deleteRevision(client, duplicate);
}

async function snapshot({ client, daemonSet }: HistoryInput, revision: number): Promise<ControllerRevision> {
  const { name: parent = '', namespace = '', annotations } = daemonSet.metadata ?? {};
  const template = daemonSet.spec?.template ?? {};
  const hash = templateHash(template, daemonSet.status?.collisionCount);
  const name = `${parent}-${hash}`;
  const made: ControllerRevision = {
    metadata: {
      name,
      namespace,
      labels: { ...template.metadata?.labels, [podRevisionLabel]: hash },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerRef(daemonSet, daemonSetKind)],
    },
    data: templatePatch(template),
    revision,
  };
  try {
    return await client.create<ControllerRevision>(revisionResource, namespace, made);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const present = await client.get<ControllerRevision>(revisionResource, namespace, name);
    if (isSameRevision(present, made)) return present;
    await countCollision(client, daemonSet);
    throw error;
  }
}

/** Another template has the name: the next try makes another one. */
async function countCollision(client: ApiClient, daemonSet: DaemonSet): Promise<void> {
  const { name = '', namespace = '' } = daemonSet.metadata ?? {};
  const fresh = await client.get<DaemonSet>(daemonSetResource, namespace, name);
  const count = daemonSet.status?.collisionCount;
  const freshCount = fresh.status?.collisionCount;
  if (freshCount !== count) {
    const words = `found a stale collision count (${count ?? 0}, expected ${freshCount ?? 0}) of DaemonSet "${name}"`;
    throw new StatusError('Conflict', `${words} while processing; will retry until it is updated`);
  }
  const none = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  await client.update(
    daemonSetResource,
    namespace,
    { ...fresh, status: { ...none, ...fresh.status, collisionCount: (freshCount ?? 0) + 1 } },
    { subresource: 'status' },
  );
}

/** The oldest beyond the limit that no pod is of. */
export function surplusRevisions(
  { spec }: DaemonSet,
  pods: readonly Pod[],
  old: readonly ControllerRevision[],
): ControllerRevision[] {
  const live = new Set(pods.map(({ metadata }) => metadata?.labels?.[podRevisionLabel]));
  const count = old.length - (spec?.revisionHistoryLimit ?? 10);
  if (count <= 0) return [];
  return old
    .filter((revision) => !live.has(hashOf(revision)))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .slice(0, count);
}
