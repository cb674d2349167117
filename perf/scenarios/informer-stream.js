// @ts-check
// Starts informers as clients of the streaming kind do: a watch that sends what there is, until the bookmark that ends it.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import { Counter, Trend } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';

const target = __ENV.TARGET;
// More would wait for each other's processor.
const vus = Math.min(4, Number(__ENV.VUS || 16));
const pods = Number(__ENV.PODS || 7500);
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

/** @param {string} path */
function openWatch(path) {
  // kube-apiserver wants an Origin.
  const socket = new WebSocket(`${target.replace(/^http/, 'ws')}${path}`, null, { headers: { Origin: target, ...headers } });
  socket.binaryType = 'arraybuffer';
  return socket;
}

export default function () {
  const begin = Date.now();
  const query = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const socket = openWatch(`/api/v1/namespaces/perf/pods?${query}`);
  let [events, ended] = [0, false];
  socket.onmessage = (event) => {
    if (event === undefined || typeof event.data !== 'string') return;
    if (!event.data.startsWith('{"type":"BOOKMARK"')) {
      events += 1;
      return;
    }
    if (!event.data.includes('k8s.io/initial-events-end')) return;
    ended = true;
    if (events >= pods) whole.add(Date.now() - begin);
    else failures.add(1);
    socket.close();
  };
  socket.onclose = () => {
    if (!ended) failures.add(1);
  };
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
