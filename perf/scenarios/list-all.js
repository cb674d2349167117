// @ts-check
// Lists all pods of the namespace in one answer.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { headers, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

const params = { headers, timeout: '120s' };

export default function () {
  http.get(`${target}/api/v1/namespaces/perf/pods`, params);
}
