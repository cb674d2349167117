// @ts-check
// Creates pods, waits until they run, deletes them, waits until they are gone: one after the other in every client.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { clearTimeout, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';

const target = __ENV.TARGET;
const vus = Number(__ENV.VUS || 16);
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
const json = { headers: { 'Content-Type': 'application/json', ...headers } };
const params = { headers };

/** @param {string} path */
function openWatch(path) {
  // kube-apiserver wants an Origin.
  const socket = new WebSocket(`${target.replace(/^http/, 'ws')}${path}`, null, { headers: { Origin: target, ...headers } });
  socket.binaryType = 'arraybuffer';
  return socket;
}

export default function () {
  const name = `churn-${__ENV.RUN || '0'}-${__VU}-${__ITER}`;
  const path = '/api/v1/namespaces/perf-create/pods';
  const containers = [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { terminationGracePeriodSeconds: 1, containers } };
  const socket = openWatch(`${path}?watch=true&fieldSelector=metadata.name%3D${name}`);
  let [begin, isDeleting, isOver] = [0, false, false];
  const end = (/** @type {boolean} */ isFine) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (isFine) whole.add(Date.now() - begin);
    else failures.add(1);
    socket.close();
  };
  const timer = setTimeout(() => end(false), 30_000);
  socket.onopen = () => {
    begin = Date.now();
    http.asyncRequest('POST', `${target}${path}`, JSON.stringify(pod), json).then(({ status }) => {
      if (status !== 201) end(false);
    });
  };
  socket.onmessage = (event) => {
    const { type, object } = JSON.parse(String(event?.data));
    if (type === 'DELETED') end(true);
    else if (object.status?.phase === 'Running' && !isDeleting) {
      isDeleting = true;
      http.asyncRequest('DELETE', `${target}${path}/${name}`, null, params).then(({ status }) => {
        if (status >= 300) end(false);
      });
    }
  };
  socket.onclose = () => end(false);
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
