// @ts-check
// Writes the status of pods as a kubelet does when it changes; every client has pods of its own, so nothing conflicts.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { json, ownPod, podName, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

/** @param {number} index @param {number} restarts */
function withStatus(index, restarts) {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const condition = (/** @type {string} */ type) => ({ type, status: 'True', lastTransitionTime: now });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    // An update of the status takes labels and annotations too: these are the ones the pod has.
    metadata: {
      name: podName(index),
      labels: { app: 'perf', tenth: String(index % 10), shard: String(index % 97) },
      annotations: { 'example.com/purpose': 'performance' },
    },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
    status: {
      phase: 'Running',
      podIP: '10.244.0.9',
      podIPs: [{ ip: '10.244.0.9' }],
      startTime: now,
      conditions: ['Initialized', 'PodScheduled', 'ContainersReady', 'Ready'].map(condition),
      containerStatuses: [
        {
          name: 'main',
          image: 'registry.k8s.io/pause:3.10',
          imageID: 'registry.k8s.io/pause@sha256:0',
          ready: true,
          restartCount: restarts,
          state: { running: { startedAt: now } },
        },
      ],
    },
  });
}

export default function () {
  const index = ownPod();
  http.put(`${target}/api/v1/namespaces/perf/pods/${podName(index)}/status`, withStatus(index, __ITER), json);
}
