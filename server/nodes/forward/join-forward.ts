import { createWebSocketStream } from 'ws';
import type { Clock } from '../../../api/clock.ts';
import type { ApiRequest, ApiResponse } from '../../http/message.ts';
import type { Query } from '../../http/query.ts';
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

export interface AskedForward {
  readonly query: Query;
  readonly forward: Forward;
  /** As errors name the pod. */
  readonly name: string;
}

/** An upgrade to connections into a pod: as an API server and as a kubelet answer it. */
export function joinForward(request: ApiRequest, { query, forward, name }: AskedForward, clock: Clock): ApiResponse {
  const raw = upgradeRequestOf(request);
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
