// @ts-check
// Lists the tenth of the pods that carries a label.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { params, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

export default function () {
  http.get(`${target}/api/v1/namespaces/perf/pods?labelSelector=tenth%3D${__ITER % 10}`, params);
}
