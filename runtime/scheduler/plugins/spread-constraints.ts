import { createLabelTest, type LabelRequirement } from '../../../api/label-requirement.ts';
import type { Api } from '../../../api/object.ts';
import type { LabelMatcher } from '../../../api/selectors.ts';
import type { Informers } from '../../client/informers.ts';
import { type NodeTest, requiredNodes } from '../node-affinity.ts';
import type { Node } from '../node-info.ts';
import { type PodInfo, selectorOf } from '../pod-info.ts';
import { type Toleration, untoleratedTaint } from '../taints.ts';

export type GivenConstraint = Readonly<Api<'io.k8s.api.core.v1.TopologySpreadConstraint'>>;
type Labels = Readonly<Record<string, string>>;

export interface SpreadArgs {
  readonly defaultConstraints?: readonly GivenConstraint[];
  /** `System`, which is the default, or `List`: what defaultConstraints says. */
  readonly defaultingType?: string;
}

export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** No selector, or an empty one made of defaults, counts nothing. */
  counts(labels: Labels): boolean;
  /** Whether what is on the node counts at all: by the pod's affinity and tolerations. */
  includes(node: Node): boolean;
}

const systemDefaults: readonly GivenConstraint[] = [
  { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

interface PodRules {
  readonly affinity: NodeTest | undefined;
  readonly tolerations: readonly Toleration[] | undefined;
}

function constraintOf(given: GivenConstraint, counts: SpreadConstraint['counts'], rules: PodRules): SpreadConstraint {
  const { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = given;
  return {
    topologyKey: given.topologyKey ?? '',
    maxSkew: given.maxSkew ?? 1,
    minDomains: given.minDomains ?? 1,
    counts,
    includes: (node) =>
      (nodeAffinityPolicy !== 'Honor' || rules.affinity?.matches(node) !== false) &&
      (nodeTaintsPolicy !== 'Honor' || untoleratedTaint(node.spec?.taints, rules.tolerations) === undefined),
  };
}

function countsOf({ labelSelector, matchLabelKeys = [] }: GivenConstraint, labels: Labels): SpreadConstraint['counts'] {
  const selector = selectorOf(labelSelector);
  if (selector.isNothing) return () => false;
  const more: LabelRequirement[] = matchLabelKeys.flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator: '=', values: [value] }];
  });
  // An empty selector selects no pod here, unlike elsewhere.
  if (selector.isEverything && more.length === 0) return () => false;
  const tests = more.map(createLabelTest);
  return (of) => selector.matches(of) && tests.every((test) => test(of));
}

const services = { group: '', version: 'v1', resource: 'services' } as const;
const owners: Readonly<
  Record<string, { readonly group: string; readonly version: string; readonly resource: string }>
> = {
  'v1/ReplicationController': { group: '', version: 'v1', resource: 'replicationcontrollers' },
  'apps/v1/ReplicaSet': { group: 'apps', version: 'v1', resource: 'replicasets' },
  'apps/v1/StatefulSet': { group: 'apps', version: 'v1', resource: 'statefulsets' },
};

/** Pods of the same Services and of the same owner; undefined when there are neither. */
function kinOf({ pod, namespace, labels }: PodInfo, informers: Informers): ((of: Labels) => boolean) | undefined {
  const wanted = new Map<string, string>();
  for (const { spec } of informers.of<Api<'io.k8s.api.core.v1.Service'>>(services).list(namespace)) {
    const selector = Object.entries(spec?.selector ?? {});
    if (selector.length > 0 && selector.every(([key, value]) => labels[key] === value))
      for (const [key, value] of selector) wanted.set(key, value);
  }
  let matcher: LabelMatcher | undefined;
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  const resource = owner === undefined ? undefined : owners[`${owner.apiVersion}/${owner.kind}`];
  if (owner !== undefined && resource !== undefined) {
    const { spec } =
      informers.of<Api<'io.k8s.api.apps.v1.ReplicaSet'>>(resource).get(`${namespace}/${owner.name}`) ?? {};
    if (resource.resource === 'replicationcontrollers')
      for (const [key, value] of Object.entries((spec?.selector ?? {}) as Labels)) wanted.set(key, value);
    else if (spec !== undefined) matcher = selectorOf(spec.selector);
  }
  const pairs = [...wanted];
  if (pairs.length === 0 && (matcher === undefined || matcher.isEverything || matcher.isNothing)) return undefined;
  return (of) => pairs.every(([key, value]) => of[key] === value) && matcher?.matches(of) !== false;
}

export interface Constraints {
  readonly isDefaulted: boolean;
  readonly constraints: readonly SpreadConstraint[];
}

const nothing: Constraints = { isDefaulted: true, constraints: [] };

/** The constraints that a pod has, or is given by default where it has none of any kind. */
export function createConstraints(
  { defaultConstraints = [], defaultingType = 'System' }: SpreadArgs,
  informers: Informers,
) {
  const isSystem = defaultingType === 'System';
  const defaults = isSystem ? systemDefaults : defaultConstraints;
  return {
    isSystem,
    usesDefaults: defaults.length > 0,
    of: (pod: PodInfo, action: 'DoNotSchedule' | 'ScheduleAnyway'): Constraints => {
      const { topologySpreadConstraints: own = [], tolerations } = pod.pod.spec ?? {};
      const rules = { affinity: requiredNodes(pod.pod.spec ?? {}), tolerations };
      const chosen = (given: readonly GivenConstraint[]): readonly GivenConstraint[] =>
        given.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
      if (own.length > 0) {
        const constraints = chosen(own).map((one) => constraintOf(one, countsOf(one, pod.labels), rules));
        return { isDefaulted: false, constraints };
      }
      const given = chosen(defaults);
      const kin = given.length === 0 ? undefined : kinOf(pod, informers);
      if (kin === undefined) return nothing;
      return { isDefaulted: true, constraints: given.map((one) => constraintOf(one, kin, rules)) };
    },
  };
}
