// @ts-check
// Starts informers as clients of the classic kind do: a list of all pods, then a watch from its revision until that is open.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { headers, target } from './shared/load.js';
import { openWatch } from './shared/open-watch.js';
import { failures, fewClients, whole, wholeSettings } from './shared/whole.js';

export { handleSummary } from './shared/whole.js';

/** @type {import('k6/options').Options} */
export const options = { vus: fewClients, duration: __ENV.DURATION || '10s', ...wholeSettings };
const params = { headers, responseType: /** @type {'text'} */ ('text'), timeout: '120s' };

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
