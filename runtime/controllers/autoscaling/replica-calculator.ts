import { parseQuantity } from '../../../api/quantity.ts';
import { readyCondition, timeOf } from '../pod-state.ts';
import type { Pod } from './autoscaler.ts';

/** A metric cannot be had or does not make sense; the message is what users see. */
export class MetricError extends Error {
  /** What conditions and the metric's own event say where they say less. */
  readonly told: string;

  constructor(message: string, told = message) {
    super(message);
    this.name = 'MetricError';
    this.told = told;
  }
}

/** In thousandths of the unit. */
export interface PodMetric {
  readonly value: number;
  readonly timestamp: number;
  readonly windowMs: number;
}

export type PodMetrics = ReadonlyMap<string, PodMetric>;

export interface Tolerances {
  readonly down: number;
  readonly up: number;
}

export interface Timing {
  readonly now: number;
  /** Of CPU use so soon after a pod's start nothing is believed before it was ready for a whole window. */
  readonly cpuInitializationMs: number;
  readonly initialReadinessDelayMs: number;
}

export interface Proposal {
  readonly replicas: number;
  readonly usage: number;
  readonly utilization?: number;
}

function isWithin({ down, up }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

const maxReplicas = 2 ** 31 - 1;

function clamp(replicas: number): number {
  return Math.min(Math.ceil(replicas), maxReplicas);
}

interface Groups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  readonly ignored: readonly string[];
}

function isUnready({ status }: Readonly<Pod>, metric: PodMetric, timing: Timing): boolean {
  const condition = readyCondition({ status } as Pod);
  const started = timeOf(status?.startTime);
  if (condition === undefined || started === undefined) return true;
  const changed = timeOf(condition.lastTransitionTime) ?? 0;
  if (started + timing.cpuInitializationMs > timing.now)
    return condition.status === 'False' || metric.timestamp < changed + metric.windowMs;
  // It has never been ready since it started.
  return condition.status === 'False' && started + timing.initialReadinessDelayMs > changed;
}

/** Upstream: groupPods. */
export function groupPods(
  pods: readonly Readonly<Pod>[],
  metrics: PodMetrics,
  resource: string,
  timing: Timing,
): Groups {
  const unready: string[] = [];
  const missing: string[] = [];
  const ignored: string[] = [];
  let ready = 0;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const metric = metrics.get(name);
    const phase = pod.status?.phase;
    if (pod.metadata?.deletionTimestamp !== undefined || phase === 'Failed') ignored.push(name);
    else if (phase === 'Pending') unready.push(name);
    else if (metric === undefined) missing.push(name);
    else if (resource === 'cpu' && isUnready(pod, metric, timing)) unready.push(name);
    else ready++;
  }
  return { ready, unready, missing, ignored };
}

export interface Calculation {
  readonly current: number;
  readonly pods: readonly Readonly<Pod>[];
  readonly metrics: PodMetrics;
  readonly tolerances: Tolerances;
  readonly timing: Timing;
  /** `cpu` and `memory`, or '' for what is no resource. */
  readonly resource: string;
}

interface Usage {
  readonly ratio: number;
  readonly usage: number;
  readonly utilization?: number;
}

/** Replicas for a use per pod. Pods without a metric are thought to speak against a change, unready ones against growth. */
function replicasFor(
  { current, pods, metrics, tolerances, timing, resource }: Calculation,
  measure: (values: ReadonlyMap<string, number>) => Usage,
  fallback: (pod: string) => number,
): Proposal {
  if (pods.length === 0) throw new MetricError('no pods returned by selector while calculating replica count');
  const { ready, unready, missing, ignored } = groupPods(pods, metrics, resource, timing);
  const values = new Map([...metrics].map(([name, { value }]) => [name, value]));
  for (const name of [...ignored, ...unready]) values.delete(name);
  if (values.size === 0) throw new MetricError('did not receive metrics for targeted pods (pods might be unready)');
  const { ratio, ...usage } = measure(values);
  const growsWithUnready = unready.length > 0 && ratio > 1;
  const stay = { replicas: current, ...usage };
  if (!growsWithUnready && missing.length === 0)
    return isWithin(tolerances, ratio) ? stay : { replicas: clamp(ratio * ready), ...usage };
  if (ratio !== 1) for (const name of missing) values.set(name, ratio < 1 ? fallback(name) : 0);
  if (growsWithUnready) for (const name of unready) values.set(name, 0);
  const { ratio: cautious } = measure(values);
  if (isWithin(tolerances, cautious) || (ratio < 1 && cautious > 1) || (ratio > 1 && cautious < 1)) return stay;
  const replicas = clamp(cautious * values.size);
  // Never in the direction opposite to what was measured.
  if ((cautious < 1 && replicas > current) || (cautious > 1 && replicas < current)) return stay;
  return { replicas, ...usage };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** By a percentage of what the pods request. */
export function replicasByUtilization(calculation: Calculation, target: number, container: string): Proposal {
  const { pods, resource } = calculation;
  if (pods.length === 0) throw new MetricError('no pods returned by selector while calculating replica count');
  let requests: ReadonlyMap<string, number> | undefined;
  const requestsOf = (): ReadonlyMap<string, number> => {
    requests ??= new Map(pods.map((pod) => [pod.metadata?.name ?? '', requestOf(pod, container, resource)]));
    return requests;
  };
  const measure = (values: ReadonlyMap<string, number>): Usage => {
    const known = [...values].filter(([name]) => requestsOf().has(name));
    const used = sum(known.map(([, value]) => value));
    const requested = sum(known.map(([name]) => requestsOf().get(name) ?? 0));
    if (requested === 0) throw new MetricError('no metrics returned matched known pods');
    const utilization = Math.trunc((used * 100) / requested);
    return { ratio: utilization / target, utilization, usage: Math.trunc(used / known.length) };
  };
  const fallback = (name: string): number => Math.trunc(((requestsOf().get(name) ?? 0) * Math.max(100, target)) / 100);
  return replicasFor(calculation, measure, fallback);
}

/** By an average per pod. */
export function replicasByAverage(calculation: Calculation, target: number): Proposal {
  const measure = (values: ReadonlyMap<string, number>): Usage => {
    const usage = Math.trunc(sum(values.values()) / values.size);
    return { ratio: usage / target, usage };
  };
  return replicasFor(calculation, measure, () => target);
}

/** By one value that all ready pods share. */
export function replicasByValue(
  { current, pods, tolerances }: Pick<Calculation, 'current' | 'pods' | 'tolerances'>,
  usage: number,
  target: number,
): Proposal {
  const ratio = usage / target;
  if (current === 0) return { replicas: clamp(ratio), usage };
  if (isWithin(tolerances, ratio)) return { replicas: current, usage };
  if (pods.length === 0) {
    const why = 'no pods returned by selector while calculating replica count';
    throw new MetricError(`unable to calculate ready pods: ${why}`);
  }
  const isReady = (pod: Readonly<Pod>): boolean =>
    pod.status?.phase === 'Running' && readyCondition(pod)?.status === 'True';
  return { replicas: clamp(ratio * pods.filter(isReady).length), usage };
}

/** By one value, divided among the replicas that there are. */
export function replicasByShare(
  { current, tolerances }: Pick<Calculation, 'current' | 'tolerances'>,
  usage: number,
  target: number,
): Proposal {
  const ratio = usage / (target * current);
  const replicas = isWithin(tolerances, ratio) ? current : clamp(usage / target);
  return { replicas, usage: current === 0 ? 0 : Math.ceil(usage / current) };
}

/** What a pod, or one container of it, requests, in thousandths. */
export function requestOf({ metadata, spec }: Readonly<Pod>, container: string, resource: string): number {
  const milli = (text: string): number => Number(parseQuantity(text).milliValue());
  const name = metadata?.name ?? '';
  const whole = spec?.resources?.requests;
  if (container === '' && whole !== undefined && Object.keys(whole).length > 0) {
    const request = whole[resource] ?? sumOfContainers(spec, resource);
    if (request === undefined) throw new MetricError(`missing pod-level request for ${resource} in Pod ${name}`);
    return typeof request === 'number' ? request : milli(request);
  }
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const considered = [...(spec?.containers ?? []), ...sidecars].filter(
    (each) => container === '' || each.name === container,
  );
  if (container !== '' && considered.length === 0)
    throw new MetricError(`container ${container} not found in Pod ${name}`);
  return sum(
    considered.map((each) => {
      const request = each.resources?.requests?.[resource];
      if (request === undefined)
        throw new MetricError(`missing request for ${resource} in container ${each.name} of Pod ${name}`);
      return milli(request);
    }),
  );
}

function sumOfContainers(spec: Pod['spec'], resource: string): number | undefined {
  const requests = (spec?.containers ?? []).flatMap(({ resources }) => resources?.requests?.[resource] ?? []);
  return requests.length === 0 ? undefined : sum(requests.map((text) => Number(parseQuantity(text).milliValue())));
}
