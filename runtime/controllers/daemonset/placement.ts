import type { Api } from '../../../api/object.ts';
import { requiredNodes } from '../../scheduler/node-affinity.ts';
import { type Toleration, untoleratedTaint } from '../../scheduler/taints.ts';
import type { PodTemplate } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import { podRevisionLabel } from '../revisions.ts';

export type DaemonSet = Readonly<Api<'io.k8s.api.apps.v1.DaemonSet'>>;
export type Node = Readonly<Api<'io.k8s.api.core.v1.Node'>>;
type PodSpec = Readonly<Api<'io.k8s.api.core.v1.PodSpec'>>;

export const daemonSetResource = { group: 'apps', version: 'v1', resource: 'daemonsets' } as const;
export const daemonSetKind = { group: 'apps', version: 'v1', kind: 'DaemonSet' } as const;

const generationAnnotation = 'deprecated.daemonset.template.generation';
const generationLabel = 'pod-template-generation';

function toleration(name: string, effect: string): Toleration {
  return { key: `node.kubernetes.io/${name}`, operator: 'Exists', effect };
}

/** Daemons stay on nodes in trouble, and come to nodes that others are kept from. */
const daemonTolerations: readonly Toleration[] = [
  toleration('not-ready', 'NoExecute'),
  toleration('unreachable', 'NoExecute'),
  toleration('disk-pressure', 'NoSchedule'),
  toleration('memory-pressure', 'NoSchedule'),
  toleration('pid-pressure', 'NoSchedule'),
  toleration('unschedulable', 'NoSchedule'),
];
const hostNetworkToleration = toleration('network-unavailable', 'NoSchedule');

function isSameTaint(a: Toleration, b: Toleration): boolean {
  return (
    a.key === b.key &&
    a.effect === b.effect &&
    (a.operator ?? '') === (b.operator ?? '') &&
    (a.value ?? '') === (b.value ?? '')
  );
}

/** The template's own tolerations and the daemons'; where both name one, it has no end. */
export function tolerationsOf({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const added = hostNetwork === true ? [...daemonTolerations, hostNetworkToleration] : daemonTolerations;
  const own = tolerations.map((present) => added.find((one) => isSameTaint(one, present)) ?? present);
  return [...own, ...added.filter((one) => !own.includes(one))];
}

export interface Placement {
  readonly shouldRun: boolean;
  /** One that is there already may stay. */
  readonly shouldContinue: boolean;
}

const nowhere: Placement = { shouldRun: false, shouldContinue: false };
const lasting: ReadonlySet<string> = new Set(['NoExecute']);

/** Where the daemons of a set belong; made once for all nodes. */
export function placementOf({ spec }: DaemonSet): (node: Node) => Placement {
  const template: PodSpec = spec?.template?.spec ?? { containers: [] };
  const tolerations = tolerationsOf(template);
  const required = requiredNodes(template);
  return (node) => {
    const { nodeName = '' } = template;
    if (nodeName !== '' && nodeName !== node.metadata?.name) return nowhere;
    if (required !== undefined && !required.matches(node)) return nowhere;
    const taints = node.spec?.taints;
    if (untoleratedTaint(taints, tolerations) === undefined) return { shouldRun: true, shouldContinue: true };
    return { shouldRun: false, shouldContinue: untoleratedTaint(taints, tolerations, lasting) === undefined };
  };
}

/** By a deprecated annotation; undefined where it is none. */
function templateGeneration({ metadata }: DaemonSet): string | undefined {
  const text = metadata?.annotations?.[generationAnnotation];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? String(BigInt(text.replace(/^\+/, ''))) : undefined;
}

/** What pods of the present revision are made from. */
export function daemonTemplate(daemonSet: DaemonSet, hash: string): PodTemplate {
  const template = daemonSet.spec?.template ?? {};
  const generation = templateGeneration(daemonSet);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(generation === undefined ? {} : { [generationLabel]: generation }),
        [podRevisionLabel]: hash,
      },
    },
    spec: { containers: [], ...template.spec, tolerations: tolerationsOf(template.spec ?? { containers: [] }) },
  };
}

/** The scheduler can put it on this node alone. Other terms of the template's go: they have been looked at. */
export function onNode<T extends { spec?: PodSpec }>(pod: T, nodeName: string): T & { readonly spec: PodSpec } {
  const { affinity } = pod.spec ?? {};
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  return {
    ...pod,
    spec: {
      containers: [],
      ...pod.spec,
      affinity: {
        ...affinity,
        nodeAffinity: {
          ...affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
        },
      },
    },
  };
}

/** Where a pod is, or waits to be. */
export function targetNode({ spec }: Pod): string | undefined {
  const { nodeName = '', affinity } = spec ?? {};
  if (nodeName !== '') return nodeName;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const field = terms
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
  return field?.values?.length === 1 ? field.values[0] : undefined;
}

/** Of the present template. */
export function updatedTest(daemonSet: DaemonSet, hash: string): (pod: Pod) => boolean {
  const generation = templateGeneration(daemonSet);
  return ({ metadata }) => {
    const labels = metadata?.labels ?? {};
    return (
      (hash !== '' && labels[podRevisionLabel] === hash) ||
      (generation !== undefined && labels[generationLabel] === generation)
    );
  };
}
