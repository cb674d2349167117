// @ts-check
// Lists the pods of one node at random, as a kubelet that starts.
// Environment: as shared/load.js says.
import http from 'k6/http';
import { params, pods, target } from './shared/load.js';

export { handleSummary, options } from './shared/load.js';

// The preload gives every node 30 pods.
const nodes = Math.ceil(pods / 30);

export default function () {
  const node = `node-${Math.floor(Math.random() * nodes)}`;
  http.get(`${target}/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`, params);
}
