// @ts-check
// Creates custom resource definitions, waits until their resources are served, creates and lists one object, and deletes all again.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { sleep } from 'k6';
import { headers, json, run, target } from './shared/load.js';
import { failures, fewClients, whole, wholeSettings } from './shared/whole.js';

export { handleSummary } from './shared/whole.js';

/** @type {import('k6/options').Options} */
export const options = { vus: fewClients, duration: __ENV.DURATION || '10s', ...wholeSettings };
const params = { headers, responseType: /** @type {'text'} */ ('text') };

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
  const kind = `K${run}v${__VU}i${__ITER}`.replace(/[^A-Za-z0-9]/g, '');
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
