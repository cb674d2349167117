import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { LogOptions } from '../../api/streams/node-connection.ts';
import { rawRequestOf } from '../http/app.ts';
import type { ApiDeps, ResourceCall } from '../http/handlers/handler.ts';
import type { ApiResponse } from '../http/message.ts';
import { pump } from '../http/pump.ts';
import { reachNode } from './connection.ts';
import { logOptionsOf } from './log-options.ts';
import { containerOf, podOf, targetOf } from './pod-target.ts';
import { isWebSocketRequest, noSubprotocol, webSocketAnswer, webSocketProtocolOf } from './upgrade-request.ts';

const binary = 'binary.k8s.io';
const base64 = 'base64.binary.k8s.io';

/** `pods/log`. Upstream: LogREST and LocationStreamer. */
export async function answerLogs(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { query, info, request } = call;
  const options = logOptionsOf(query, info.name);
  const pod = podOf(call);
  const container = containerOf(pod, query.get('container'));
  const node = pod.spec?.nodeName ?? '';
  if (node === '') return { status: 204, headers: {} };
  const isWebSocket = isWebSocketRequest(request);
  const protocol = isWebSocket ? webSocketProtocolOf(request, [binary, base64]) : '';
  if (protocol === undefined) return noSubprotocol;
  const source = await openLogs(deps, { node, options }, targetOf(pod, container), call);
  const raw = isWebSocket ? rawRequestOf(request) : undefined;
  if (raw !== undefined) return webSocketAnswer(raw, protocol, (socket) => send(source, socket, protocol === base64));
  return {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    stream: (sink) => pump(source, sink, request.signal),
  };
}

interface Asked {
  readonly node: string;
  readonly options: LogOptions;
}

async function openLogs(
  deps: ApiDeps,
  { node, options }: Asked,
  target: ReturnType<typeof targetOf>,
  { request }: ResourceCall,
): Promise<Readable> {
  const { connection, remote } = reachNode(deps, node);
  if (connection !== undefined) return connection.logs(target, options, request.signal);
  const { fetchLogs } = await import('./remote/logs.ts');
  return fetchLogs(remote, { target, options, signal: request.signal });
}

/** One message for each piece, an empty one first. */
function send(source: Readable, socket: WebSocket, asText: boolean): void {
  const message = (chunk: Buffer): string | Buffer => (asText ? chunk.toString('base64') : chunk);
  socket.send(message(Buffer.alloc(0)));
  source.on('data', (chunk: Buffer) => {
    source.pause();
    socket.send(message(chunk), () => source.resume());
  });
  source.on('end', () => socket.close(1000));
  source.on('error', () => undefined);
  source.on('close', () => {
    if (!source.readableEnded) socket.terminate();
  });
  socket.on('close', () => source.destroy());
  socket.resume();
}
