import { toTime } from '../../../api/clock.ts';
import { goQuote } from '../../../api/go-text.ts';
import { StatusError } from '../../../api/status.ts';
import type { NodeConnection, NodeRequest, NodeResponse } from '../../../api/streams/node-connection.ts';
import type { Pod } from '../pod-runtime.ts';
import { containerMetrics } from '../statistics/container-metrics.ts';
import { kubeletMetrics, probeMetrics } from '../statistics/kubelet-metrics.ts';
import { type Family, metricText, metricType } from '../statistics/metric-text.ts';
import { resourceMetrics } from '../statistics/resource-metrics.ts';
import { summaryOf } from '../statistics/summary.ts';
import { configurationOf } from './configuration.ts';
import { healthMetrics, healthPage } from './health.ts';
import { hostedPod, type KubeletHost } from './kubelet-host.ts';
import { logOptionsOf } from './log-options.ts';
import { nodeLogs } from './node-logs.ts';
import { jsonPage, noPage, type PageCall, page, slashMissing, textType, unsniffed } from './page.ts';

type Handler = (call: PageCall, parts: readonly string[]) => NodeResponse | Promise<NodeResponse>;

interface Route {
  readonly methods: readonly string[];
  /** Of the path's segments; `:` stands for any one, `*` for all that follow, none included. */
  readonly segments: readonly string[];
  readonly handler: Handler;
}

function route(methods: string, path: string, handler: Handler): Route {
  return { methods: methods.split(' '), segments: path.split('/').slice(1), handler };
}

function partsOf(segments: readonly string[], path: readonly string[]): string[] | undefined {
  const parts: string[] = [];
  for (const [index, segment] of segments.entries()) {
    if (segment === '*') return [...parts, path.slice(index).join('/')];
    const part = path[index];
    if (part === undefined) return undefined;
    if (segment === ':') parts.push(part);
    else if (segment !== part) return undefined;
  }
  return path.length === segments.length ? parts : undefined;
}

function podList(pods: readonly Readonly<Pod>[]): NodeResponse {
  const items = pods.map(({ apiVersion: _version, kind: _kind, ...pod }) => pod);
  return jsonPage({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: items.length === 0 ? null : items });
}

/** As the container runtime knows it: no more than names and images. */
function runningPod({ metadata, spec }: Readonly<Pod>, names: ReadonlySet<string>): Pod {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
    .filter((one) => names.has(one.name ?? ''))
    .map((one) => ({ name: one.name ?? '', image: one.image ?? '', resources: {} }));
  return { metadata: { name, namespace, uid }, spec: { containers }, status: {} };
}

/** For people: not to be read by machines. */
function statusText({ startedAt, clock, kubeletVersion }: KubeletHost): string {
  const seconds = Math.floor((clock.now() - startedAt) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return [
    '',
    'kubelet statusz',
    'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.',
    '',
    `Started  ${toTime(startedAt)}`,
    `Up  ${hours} hr ${two(minutes)} min ${two(seconds % 60)} sec`,
    `Binary version  ${kubeletVersion.replace(/^v/, '')}`,
    'Paths  /configz /healthz /metrics',
    '',
  ].join('\n');
}

/** Their pages are below. */
const withSlash = new Set(['logs', 'runningpods', 'stats']);

/** A kubelet's own pages. */
export function createPages(
  host: KubeletHost,
  connection: Pick<NodeConnection, 'logs'>,
): (request: NodeRequest) => Promise<NodeResponse> {
  const metrics = (families: () => readonly Family[]): Handler => {
    const started = { 'process-start-time-unix': String(Math.floor(host.startedAt / 1000)) };
    return () => page(200, metricText(families()), metricType, started);
  };

  const containerLogs: Handler = async ({ request, query }, [namespace = '', pod = '', container = '']) => {
    const options = logOptionsOf(query);
    if (options === undefined) return page(422, '{"message": "Invalid request."}');
    const found = hostedPod(host, namespace, pod)?.pod ?? host.knownPod(namespace, pod);
    if (found === undefined) return page(404, `pod ${goQuote(pod)} does not exist`);
    try {
      const body = await connection.logs({ namespace, pod, container }, options, request.signal);
      return { status: 200, headers: { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' }, body };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason !== 'NotFound') return page(error.code, error.message);
      return page(404, `container ${goQuote(container)} not found in pod ${goQuote(pod)}`);
    }
  };

  const checkpoint: Handler = (_, [namespace = '', pod = '', container = '']) => {
    const hosted = hostedPod(host, namespace, pod);
    if (hosted === undefined) return page(404, 'pod does not exist');
    if (hosted.pod.spec?.containers?.every(({ name }) => name !== container) === true)
      return page(404, `container ${container} does not exist`);
    return page(
      500,
      `checkpointing of ${namespace}/${pod}/${container} failed (rpc error: code = Unimplemented desc = method CheckpointContainer not implemented)`,
    );
  };

  const routes: readonly Route[] = [
    route('GET', '/healthz/*', ({ query }, [name = '']) => healthPage(name, query)),
    route('GET', '/pods/*', (_, [rest]) => {
      return rest === ''
        ? podList([...host.hostedPods()].map((one) => ({ ...one.pod, status: one.status() })))
        : noPage();
    }),
    route('GET', '/runningpods/*', (_, [rest]) => {
      if (rest !== '') return noPage();
      const pods = [...host.hostedPods()].map((hosted) => ({
        pod: hosted.pod,
        names: new Set(hosted.containers().flatMap((one) => (one.running === undefined ? [] : (one.spec.name ?? [])))),
      }));
      return podList(pods.filter(({ names }) => names.size > 0).map(({ pod, names }) => runningPod(pod, names)));
    }),
    route('GET', '/statusz', () => page(200, statusText(host))),
    route('GET', '/configz', () => jsonPage({ kubeletconfig: configurationOf(host) }, unsniffed)),
    route('GET POST', '/stats/summary', ({ query }) => {
      return jsonPage(summaryOf(host, query.get('only_cpu_and_memory') === 'true'));
    }),
    route(
      'GET',
      '/metrics',
      metrics(() => kubeletMetrics(host)),
    ),
    route(
      'GET',
      '/metrics/cadvisor',
      metrics(() => containerMetrics(host)),
    ),
    route(
      'GET',
      '/metrics/resource',
      metrics(() => resourceMetrics(host)),
    ),
    route(
      'GET',
      '/metrics/probes',
      metrics(() => probeMetrics(host)),
    ),
    route(
      'GET',
      '/metrics/slis',
      metrics(() => healthMetrics()),
    ),
    route('GET', '/containerLogs/:/:/:', containerLogs),
    route('GET', '/logs/*', (call, [path = '']) => nodeLogs(host, call, path)),
    route('POST', '/checkpoint/:/:/:', checkpoint),
  ];

  return async (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://kubelet');
    const call = { request, path: decodeURIComponent(pathname), query: searchParams };
    const path = call.path.split('/').slice(1);
    if (path.length === 1 && withSlash.has(path[0] ?? '')) return slashMissing(call.path);
    for (const { methods, segments, handler } of routes) {
      const parts = partsOf(segments, path);
      if (parts === undefined) continue;
      if (methods.includes(request.method)) return handler(call, parts);
      return page(405, '405: Method Not Allowed', textType, { allow: methods.join(', ') });
    }
    return noPage();
  };
}
