// @ts-check
// Lists the first page of 500 pods.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { params, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

export default function () {
  http.get(`${target}/api/v1/namespaces/perf/pods?limit=500`, params);
}
