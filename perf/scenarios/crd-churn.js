// @ts-check
// Creates custom resource definitions, waits until their resources are served, creates and lists one object, and deletes all again.
// Environment: TARGET (https://host:port), TOKEN or CERT and KEY (file names), VUS, DURATION, PODS (how many are preloaded), RUN (unique).
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const target = __ENV.TARGET;
// More would wait for each other's processor.
const vus = Math.min(4, Number(__ENV.VUS || 16));
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
const params = { headers, responseType: /** @type {'text'} */ ('text') };
const json = { headers: { 'Content-Type': 'application/json', ...headers } };

/** @param {string} plural @param {string} kind */
const definition = (plural, kind) =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.perf.example.com` },
    spec: {
      group: 'perf.example.com',
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', properties: { size: { type: 'integer', minimum: 0 } } } },
            },
          },
        },
      ],
    },
  });

/** @param {string} path @param {number} wanted */
function until(path, wanted) {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (http.get(path, params).status === wanted) return true;
    sleep(0.01);
  }
  return false;
}

export default function () {
  const kind = `K${__ENV.RUN || '0'}v${__VU}i${__ITER}`.replace(/[^A-Za-z0-9]/g, '');
  const plural = `${kind.toLowerCase()}s`;
  const definitions = `${target}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`;
  const objects = `${target}/apis/perf.example.com/v1/namespaces/perf-create/${plural}`;
  const begin = Date.now();
  const created = http.post(definitions, definition(plural, kind), json).status === 201 && until(objects, 200);
  const object = { apiVersion: 'perf.example.com/v1', kind, metadata: { name: 'one' }, spec: { size: 1 } };
  const used = created && http.post(objects, JSON.stringify(object), json).status === 201;
  const listed = used && http.get(objects, params).status === 200;
  const deleted = http.del(`${definitions}/${plural}.perf.example.com`, null, params).status === 200;
  const gone = deleted && until(`${definitions}/${plural}.perf.example.com`, 404);
  if (listed && gone) whole.add(Date.now() - begin);
  else failures.add(1);
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
