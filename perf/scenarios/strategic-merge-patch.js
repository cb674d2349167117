// @ts-check
// Changes the image of a container, found by its name; every client has pods of its own, so nothing conflicts.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { ownPod, podName, run, sending, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

const params = sending('application/strategic-merge-patch+json');

export default function () {
  const name = podName(ownPod());
  const image = `registry.k8s.io/pause:3.10-${run}-${__ITER}`;
  http.patch(
    `${target}/api/v1/namespaces/perf/pods/${name}`,
    JSON.stringify({ spec: { containers: [{ name: 'main', image }] } }),
    params,
  );
}
