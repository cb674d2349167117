// @ts-check
// What all scenarios have in common: who asks what, how much of it, and what is said of it in the end.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (absolute names of files), VUS, DURATION, PODS (how many are preloaded), RUN (unique).

export const target = __ENV.TARGET;
export const vus = Number(__ENV.VUS || 16);
export const pods = Number(__ENV.PODS || 7500);
/** In the names of what is made. */
export const run = __ENV.RUN || '0';

/** @type {{ [name: string]: string }} */
export const headers = __ENV.TOKEN ? { Authorization: `Bearer ${__ENV.TOKEN}` } : {};
export const params = { headers };
/** @param {string} contentType */
export const sending = (contentType) => ({ headers: { 'Content-Type': contentType, ...headers } });
export const json = sending('application/json');

/** What k6 is told besides how much it shall do. */
export const settings = {
  insecureSkipTLSVerify: true,
  discardResponseBodies: true,
  // Every tag and check costs the clients processor time that the server then lacks.
  systemTags: /** @type {['status']} */ (['status']),
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  ...(__ENV.CERT ? { tlsAuth: [{ cert: open(__ENV.CERT), key: open(__ENV.KEY) }] } : {}),
};

/** @type {import('k6/options').Options} */
export const options = { vus, duration: __ENV.DURATION || '10s', ...settings };

/** @param {number} index */
export function podName(index) {
  return `pod-${String(index).padStart(5, '0')}`;
}

/** The number of a preloaded pod that no other client writes. */
export function ownPod() {
  const own = Math.max(1, Math.floor(pods / vus));
  return (__VU - 1) * own + (__ITER % own);
}

/** @param {any} data */
export function handleSummary(data) {
  const { http_reqs: requests, http_req_duration: duration, http_req_failed: failed } = data.metrics;
  const summary = { requests: requests.values.count, rate: requests.values.rate, failed: failed.values.rate, ...duration.values };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
