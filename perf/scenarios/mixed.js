// @ts-check
// Of twenty requests: 14 read a pod, two list the pods of a node, two patch, one creates, and one deletes what was created.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';

const target = __ENV.TARGET;
const vus = Number(__ENV.VUS || 16);
const pods = Number(__ENV.PODS || 7500);
const nodes = Math.ceil(pods / 30);

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
const params = { headers };
const json = { headers: { 'Content-Type': 'application/json', ...headers } };
const merge = { headers: { 'Content-Type': 'application/merge-patch+json', ...headers } };

const body = (/** @type {string} */ name) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'perf', run: __ENV.RUN || '0' } },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  });

export default function () {
  const base = `${target}/api/v1/namespaces`;
  const step = __ITER % 20;
  const created = `mixed-${__ENV.RUN || '0'}-${__VU}-${Math.floor(__ITER / 20)}`;
  if (step === 4 || step === 14) {
    const own = Math.max(1, Math.floor(pods / vus));
    const name = podName((__VU - 1) * own + (__ITER % own));
    const annotations = { 'example.com/turn': `${__ENV.RUN || '0'}-${__ITER}` };
    http.patch(`${base}/perf/pods/${name}`, JSON.stringify({ metadata: { annotations } }), merge);
  } else if (step === 7 || step === 17) {
    const node = `node-${Math.floor(Math.random() * nodes)}`;
    http.get(`${target}/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`, params);
  } else if (step === 9) {
    http.post(`${base}/perf-create/pods`, body(created), json);
  } else if (step === 19) {
    http.del(`${base}/perf-create/pods/${created}?gracePeriodSeconds=0`, null, params);
  } else {
    http.get(`${base}/perf/pods/${podName(Math.floor(Math.random() * pods))}`, params);
  }
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
