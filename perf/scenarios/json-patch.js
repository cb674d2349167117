// @ts-check
// Changes an annotation of pods by JSON patch; every client has pods of its own, so nothing conflicts.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { ownPod, podName, run, sending, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

const params = sending('application/json-patch+json');

export default function () {
  const name = podName(ownPod());
  http.patch(
    `${target}/api/v1/namespaces/perf/pods/${name}`,
    JSON.stringify([
      { op: 'test', path: '/metadata/labels/app', value: 'perf' },
      { op: 'add', path: '/metadata/annotations/example.com~1turn', value: `${run}-${__ITER}` },
    ]),
    params,
  );
}
