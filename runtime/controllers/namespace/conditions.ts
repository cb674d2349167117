import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';

type Condition = Api<'io.k8s.api.core.v1.NamespaceCondition'>;

/** How far the deletion of a namespace's content has come. */
export interface Progress {
  /** Why not all that is served is known. */
  readonly discoveryFailure?: string;
  readonly contentFailures: readonly string[];
  /** `pods.` or `deployments.apps` to how many are left; absent while it was not looked at everything. */
  readonly remaining?: ReadonlyMap<string, number>;
  readonly finalizers?: ReadonlyMap<string, number>;
}

interface Finding {
  readonly reason: string;
  readonly message: string;
}

interface ConditionRule {
  readonly type: string;
  /** The reason and message of a namespace without this trouble. */
  readonly well: Finding;
  trouble(progress: Progress): Finding | undefined;
}

function listOf(counts: ReadonlyMap<string, number> = new Map(), verb: string): string | undefined {
  const parts = [...counts].filter(([, count]) => count > 0).map(([name, count]) => `${name} ${verb} ${count}`);
  return parts.length === 0
    ? undefined
    : parts
        .map((part) => `${part} resource instances`)
        .sort()
        .join(', ');
}

const rules: readonly ConditionRule[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    well: { reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
    trouble: ({ discoveryFailure: message }) =>
      message === undefined ? undefined : { reason: 'DiscoveryFailed', message },
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    well: { reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    trouble: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    well: { reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' },
    trouble: ({ contentFailures }) => {
      if (contentFailures.length === 0) return undefined;
      const all = [...contentFailures].sort().join(', ');
      const message = `Failed to delete all resource types, ${contentFailures.length} remaining: ${all}`;
      return { reason: 'ContentDeletionFailed', message };
    },
  },
  {
    type: 'NamespaceContentRemaining',
    well: { reason: 'ContentRemoved', message: 'All content successfully removed' },
    trouble: ({ remaining }) => {
      const list = listOf(remaining, 'has');
      return list === undefined
        ? undefined
        : { reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${list}` };
    },
  },
  {
    type: 'NamespaceFinalizersRemaining',
    well: { reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
    trouble: ({ finalizers }) => {
      const list = listOf(finalizers, 'in');
      return list === undefined
        ? undefined
        : {
            reason: 'SomeFinalizersRemain',
            message: `Some content in the namespace has finalizers remaining: ${list}`,
          };
    },
  },
];

/** The conditions of a namespace at this point; undefined when they say it already. */
export function conditionsAt(
  progress: Progress,
  present: readonly Condition[],
  now: number,
): readonly Condition[] | undefined {
  const conditions = [...present];
  let changed = false;
  for (const { type, well, trouble } of rules) {
    const found = trouble(progress);
    const status = found === undefined ? 'False' : 'True';
    const { reason, message } = found ?? well;
    const at = conditions.findIndex((condition) => condition.type === type);
    const old = conditions[at];
    if (old?.status === status && old.reason === reason && old.message === message) continue;
    changed = true;
    const lastTransitionTime =
      old?.status === status && old.lastTransitionTime !== undefined ? old.lastTransitionTime : toTime(now);
    const made: Condition = { type, status, lastTransitionTime, reason, message };
    if (at < 0) conditions.push(made);
    else conditions[at] = made;
  }
  return changed ? conditions : undefined;
}
