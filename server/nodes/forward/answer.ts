import { createWebSocketStream } from 'ws';
import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import type { ApiResponse } from '../../http/message.ts';
import { reachNode } from '../connection.ts';
import { nodeOf, podOf } from '../pod-target.ts';
import {
  isWebSocketRequest,
  negotiateStreams,
  noSubprotocol,
  plainAnswer,
  spdyAnswer,
  upgradeRequestOf,
  webSocketAnswer,
  webSocketProtocolOf,
} from '../upgrade-request.ts';
import { type Forward, portProblem } from './forwarding.ts';
import { forwardSpdy } from './over-spdy.ts';
import { forwardProtocols, forwardWebSocket } from './over-web-socket.ts';

const spdyProtocol = 'portforward.k8s.io';
const tunnelProtocol = `SPDY/3.1+${spdyProtocol}`;

/** `pods/portforward`. */
export async function answerPortForward(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { request, info, query } = call;
  const pod = podOf(call);
  const node = reachNode(deps, nodeOf(pod));
  const raw = upgradeRequestOf(request);
  if (node.connection === undefined) {
    const { forwardToKubelet, forwardPath } = await import('../remote/forward.ts');
    return forwardToKubelet(call, node.remote, forwardPath(info, query));
  }
  const { connection } = node;
  const { uid } = pod.metadata ?? {};
  const target = { namespace: info.namespace, pod: info.name, ...(uid === undefined ? {} : { uid }) };
  const forward: Forward = (port) => connection.portForward(target, port);
  const { clock } = deps.registry;
  const name = uid ?? info.name;
  if (!isWebSocketRequest(request)) {
    const protocol = negotiateStreams(request, [spdyProtocol]);
    if (typeof protocol !== 'string') return protocol;
    return spdyAnswer(protocol, (transport) => forwardSpdy(transport, name, forward, clock));
  }
  const protocol = webSocketProtocolOf(request, [tunnelProtocol, ...forwardProtocols]);
  if (protocol === undefined) return noSubprotocol;
  if (protocol === tunnelProtocol) {
    return webSocketAnswer(raw, protocol, (socket) => forwardSpdy(createWebSocketStream(socket), name, forward, clock));
  }
  const texts = query.all('ports').flatMap((text) => text.split(','));
  if (texts.length === 0) return plainAnswer(400, 'query parameter "port" is required');
  const problem = texts.map(portProblem).find((text) => text !== undefined);
  if (problem !== undefined) return plainAnswer(400, problem);
  const ports = texts.map(Number);
  return webSocketAnswer(raw, protocol, (socket) =>
    forwardWebSocket(socket, { protocol, ports, pod: name, forward }, clock),
  );
}
