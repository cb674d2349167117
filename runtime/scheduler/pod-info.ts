import type { Api } from '../../api/object.ts';
import { type LabelMatcher, labelSelectorMatcher } from '../../api/selectors.ts';
import { StatusError } from '../../api/status.ts';
import { type Amounts, podRequests, podRequestsAtLeast } from './resources.ts';

export type Pod = Readonly<Api<'io.k8s.api.core.v1.Pod'>>;
type Term = Readonly<Api<'io.k8s.api.core.v1.PodAffinityTerm'>>;
type Labels = Readonly<Record<string, string>>;

/** One term of pod affinity, ready to be compared with pods. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly weight: number;
  readonly selector: LabelMatcher;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: LabelMatcher;
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A pod with what the scheduler computes from its spec, once. */
export interface PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly requests: Amounts;
  readonly milliCPU: number;
  readonly memory: number;
  readonly ephemeralStorage: number;
  /** Extended resources and huge pages, without those of which nothing is asked for; undefined when there are none. */
  readonly scalars: Amounts | undefined;
  readonly assumedMilliCPU: number;
  readonly assumedMemory: number;
  readonly hostPorts: readonly HostPort[];
  /** Names of the claims that it mounts. */
  readonly claims: readonly string[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
}

const none: readonly never[] = [];
const noLabels: Labels = {};

/** What does not parse matches nothing. */
export function selectorOf(selector: Parameters<typeof labelSelectorMatcher>[0]): LabelMatcher {
  try {
    return labelSelectorMatcher(selector);
  } catch (error) {
    if (error instanceof StatusError) return labelSelectorMatcher(undefined);
    throw error;
  }
}

function termOf(namespace: string, term: Term, weight: number): AffinityTerm {
  // Neither names nor selector: the pod's own namespace.
  const own = (term.namespaces ?? []).length === 0 && term.namespaceSelector === undefined;
  return {
    topologyKey: term.topologyKey ?? '',
    weight,
    selector: selectorOf(term.labelSelector),
    namespaces: new Set(own ? [namespace] : term.namespaces),
    namespaceSelector: selectorOf(term.namespaceSelector),
  };
}

/** `namespaceLabels`: of the namespace of `pod`. */
export function termMatches(term: AffinityTerm, pod: PodInfo, namespaceLabels: Labels | undefined): boolean {
  return (
    (term.namespaces.has(pod.namespace) || term.namespaceSelector.matches(namespaceLabels)) &&
    term.selector.matches(pod.labels)
  );
}

function affinitiesOf(namespace: string, affinity: NonNullable<Pod['spec']>['affinity']) {
  const required = (terms: readonly Term[] = []) => terms.map((term) => termOf(namespace, term, 0));
  const preferred = (terms: readonly Readonly<Api<'io.k8s.api.core.v1.WeightedPodAffinityTerm'>>[] = []) =>
    terms.map(({ podAffinityTerm = {}, weight = 0 }) => termOf(namespace, podAffinityTerm, weight));
  const { podAffinity: near, podAntiAffinity: far } = affinity ?? {};
  return {
    requiredAffinity: near === undefined ? none : required(near.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: far === undefined ? none : required(far.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: near === undefined ? none : preferred(near.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: far === undefined ? none : preferred(far.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const found: HostPort[] = [];
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const { ports } of [...sidecars, ...(spec?.containers ?? [])])
    for (const { hostPort = 0, hostIP = '', protocol = 'TCP' } of ports ?? none)
      if (hostPort > 0) found.push({ ip: hostIP === '' ? '0.0.0.0' : hostIP, protocol, port: hostPort });
  return found.length === 0 ? none : found;
}

/** How the claim of a generic ephemeral volume is called. */
export function ephemeralClaimName(podName: string, volumeName: string): string {
  return `${podName}-${volumeName}`;
}

export function claimNamesOf(pod: Pod): readonly string[] {
  const { volumes = none } = pod.spec ?? {};
  if (volumes.length === 0) return none;
  return volumes.flatMap(({ name = '', persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName ?? ''];
    return ephemeral === undefined ? [] : [ephemeralClaimName(pod.metadata?.name ?? '', name)];
  });
}

function scalarsOf(requests: Amounts): Amounts | undefined {
  let scalars: Amounts | undefined;
  for (const [name, amount] of requests) {
    if (amount === 0 || name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name === 'pods')
      continue;
    scalars ??= new Map();
    scalars.set(name, amount);
  }
  return scalars;
}

export function podInfoOf(pod: Pod): PodInfo {
  const { namespace = '', name = '', uid = '', labels = noLabels } = pod.metadata ?? {};
  const options = { useStatus: pod.spec?.nodeName !== undefined && pod.spec.nodeName !== '' };
  const requests = podRequests(pod, options);
  const atLeast = podRequestsAtLeast(pod, requests, options);
  return {
    pod,
    uid,
    namespace,
    name,
    labels,
    priority: pod.spec?.priority ?? 0,
    requests,
    milliCPU: requests.get('cpu') ?? 0,
    memory: requests.get('memory') ?? 0,
    ephemeralStorage: requests.get('ephemeral-storage') ?? 0,
    scalars: scalarsOf(requests),
    assumedMilliCPU: atLeast.get('cpu') ?? 0,
    assumedMemory: atLeast.get('memory') ?? 0,
    hostPorts: hostPortsOf(pod),
    claims: claimNamesOf(pod),
    ...affinitiesOf(namespace, pod.spec?.affinity),
  };
}

export function hasAffinity(pod: PodInfo): boolean {
  return (
    pod.requiredAffinity.length +
      pod.requiredAntiAffinity.length +
      pod.preferredAffinity.length +
      pod.preferredAntiAffinity.length >
    0
  );
}
