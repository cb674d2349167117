// @ts-check
// Creates pods, waits until they run, deletes them, waits until they are gone: one after the other in every client.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { clearTimeout, setTimeout } from 'k6/timers';
import { json, params, run, target, vus } from './shared/load.js';
import { openWatch } from './shared/open-watch.js';
import { failures, whole, wholeSettings } from './shared/whole.js';

export { handleSummary } from './shared/whole.js';

/** @type {import('k6/options').Options} */
export const options = { vus, duration: __ENV.DURATION || '10s', ...wholeSettings };

export default function () {
  const name = `churn-${run}-${__VU}-${__ITER}`;
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
