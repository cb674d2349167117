// @ts-check
// Starts informers as clients of the streaming kind do: a watch that sends what there is, until the bookmark that ends it.
// Environment: as shared/load.js says.
import { pods } from './shared/load.js';
import { openWatch } from './shared/open-watch.js';
import { failures, fewClients, whole, wholeSettings } from './shared/whole.js';

export { handleSummary } from './shared/whole.js';

/** @type {import('k6/options').Options} */
export const options = { vus: fewClients, duration: __ENV.DURATION || '10s', ...wholeSettings };

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
