// @ts-check
// Creates a Deployment of REPLICAS pods and waits until all are ready, then deletes it and waits until its pods are gone.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique), REPLICAS.
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const target = __ENV.TARGET;
const replicas = Number(__ENV.REPLICAS || 100);
const whole = new Trend('whole', true);
const failures = new Counter('failures');

/** @type {import('k6/options').Options} */
export const options = {
  // A turn is one scale-up: it lasts as long as it lasts.
  scenarios: { scale: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '300s' } },
  insecureSkipTLSVerify: true,
  discardResponseBodies: true,
  // Every tag and check costs the clients processor time that the server then lacks.
  systemTags: ['status'],
  summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'],
  ...(__ENV.CERT ? { tlsAuth: [{ cert: open(__ENV.CERT), key: open(__ENV.KEY) }] } : {}),
};
/** @type {{ [name: string]: string }} */
const headers = __ENV.TOKEN ? { Authorization: `Bearer ${__ENV.TOKEN}` } : {};
const json = { headers: { 'Content-Type': 'application/json', ...headers } };
const params = { headers, responseType: /** @type {'text'} */ ('text') };

/** @param {() => boolean} isTrue */
function until(isTrue) {
  for (let tries = 0; tries < 2400; tries += 1) {
    if (isTrue()) return true;
    sleep(0.05);
  }
  return false;
}

export default function () {
  const name = `scale-${__ENV.RUN || '0'}-${__ITER}`;
  const path = `${target}/apis/apps/v1/namespaces/perf-create/deployments`;
  const pods = `${target}/api/v1/namespaces/perf-create/pods?limit=1&labelSelector=app%3D${name}`;
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }];
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
  const begin = Date.now();
  const created = http.post(path, JSON.stringify(deployment), json).status === 201;
  const ready = () => /** @type {any} */ (http.get(`${path}/${name}`, params).json()).status?.readyReplicas === replicas;
  if (created && until(ready)) whole.add(Date.now() - begin);
  else failures.add(1);
  http.del(`${path}/${name}?propagationPolicy=Background`, null, params);
  until(() => /** @type {any} */ (http.get(pods, params).json()).items.length === 0);
}

/** @param {any} data */
export function handleSummary(data) {
  const { whole: whole, failures } = data.metrics;
  const seconds = data.state.testRunDurationMs / 1000;
  const [requests, failed] = [whole ? whole.values.count : 0, failures ? failures.values.count : 0];
  const times = whole ? whole.values : { med: 0, 'p(95)': 0, 'p(99)': 0, max: 0 };
  const summary = { requests, rate: requests / seconds, failed: failed / Math.max(1, requests + failed), ...times };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
