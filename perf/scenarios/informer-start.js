// @ts-check
// Starts informers as clients of the classic kind do: a list of all pods, then a watch from its revision until that is open.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';

const target = __ENV.TARGET;
// More would wait for each other's processor.
const vus = Math.min(4, Number(__ENV.VUS || 16));
const whole = new Trend('whole', true);
const failures = new Counter('failures');

/** @type {import('k6/options').Options} */
export const options = {
  vus,
  duration: __ENV.DURATION || '10s',
  insecureSkipTLSVerify: true,
  discardResponseBodies: true,
  // Every tag and check costs the clients processor time that the server then lacks.
  systemTags: ['status'],
  summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'],
  ...(__ENV.CERT ? { tlsAuth: [{ cert: open(__ENV.CERT), key: open(__ENV.KEY) }] } : {}),
};
/** @type {{ [name: string]: string }} */
const headers = __ENV.TOKEN ? { Authorization: `Bearer ${__ENV.TOKEN}` } : {};
const params = { headers, responseType: /** @type {'text'} */ ('text'), timeout: '120s' };

/** @param {string} path */
function openWatch(path) {
  // kube-apiserver wants an Origin.
  const socket = new WebSocket(`${target.replace(/^http/, 'ws')}${path}`, null, { headers: { Origin: target, ...headers } });
  socket.binaryType = 'arraybuffer';
  return socket;
}

export default function () {
  const begin = Date.now();
  const list = http.get(`${target}/api/v1/namespaces/perf/pods?resourceVersion=0`, params);
  // The list's own metadata comes first, in either server.
  const revision = /"resourceVersion":"(\d+)"/.exec(/** @type {string} */ (list.body).slice(0, 300))?.[1];
  if (list.status !== 200 || revision === undefined) {
    failures.add(1);
    return;
  }
  const socket = openWatch(`/api/v1/namespaces/perf/pods?watch=true&allowWatchBookmarks=true&resourceVersion=${revision}`);
  socket.onopen = () => {
    whole.add(Date.now() - begin);
    socket.close();
  };
  socket.onerror = () => failures.add(1);
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
