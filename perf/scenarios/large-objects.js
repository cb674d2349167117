// @ts-check
// Creates, reads and deletes config maps of 1 MB.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';

const target = __ENV.TARGET;
const vus = Number(__ENV.VUS || 16);

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
const params = { headers, timeout: '120s' };
const json = { headers: { 'Content-Type': 'application/json', ...headers }, timeout: '120s' };
// 1,000,000 bytes of the 1,048,576 that are allowed, in ten keys.
const data = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`part-${i}`, String(i).repeat(100_000)]));
const rest = `,"data":${JSON.stringify(data)}}`;

export default function () {
  const path = `${target}/api/v1/namespaces/perf-create/configmaps`;
  const name = `large-${__ENV.RUN || '0'}-${__VU}-${__ITER}`;
  http.post(path, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}${rest}`, json);
  http.get(`${path}/${name}`, params);
  http.del(`${path}/${name}`, null, params);
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
