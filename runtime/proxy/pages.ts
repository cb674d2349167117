import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { toTime } from '../../api/clock.ts';
import type { Connection } from '../network/network.ts';
import type { ServiceTable } from './service-table.ts';
import type { ProxyMode } from './translation.ts';

export const healthzPort = 10_256;
export const metricsPort = 10_249;

export interface PagesDeps {
  readonly table: ServiceTable;
  readonly mode: ProxyMode;
  now(): number;
  /** Whether load balancers may send to the node. */
  isEligible(node: string): boolean;
  hasSynced(): boolean;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const text = 'text/plain; charset=utf-8';
const json = 'application/json';
const notFound: Page = { status: 404, type: text, text: '404 page not found\n' };

/** Distinct addresses on the node that are ready. */
function localEndpoints(table: ServiceTable, service: string, node: string): number {
  const ips = new Set<string>();
  for (const port of table.get(service)?.ports ?? [])
    for (const endpoint of port.endpoints()) if (endpoint.isReady && endpoint.node === node) ips.add(endpoint.ip);
  return ips.size;
}

function serviceHealth({ table, hasSynced }: PagesDeps, key: string, node: string): Page {
  const count = localEndpoints(table, key, node);
  const isHealthy = hasSynced();
  const [namespace, name] = key.split('/');
  const body = { service: { namespace, name }, localEndpoints: count, serviceProxyHealthy: isHealthy };
  return {
    status: count > 0 && isHealthy ? 200 : 503,
    type: json,
    text: JSON.stringify(body, undefined, '\t'),
    headers: { 'x-load-balancing-endpoint-weight': String(count) },
  };
}

function healthPage({ isEligible, hasSynced, now }: PagesDeps, node: string, path: string): Page {
  if (path !== '/healthz' && path !== '/livez') return notFound;
  const nodeEligible = isEligible(node);
  const isHealthy = hasSynced() && (path === '/livez' || nodeEligible);
  const time = toTime(now());
  const body = { lastUpdated: time, currentTime: time, healthy: hasSynced() };
  return {
    status: isHealthy ? 200 : 503,
    type: json,
    text: JSON.stringify(path === '/livez' ? body : { ...body, nodeEligible }),
  };
}

function metricsPage({ mode, table }: PagesDeps, path: string): Page {
  if (path === '/proxyMode') return { status: 200, type: text, text: mode };
  if (path === '/healthz') return { status: 200, type: text, text: 'ok' };
  if (path !== '/metrics') return notFound;
  const services = [...table.services()].length;
  const lines = [
    '# HELP kubefacade_proxy_services Services that the proxy knows.',
    '# TYPE kubefacade_proxy_services gauge',
    `kubefacade_proxy_services ${services}`,
  ];
  return { status: 200, type: text, text: `${lines.join('\n')}\n` };
}

/** What a proxy serves at its node: its own health and that of Services whose balancers ask. */
export function createPages(
  deps: PagesDeps,
): (node: string, port: number) => ((connection: Connection) => void) | undefined {
  const answer = (page: (path: string) => Page): ((connection: Connection) => void) => {
    const server = createServer((req: IncomingMessage, res: ServerResponse) => {
      const { status, type, text: body, headers } = page(new URL(req.url ?? '/', 'http://node').pathname);
      res.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff', ...headers }).end(body);
    });
    return ({ stream }) => void server.emit('connection', stream);
  };
  return (node, port) => {
    if (port === healthzPort) return answer((path) => healthPage(deps, node, path));
    if (port === metricsPort) return answer((path) => metricsPage(deps, path));
    const key = deps.table.atHealthCheckNodePort(port);
    return key === undefined ? undefined : answer(() => serviceHealth(deps, key, node));
  };
}
