// @ts-check
// Writes the status of pods as a kubelet does when it changes; every client has pods of its own, so nothing conflicts.
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
const params = { headers: { 'Content-Type': 'application/json', ...headers } };

/** @param {number} index @param {number} restarts */
function withStatus(index, restarts) {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const condition = (/** @type {string} */ type) => ({ type, status: 'True', lastTransitionTime: now });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    // An update of the status takes labels and annotations too: these are the ones the pod has.
    metadata: {
      name: podName(index),
      labels: { app: 'perf', tenth: String(index % 10), shard: String(index % 97) },
      annotations: { 'example.com/purpose': 'performance' },
    },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
    status: {
      phase: 'Running',
      podIP: '10.244.0.9',
      podIPs: [{ ip: '10.244.0.9' }],
      startTime: now,
      conditions: ['Initialized', 'PodScheduled', 'ContainersReady', 'Ready'].map(condition),
      containerStatuses: [
        {
          name: 'main',
          image: 'registry.k8s.io/pause:3.10',
          imageID: 'registry.k8s.io/pause@sha256:0',
          ready: true,
          restartCount: restarts,
          state: { running: { startedAt: now } },
        },
      ],
    },
  });
}

export default function () {
  const own = Math.max(1, Math.floor(pods / vus));
  const index = (__VU - 1) * own + (__ITER % own);
  http.put(`${target}/api/v1/namespaces/perf/pods/${podName(index)}/status`, withStatus(index, __ITER), params);
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
