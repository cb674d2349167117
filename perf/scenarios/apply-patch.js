// @ts-check
// Applies a label to pods; every client has pods of its own, so nothing conflicts.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { ownPod, podName, run, sending, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

const params = sending('application/apply-patch+yaml');

export default function () {
  const name = podName(ownPod());
  http.patch(
    `${target}/api/v1/namespaces/perf/pods/${name}?fieldManager=perf&force=true`,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'perf', labels: { turn: `${run}-${__ITER}` } },
    }),
    params,
  );
}
