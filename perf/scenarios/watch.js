// @ts-check
// One writer changes pods of a namespace at a steady pace; WATCHERS sockets watch it. Measured: from the write acknowledged to the event
// seen, for every watcher and write. An event that overtakes its acknowledgement counts 0. Clocks: 1 ms for the write, the socket’s reader for events.
// Environment: as shared/load.js says, and WATCHERS, WRITES (a second).
import http from 'k6/http';
import { Trend } from 'k6/metrics';
import { clearInterval, setInterval, setTimeout } from 'k6/timers';
import { headers, podName, pods, run, sending, target } from './shared/load.js';
import { openWatch } from './shared/open-watch.js';
import { failures, wholeSettings } from './shared/whole.js';

const watchers = Number(__ENV.WATCHERS || 100);
const writesPerSecond = Number(__ENV.WRITES || 10);
const seconds = parseFloat(__ENV.DURATION || '10s');
const latency = new Trend('latency', true);
const writing = new Trend('writing', true);

/** @type {import('k6/options').Options} */
export const options = {
  // One client holds all sockets and writes, so that all times are of one clock.
  scenarios: { watch: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '180s' } },
  ...wholeSettings,
};
const params = sending('application/merge-patch+json');

/** @param {string} text */
const markOf = (text) => /"example\.com\/mark":"([^"]+)"/.exec(text)?.[1];

export default function () {
  const list = http.get(`${target}/api/v1/namespaces/perf/pods?limit=1`, { headers, responseType: 'text' });
  const { resourceVersion } = /** @type {any} */ (list.json()).metadata;
  /** @type {Map<string, { acknowledged?: number, seen: number[] }>} */
  const writes = new Map();
  /** @type {ReturnType<typeof openWatch>[]} */
  const sockets = [];
  let [open, finished] = [0, false];
  const finish = () => {
    if (finished) return;
    finished = true;
    for (const { acknowledged, seen } of writes.values()) {
      if (acknowledged !== undefined) for (const time of seen) latency.add(Math.max(0, time - acknowledged));
      failures.add(acknowledged === undefined ? watchers : Math.max(0, watchers - seen.length));
    }
    for (const socket of sockets) socket.close();
  };
  const write = (/** @type {number} */ count) => {
    const mark = `${run}-${count}`;
    const record = { seen: /** @type {number[]} */ ([]) };
    writes.set(mark, record);
    const begin = Date.now();
    const name = podName(count % pods);
    const body = JSON.stringify({ metadata: { annotations: { 'example.com/mark': mark } } });
    http.asyncRequest('PATCH', `${target}/api/v1/namespaces/perf/pods/${name}`, body, params).then((answer) => {
      const { blocked, connecting, tls_handshaking: handshake, duration } = answer.timings;
      // From the parts, since this callback may wait behind events.
      if (answer.status === 200) Object.assign(record, { acknowledged: begin + blocked + connecting + handshake + duration });
    });
  };
  const start = () => {
    let count = 0;
    const begin = Date.now();
    const timer = setInterval(() => {
      write((count += 1));
      if (Date.now() - begin < seconds * 1000) return;
      clearInterval(timer);
      writing.add(Date.now() - begin);
      setTimeout(finish, 2000);
    }, 1000 / writesPerSecond);
  };
  for (let i = 0; i < watchers; i += 1) {
    const socket = openWatch(`/api/v1/namespaces/perf/pods?watch=true&resourceVersion=${resourceVersion}`);
    socket.onopen = () => {
      open += 1;
      if (open === watchers) start();
    };
    socket.onmessage = (event) => {
      if (event === undefined || typeof event.data !== 'string') return;
      const record = writes.get(markOf(event.data) ?? '');
      if (record !== undefined) record.seen.push(event.timestamp);
    };
    socket.onerror = () => {
      if (finished) return;
      failures.add(1);
      finish();
    };
    sockets.push(socket);
  }
}

/** @param {any} data */
export function handleSummary(data) {
  const { latency: seen, writing: time, failures: lost } = data.metrics;
  const [requests, failed] = [seen ? seen.values.count : 0, lost ? lost.values.count : 0];
  const times = seen ? seen.values : { med: 0, 'p(95)': 0, 'p(99)': 0, max: 0 };
  const rate = time ? requests / (time.values.max / 1000) : 0;
  const { med, max, 'p(95)': p95, 'p(99)': p99 } = times;
  const summary = { requests, rate, failed: failed / Math.max(1, requests + failed), med, 'p(95)': p95, 'p(99)': p99, max };
  return { stdout: `${JSON.stringify(summary)}\n` };
}
