import type { ApiClient } from '../../../api/client.ts';
import type { LabelSelector } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { StatusError } from '../../../api/status.ts';
import { MetricError, type PodMetric, type PodMetrics } from './replica-calculator.ts';

interface PodUsage {
  readonly metadata?: { readonly name?: string };
  readonly timestamp?: string;
  readonly window?: string;
  readonly containers?: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[];
}

interface CustomValue {
  readonly describedObject?: { readonly name?: string };
  readonly timestamp?: string;
  readonly window?: number;
  readonly windowSeconds?: number;
  readonly value: string;
}

interface Items<T> {
  readonly items?: readonly T[] | null;
}

/** Of custom metrics that do not say theirs. */
const defaultWindowMs = 60_000;
const units: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

function durationMs(text = ''): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|us|µs|ns|h|m|s)/g))
    total += Number(amount) * (units[unit ?? ''] ?? 0);
  return total;
}

function milli(quantity: string): number {
  return Number(parseQuantity(quantity).milliValue());
}

function query(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== '');
  if (pairs.length === 0) return '';
  return `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function textOf(selector: Readonly<LabelSelector> | undefined): string {
  return selector === undefined ? '' : labelSelectorMatcher(selector).toString();
}

/** The words of a client for an API that nobody serves. */
function why(error: unknown, asked: string): string {
  if (!(error instanceof StatusError)) throw error;
  if (error.reason === 'NotFound' && error.details?.name === undefined)
    return `the server could not find the requested resource (get ${asked})`;
  if (error.reason === 'ServiceUnavailable' && error.details === undefined)
    return `the server is currently unable to handle the request (get ${asked})`;
  return error.message;
}

async function itemsOf<T>(client: ApiClient, path: string, api: string, asked: string): Promise<readonly T[]> {
  let items: readonly T[];
  try {
    items = (await client.request<Items<T>>('GET', path)).items ?? [];
  } catch (error) {
    throw new MetricError(`unable to fetch metrics from ${api} metrics API: ${why(error, asked)}`);
  }
  if (items.length === 0) throw new MetricError(`no metrics returned from ${api} metrics API`);
  return items;
}

/** What pods, or one container of each, use. */
export async function resourceMetrics(
  client: ApiClient,
  { namespace, selector, resource, container }: ResourceQuery,
): Promise<PodMetrics> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods${query({ labelSelector: selector })}`;
  const items = await itemsOf<PodUsage>(client, path, 'resource', 'pods.metrics.k8s.io');
  const found = new Map<string, PodMetric>();
  for (const { metadata, containers = [], timestamp = '', window } of items) {
    const considered = container === '' ? containers : containers.filter(({ name }) => name === container);
    const usages = considered.map(({ usage }) => usage[resource]);
    if (usages.length === 0 || usages.includes(undefined)) continue;
    const value = usages.reduce((total, usage) => total + milli(usage ?? '0'), 0);
    found.set(metadata?.name ?? '', { value, timestamp: Date.parse(timestamp), windowMs: durationMs(window) });
  }
  return found;
}

export interface ResourceQuery {
  readonly namespace: string;
  readonly selector: string;
  readonly resource: string;
  readonly container: string;
}

const customVersions = ['v1beta2', 'v1beta1'];

async function customRoot(client: ApiClient): Promise<string> {
  const group = 'custom.metrics.k8s.io';
  try {
    const { versions = [] } = await client.request<{ versions?: { version: string }[] }>('GET', `/apis/${group}`);
    const version = customVersions.find((each) => versions.some((served) => served.version === each));
    if (version !== undefined) return `/apis/${group}/${version}`;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
  throw new MetricError(`unable to fetch metrics from custom metrics API: no custom metrics API (${group}) registered`);
}

export interface CustomQuery {
  readonly namespace: string;
  readonly metric: string;
  readonly metricSelector: Readonly<LabelSelector> | undefined;
}

/** A metric of each pod that a selector finds. */
export async function podMetrics(
  client: ApiClient,
  { namespace, metric, metricSelector }: CustomQuery,
  selector: string,
): Promise<PodMetrics> {
  const parameters = query({ labelSelector: selector, metricLabelSelector: textOf(metricSelector) });
  const path = `${await customRoot(client)}/namespaces/${namespace}/pods/*/${metric}${parameters}`;
  const items = await itemsOf<CustomValue>(client, path, 'custom', `pods.custom.metrics.k8s.io *`);
  return new Map(
    items.map(({ describedObject, timestamp = '', window, windowSeconds, value }) => [
      describedObject?.name ?? '',
      {
        value: milli(value),
        timestamp: Date.parse(timestamp),
        windowMs:
          windowSeconds === undefined && window === undefined ? defaultWindowMs : (windowSeconds ?? window ?? 0) * 1000,
      },
    ]),
  );
}

/** A metric of one object, in thousandths; `resource` as in `services` or `ingresses.networking.k8s.io`. */
export async function objectMetric(
  client: ApiClient,
  { namespace, metric, metricSelector }: CustomQuery,
  object: { readonly resource: string; readonly name: string },
): Promise<number> {
  const parameters = query({ metricLabelSelector: textOf(metricSelector) });
  const place = object.resource === 'namespaces' ? 'metrics' : `${object.resource}/${object.name}`;
  const path = `${await customRoot(client)}/namespaces/${namespace}/${place}/${metric}${parameters}`;
  const asked = `${object.resource}.custom.metrics.k8s.io ${object.name}`;
  const [first] = await itemsOf<CustomValue>(client, path, 'custom', asked);
  return milli(first?.value ?? '0');
}

/** The sum of a metric's series, in thousandths. */
export async function externalMetric(
  client: ApiClient,
  { namespace, metric, metricSelector }: CustomQuery,
): Promise<number> {
  const parameters = query({ labelSelector: textOf(metricSelector) });
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}${parameters}`;
  const items = await itemsOf<CustomValue>(client, path, 'external', `${metric}.external.metrics.k8s.io`);
  return items.reduce((total, { value }) => total + milli(value), 0);
}
