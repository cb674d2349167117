// @ts-check
import { WebSocket } from 'k6/websockets';
import { headers, target } from './load.js';

/** @param {string} path */
export function openWatch(path) {
  // kube-apiserver wants an Origin.
  const socket = new WebSocket(`${target.replace(/^http/, 'ws')}${path}`, null, { headers: { Origin: target, ...headers } });
  socket.binaryType = 'arraybuffer';
  return socket;
}
