import type { NodeResponse } from '../../../api/streams/node-connection.ts';
import type { Family } from '../statistics/metric-text.ts';
import { noPage, page, textType, unsniffed } from './page.ts';

const checks = ['ping', 'log', 'syncloop'];

/** `/healthz` and what is below: a kubelet that answers is well. */
export function healthPage(name: string, query: URLSearchParams): NodeResponse {
  if (name !== '') return checks.includes(name) ? page(200, 'ok') : noPage();
  if (!query.has('verbose')) return page(200, 'ok', textType, unsniffed);
  return page(200, `${checks.map((check) => `[+]${check} ok\n`).join('')}healthz check passed\n`, textType, unsniffed);
}

/** `/metrics/slis`. */
export function healthMetrics(): Family[] {
  const samples = checks.map((name) => ({ labels: { name, type: 'healthz' }, value: 1 }));
  const help = '[STABLE] This metric records the result of a single healthcheck.';
  return [{ name: 'kubernetes_healthcheck', help, type: 'gauge', samples }];
}
