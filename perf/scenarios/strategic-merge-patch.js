// @ts-check
// Changes the image of a container, found by its name; every client has pods of its own, so nothing conflicts.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';

const target = __ENV.TARGET;
const vus = Number(__ENV.VUS || 16);
const pods = Number(__ENV.PODS || 7500);

/** @param {number} index */
function podName(index) {
  return `pod-${String(index).padStart(5, '0')}`;
}

/** @type {import('k6/options').Options} */
export const options = {
  vus,
  duration: __ENV.DURATION || '10s',
  insecureSkipTLSVerify: true,
  discardResponseBodies: true,
  // Every tag and check costs the clients processor time that the server then lacks.
  systemTags: ['status'],
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  ...(__ENV.CERT ? { tlsAuth: [{ cert: open(__ENV.CERT), key: open(__ENV.KEY) }] } : {}),
};
/** @type {{ [name: string]: string }} */
const headers = __ENV.TOKEN ? { Authorization: `Bearer ${__ENV.TOKEN}` } : {};
const params = { headers: { 'Content-Type': 'application/strategic-merge-patch+json', ...headers } };

export default function () {
  const own = Math.max(1, Math.floor(pods / vus));
  const name = podName((__VU - 1) * own + (__ITER % own));
  const image = `registry.k8s.io/pause:3.10-${__ENV.RUN || '0'}-${__ITER}`;
  http.patch(
    `${target}/api/v1/namespaces/perf/pods/${name}`,
    JSON.stringify({ spec: { containers: [{ name: 'main', image }] } }),
    params,
  );
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
