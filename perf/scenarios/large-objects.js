// @ts-check
// Creates, reads and deletes config maps of 1 MB.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { headers, run, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

const params = { headers, timeout: '120s' };
const json = { headers: { 'Content-Type': 'application/json', ...headers }, timeout: '120s' };
// 1,000,000 bytes of the 1,048,576 that are allowed, in ten keys.
const data = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`part-${i}`, String(i).repeat(100_000)]));
const rest = `,"data":${JSON.stringify(data)}}`;

export default function () {
  const path = `${target}/api/v1/namespaces/perf-create/configmaps`;
  const name = `large-${run}-${__VU}-${__ITER}`;
  http.post(path, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}${rest}`, json);
  http.get(`${path}/${name}`, params);
  http.del(`${path}/${name}`, null, params);
}
