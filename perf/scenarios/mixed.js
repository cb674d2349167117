// @ts-check
// Of twenty requests: 14 read a pod, two list the pods of a node, two patch, one creates, and one deletes what was created.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { json, ownPod, params, podName, pods, run, sending, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

const nodes = Math.ceil(pods / 30);

const merge = sending('application/merge-patch+json');

const body = (/** @type {string} */ name) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'perf', run } },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  });

export default function () {
  const base = `${target}/api/v1/namespaces`;
  const step = __ITER % 20;
  const created = `mixed-${run}-${__VU}-${Math.floor(__ITER / 20)}`;
  if (step === 4 || step === 14) {
    const name = podName(ownPod());
    const annotations = { 'example.com/turn': `${run}-${__ITER}` };
    http.patch(`${base}/perf/pods/${name}`, JSON.stringify({ metadata: { annotations } }), merge);
  } else if (step === 7 || step === 17) {
    const node = `node-${Math.floor(Math.random() * nodes)}`;
    http.get(`${target}/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`, params);
  } else if (step === 9) {
    http.post(`${base}/perf-create/pods`, body(created), json);
  } else if (step === 19) {
    http.del(`${base}/perf-create/pods/${created}?gracePeriodSeconds=0`, null, params);
  } else {
    http.get(`${base}/perf/pods/${podName(Math.floor(Math.random() * pods))}`, params);
  }
}
