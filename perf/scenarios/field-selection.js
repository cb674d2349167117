// @ts-check
// Lists the pods of one node at random, as a kubelet that starts.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';

const target = __ENV.TARGET;
const vus = Number(__ENV.VUS || 16);
const pods = Number(__ENV.PODS || 7500);
// The preload gives every node 30 pods.
const nodes = Math.ceil(pods / 30);

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

export default function () {
  const node = `node-${Math.floor(Math.random() * nodes)}`;
  http.get(`${target}/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`, params);
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
