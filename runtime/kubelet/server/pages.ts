import { Readable } from 'node:stream';
import type { NodeRequest, NodeResponse } from '../../../api/streams/node-connection.ts';
import type { KubeletHost } from './kubelet-host.ts';

export function createPages(_host: KubeletHost): (request: NodeRequest) => Promise<NodeResponse> {
  return async () => ({ status: 404, headers: {}, body: Readable.from([]) });
}
