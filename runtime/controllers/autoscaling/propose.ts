import type { ApiClient } from '../../../api/client.ts';
import type { LabelSelector } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { StatusError } from '../../../api/status.ts';
import type { MetricSpec, MetricStatus, Pod } from './autoscaler.ts';
import { externalMetric, objectMetric, podMetrics, resourceMetrics } from './metrics-client.ts';
import {
  MetricError,
  type Proposal,
  replicasByAverage,
  replicasByShare,
  replicasByUtilization,
  replicasByValue,
  type Timing,
  type Tolerances,
} from './replica-calculator.ts';
import type { Scales } from './scale-client.ts';

export interface ProposalContext {
  readonly client: ApiClient;
  readonly scales: Scales;
  readonly namespace: string;
  /** Of the target's pods. */
  readonly selector: string;
  readonly pods: readonly Readonly<Pod>[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly tolerances: Tolerances;
  readonly timing: Timing;
}

export interface Proposed {
  readonly replicas: number;
  /** As in reasons for a new size. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** The metric could not be had: reason of event and condition, what they say, and how the event of the whole says it. */
export class UnableError extends Error {
  readonly reason: string;
  readonly inner: string;

  constructor(reason: string, inner: string, message: string) {
    super(message);
    this.name = 'UnableError';
    this.reason = reason;
    this.inner = inner;
  }
}

function quantityOf(milli: number): string {
  return parseQuantity(`${milli}m`).toString();
}

const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** Memory is told in powers of 1024. */
export function usageOf(resource: string, milli: number): string {
  if (resource !== 'memory' || milli < 1_024_000) return quantityOf(milli);
  let value = Math.ceil(milli / 1000);
  let unit = 0;
  while (value % 1024 === 0 && unit < binaryUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${binaryUnits[unit]}`;
}

function milliOf(quantity: string): number {
  return Number(parseQuantity(quantity).milliValue());
}

/** Puts words in front of the failure of a metric; anything else stays what it is. */
async function within<T>(prefix: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MetricError || error instanceof StatusError)
      throw new MetricError(`${prefix}: ${error.message}`);
    throw error;
  }
}

/** The same for the event of the whole alone. */
async function silently<T>(prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MetricError)) throw error;
    throw new MetricError(`${prefix}: ${error.message}`, error.told);
  }
}

async function unable<T>(reason: string, prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MetricError || error instanceof StatusError)) throw error;
    const told = error instanceof MetricError ? error.told : error.message;
    throw new UnableError(reason, told, prefix === '' ? error.message : `${prefix}: ${error.message}`);
  }
}

/** How many replicas one metric asks for. Throws UnableError. */
export async function propose(metric: MetricSpec, context: ProposalContext): Promise<Proposed> {
  switch (metric.type) {
    case 'Resource': {
      const { name = '', target } = metric.resource ?? {};
      return unable('FailedGetResourceMetric', `failed to get ${name} resource metric value`, async () => {
        const { current, ...rest } = await byResource(context, { name, container: '', target });
        return { ...rest, status: { type: 'Resource', resource: { name, current } } };
      });
    }
    case 'ContainerResource': {
      const { name = '', container = '', target } = metric.containerResource ?? {};
      const prefix = `failed to get ${container} container metric value`;
      return unable('FailedGetContainerResourceMetric', prefix, async () => {
        const { current, ...rest } = await byResource(context, { name, container, target });
        const containerResource = { name, container, current };
        return { ...rest, status: { type: 'ContainerResource', containerResource } };
      });
    }
    case 'Pods':
      return unable('FailedGetPodsMetric', 'failed to get pods metric value', () => byPods(metric, context));
    case 'Object':
      return unable('FailedGetObjectMetric', 'failed to get object metric value', () => byObject(metric, context));
    case 'External': {
      const prefix = `failed to get ${metric.external?.metric?.name} external metric value`;
      return unable('FailedGetExternalMetric', prefix, () => byExternal(metric, context));
    }
    default:
      return unable('InvalidMetricSourceType', '', async () => {
        throw new MetricError(`unknown metric source type "${metric.type}"`);
      });
  }
}

type Target = NonNullable<MetricSpec['resource']>['target'];
type Current = NonNullable<NonNullable<MetricStatus['resource']>['current']>;

async function byResource(
  context: ProposalContext,
  { name, container, target = {} }: { name: string; container: string; target: Target | undefined },
): Promise<{ replicas: number; name: string; current: Current }> {
  const { client, namespace, selector, pods, specReplicas: current, tolerances, timing } = context;
  const { averageValue, averageUtilization } = target;
  const measure = async (calculate: (metrics: Awaited<ReturnType<typeof resourceMetrics>>) => Proposal) =>
    calculate(
      await within(`unable to get metrics for resource ${name}`, () =>
        resourceMetrics(client, { namespace, selector, resource: name, container }),
      ),
    );
  const of = { current, pods, tolerances, timing, resource: name };
  if (averageValue !== undefined) {
    const { replicas, usage } = await within(`failed to get ${name} usage`, () =>
      measure((metrics) => replicasByAverage({ ...of, metrics }, milliOf(averageValue))),
    );
    return { replicas, name: `${name} resource`, current: { averageValue: usageOf(name, usage) } };
  }
  if (averageUtilization === undefined) {
    throw new MetricError(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  }
  const { replicas, usage, utilization } = await within(`failed to get ${name} utilization`, () =>
    measure((metrics) => replicasByUtilization({ ...of, metrics }, averageUtilization, container)),
  );
  const kind = container === '' ? 'resource' : 'container resource';
  return {
    replicas,
    name: `${name} ${kind} utilization (percentage of request)`,
    current: { averageUtilization: utilization ?? 0, averageValue: usageOf(name, usage) },
  };
}

async function byPods({ pods: source }: MetricSpec, context: ProposalContext): Promise<Proposed> {
  const { client, namespace, selector, pods, specReplicas: current, tolerances, timing } = context;
  const { name = '', selector: metricSelector } = source?.metric ?? {};
  const metrics = await within(`unable to get metric ${name}`, () =>
    podMetrics(client, { namespace, metric: name, metricSelector }, selector),
  );
  const of = { current, pods, metrics, tolerances, timing, resource: '' };
  const { replicas, usage } = replicasByAverage(of, milliOf(source?.target?.averageValue ?? '0'));
  const status = { metric: identified(name, metricSelector), current: { averageValue: quantityOf(usage) } };
  return { replicas, name: `pods metric ${name}`, status: { type: 'Pods', pods: status } };
}

function identified(name: string, selector: LabelSelector | undefined): { name: string; selector?: LabelSelector } {
  return { name, ...(selector === undefined ? {} : { selector }) };
}

async function byObject({ object }: MetricSpec, context: ProposalContext): Promise<Proposed> {
  const { client, scales, namespace, pods, specReplicas, statusReplicas, tolerances } = context;
  const { name = '', selector } = object?.metric ?? {};
  const { describedObject = {}, target } = object ?? {};
  const { kind = '', name: objectName = '' } = describedObject;
  const read = (): Promise<number> =>
    within(`unable to get metric ${name}`, async () => {
      try {
        const { resource } = await scales.resourceOf(describedObject);
        const query = { namespace, metric: name, metricSelector: selector };
        return await objectMetric(client, query, { resource, name: objectName });
      } catch (error) {
        if (!(error instanceof MetricError)) throw error;
        throw new MetricError(`${error.message} on ${kind} ${namespace}/${objectName}`);
      }
    });
  const status = (current: Current): MetricStatus => ({
    type: 'Object',
    object: { describedObject, metric: identified(name, selector), current } as NonNullable<MetricStatus['object']>,
  });
  if (target?.type === 'Value' && target.value !== undefined) {
    const of = { current: specReplicas, pods, tolerances };
    const { replicas, usage } = replicasByValue(of, await read(), milliOf(target.value));
    return { replicas, name: `${kind} metric ${name}`, status: status({ value: quantityOf(usage) }) };
  }
  if (target?.type === 'AverageValue' && target.averageValue !== undefined) {
    const total = await silently(`failed to get ${name} object metric`, read);
    const { replicas, usage } = replicasByShare(
      { current: statusReplicas, tolerances },
      total,
      milliOf(target.averageValue),
    );
    return { replicas, name: externalName(name, selector), status: status({ averageValue: quantityOf(usage) }) };
  }
  throw new MetricError('invalid object metric source: neither a value target nor an average value target was set');
}

/** As Go prints a pointer to a selector. */
function externalName(name: string, selector: LabelSelector | undefined): string {
  return `external metric ${name}(${printed(selector)})`;
}

function printed(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.map((each) => `${each},`).join('')}},}`;
}

async function byExternal({ external }: MetricSpec, context: ProposalContext): Promise<Proposed> {
  const { client, namespace, pods, specReplicas, statusReplicas, tolerances } = context;
  const { name = '', selector } = external?.metric ?? {};
  const { value, averageValue } = external?.target ?? {};
  const read = (): Promise<number> =>
    within(`unable to get external metric ${namespace}/${name}/${printed(selector)}`, () =>
      externalMetric(client, { namespace, metric: name, metricSelector: selector }),
    );
  const status = (current: Current): MetricStatus => ({
    type: 'External',
    external: { metric: identified(name, selector), current },
  });
  if (averageValue !== undefined) {
    const total = await silently(`failed to get ${name} external metric`, read);
    const { replicas, usage } = replicasByShare({ current: statusReplicas, tolerances }, total, milliOf(averageValue));
    return { replicas, name: externalName(name, selector), status: status({ averageValue: quantityOf(usage) }) };
  }
  if (value !== undefined) {
    const { replicas, usage } = await silently(`failed to get external metric ${name}`, async () =>
      replicasByValue({ current: specReplicas, pods, tolerances }, await read(), milliOf(value)),
    );
    return { replicas, name: externalName(name, selector), status: status({ value: quantityOf(usage) }) };
  }
  throw new MetricError('invalid external metric source: neither a value target nor an average value target was set');
}
