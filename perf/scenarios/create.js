// @ts-check
// Creates pods, each with a name of its own.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { json, run, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

/** @param {string} name */
function pod(name) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'perf', run }, annotations: { 'example.com/purpose': 'performance' } },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'registry.k8s.io/pause:3.10',
          env: [{ name: 'MODE', value: 'perf' }],
          ports: [{ containerPort: 8080, name: 'http' }],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  });
}

export default function () {
  http.post(
    `${target}/api/v1/namespaces/perf-create/pods`,
    pod(`created-${run}-${__VU}-${__ITER}`),
    json,
  );
}
