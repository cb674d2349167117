import { type FilterPlan, normalizeByHighest, type Plugin, unresolvable } from '../framework.ts';
import {
  type NodeSelector,
  nodeSelectorTest,
  type PreferredTerm,
  preferredNodes,
  requiredNodes,
} from '../node-affinity.ts';
import type { Node } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

export interface NodeAffinityArgs {
  /** Holds for every pod of the profile, besides its own. */
  readonly addedAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector;
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredTerm[];
  };
}

const name = 'NodeAffinity';

/** The nodes that the required terms name; undefined when one of them names none. */
function namedNodes({ nodeSelectorTerms = [] }: NodeSelector): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { matchFields = [] } of nodeSelectorTerms) {
    const named = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    const [first, ...others] = named;
    if (first === undefined) return undefined;
    for (const value of first.values ?? [])
      if (others.every(({ values = [] }) => values.includes(value))) names.add(value);
  }
  return nodeSelectorTerms.length === 0 ? undefined : names;
}

/** Node selectors and node affinity, the profile's own added. */
export function nodeAffinity({ addedAffinity = {} }: NodeAffinityArgs): Plugin {
  const { requiredDuringSchedulingIgnoredDuringExecution: addedRequired } = addedAffinity;
  const enforced = addedRequired === undefined ? undefined : nodeSelectorTest(addedRequired);
  const addedScore = preferredNodes(addedAffinity.preferredDuringSchedulingIgnoredDuringExecution);
  const notEnforced = unresolvable(name, "node(s) didn't match scheduler-enforced node affinity");
  const noMatch = unresolvable(name, "node(s) didn't match Pod's node affinity/selector");
  const normalize = normalizeByHighest(false);
  const filter = ({ pod }: PodInfo): FilterPlan | undefined => {
    const own = requiredNodes(pod.spec ?? {});
    if (own === undefined && enforced === undefined) return undefined;
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const nodeNames = required === undefined ? undefined : namedNodes(required);
    if (nodeNames?.size === 0) return { rejection: unresolvable(name, 'pod affinity terms conflict') };
    return {
      ...(nodeNames === undefined ? {} : { nodeNames }),
      step: {
        filter: ({ node }) => {
          if (enforced?.matches(node) === false) return notEnforced;
          return own?.matches(node) === false ? noMatch : undefined;
        },
      },
    };
  };
  return {
    name,
    hints: [
      {
        resource: 'nodes',
        actions: ['add', 'labels'],
        helps: ({ pod }, { object, old }) => {
          if (enforced?.matches(object as Node) === false) return false;
          const own = requiredNodes(pod.spec ?? {});
          if (own === undefined) return old === undefined || enforced !== undefined;
          return own.matches(object as Node) && (old === undefined || !own.matches(old as Node));
        },
      },
    ],
    filter,
    score: ({ pod }) => {
      const own = preferredNodes(pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution);
      if (own === undefined && addedScore === undefined) return undefined;
      return { score: ({ node }) => (own?.(node) ?? 0) + (addedScore?.(node) ?? 0), normalize };
    },
  };
}
