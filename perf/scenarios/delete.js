// @ts-check
// Deletes the pods that were made for it, until none is left.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique), STOCK (how many there are).
import http from 'k6/http';
import exec from 'k6/execution';

const target = __ENV.TARGET;
const vus = Number(__ENV.VUS || 16);
const stock = Number(__ENV.STOCK || 1000);

/** @type {import('k6/options').Options} */
export const options = {
  scenarios: {
    delete: { executor: 'shared-iterations', vus, iterations: stock, maxDuration: '120s' },
  },
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
  const name = `stock-${__ENV.RUN || '0'}-${exec.scenario.iterationInTest}`;
  http.del(`${target}/api/v1/namespaces/perf-create/pods/${name}?gracePeriodSeconds=0`, null, params);
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
