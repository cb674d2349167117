// @ts-check
// Creates a Deployment of REPLICAS pods and waits until all are ready, then deletes it and waits until its pods are gone.
// Environment: as shared/load.js says, and REPLICAS.
import http from 'k6/http';
import { sleep } from 'k6';
import { headers, json, run, target } from './shared/load.js';
import { failures, whole, wholeSettings } from './shared/whole.js';

export { handleSummary } from './shared/whole.js';

const replicas = Number(__ENV.REPLICAS || 100);

/** @type {import('k6/options').Options} */
export const options = {
  // A turn is one scale-up: it lasts as long as it lasts.
  scenarios: { scale: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '300s' } },
  ...wholeSettings,
};
const params = { headers, responseType: /** @type {'text'} */ ('text') };

/** @param {() => boolean} isTrue */
function until(isTrue) {
  for (let tries = 0; tries < 2400; tries += 1) {
    if (isTrue()) return true;
    sleep(0.05);
  }
  return false;
}

export default function () {
  const name = `scale-${run}-${__ITER}`;
  const path = `${target}/apis/apps/v1/namespaces/perf-create/deployments`;
  const pods = `${target}/api/v1/namespaces/perf-create/pods?limit=1&labelSelector=app%3D${name}`;
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }];
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
  const begin = Date.now();
  const created = http.post(path, JSON.stringify(deployment), json).status === 201;
  const ready = () => /** @type {any} */ (http.get(`${path}/${name}`, params).json()).status?.readyReplicas === replicas;
  if (created && until(ready)) whole.add(Date.now() - begin);
  else failures.add(1);
  http.del(`${path}/${name}?propagationPolicy=Background`, null, params);
  until(() => /** @type {any} */ (http.get(pods, params).json()).items.length === 0);
}
