// @ts-check
// Reads single pods at random.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { params, podName, pods, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

export default function () {
  const name = podName(Math.floor(Math.random() * pods));
  http.get(`${target}/api/v1/namespaces/perf/pods/${name}`, params);
}
