import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../api/clock.ts';
import { StatusError } from '../api/status.ts';
import type { ContainerName, NodeConnection } from '../api/streams/node-connection.ts';
import type { Handle } from '../server/http/app.ts';
import type { ApiRequest, ApiResponse } from '../server/http/message.ts';
import { Query } from '../server/http/query.ts';
import { joinSpdy, spdyCommandProtocols } from '../server/nodes/command/over-spdy.ts';
import { commandProtocols, joinWebSocket } from '../server/nodes/command/over-web-socket.ts';
import { type CommandSession, type Run, startSession } from '../server/nodes/command/session.ts';
import { forwardSpdy } from '../server/nodes/forward/over-spdy.ts';
import { pump } from '../server/nodes/pump.ts';
import {
  isWebSocketRequest,
  negotiateStreams,
  noSubprotocol,
  plainAnswer,
  spdyAnswer,
  upgradeRequestOf,
  webSocketAnswer,
  webSocketProtocolOf,
} from '../server/nodes/upgrade-request.ts';

const forwardProtocol = 'portforward.k8s.io';

export interface KubeletRequestsOptions {
  readonly connection: NodeConnection;
  readonly clock: Clock;
}

interface Call {
  readonly request: ApiRequest;
  readonly query: Query;
  /** Of the path, after the first segment. */
  readonly parts: readonly string[];
}

/** `/namespace/pod/container` or `/namespace/pod/uid/container`. */
function targetOf([namespace = '', pod = '', third = '', fourth]: readonly string[]): ContainerName {
  if (fourth === undefined) return { namespace, pod, container: third };
  return { namespace, pod, uid: third, container: fourth };
}

/** A kubelet's HTTP: its pages, and what API servers upgrade. */
export function createKubeletHandle({ connection, clock }: KubeletRequestsOptions): Handle {
  const command = async ({ request, query, parts }: Call, isExec: boolean): Promise<ApiResponse> => {
    const target = targetOf(parts);
    const choice = {
      tty: query.bool('tty'),
      stdin: query.bool('input'),
      stdout: query.bool('output'),
      stderr: query.bool('error') && !query.bool('tty'),
    };
    if (!choice.stdin && !choice.stdout && !choice.stderr)
      return plainAnswer(400, 'you must specify at least 1 of stdin, stdout, stderr');
    const words = query.all('command');
    const run: Run = async (streams) => {
      if (isExec) return connection.exec(target, words, streams);
      await connection.attach(target, streams);
      return 0;
    };
    const raw = upgradeRequestOf(request);
    const start = async (): Promise<CommandSession> => {
      const session = await startSession(run, choice, words, clock);
      request.signal.addEventListener('abort', session.abandon, { once: true });
      const failing = isExec ? 'error executing command in container' : 'error attaching to container';
      const outcome = session.outcome.then((end) =>
        'failure' in end ? { failure: `${failing}: ${end.failure}` } : end,
      );
      return { ...session, outcome };
    };
    if (isWebSocketRequest(request)) {
      const protocol = webSocketProtocolOf(request, commandProtocols);
      if (protocol === undefined) return noSubprotocol;
      const session = await start();
      return webSocketAnswer(raw, protocol, (socket) => joinWebSocket(session, socket, protocol, clock));
    }
    const protocol = negotiateStreams(request, spdyCommandProtocols);
    if (typeof protocol !== 'string') return protocol;
    const session = await start();
    return spdyAnswer(protocol, (transport) => joinSpdy(session, transport, protocol, clock));
  };

  const forward = ({ request, parts }: Call): ApiResponse => {
    const [namespace = '', pod = '', uid] = parts;
    const target = { namespace, pod, ...(uid === undefined ? {} : { uid }) };
    const open = (port: number) => connection.portForward(target, port);
    upgradeRequestOf(request);
    const protocol = negotiateStreams(request, [forwardProtocol]);
    if (typeof protocol !== 'string') return protocol;
    return spdyAnswer(protocol, (transport) => forwardSpdy(transport, pod, open, clock));
  };

  /** `POST /run/…?cmd=`: the program's output, whatever its exit code. */
  const run = async ({ request, query, parts }: Call): Promise<ApiResponse> => {
    const output = new PassThrough();
    const streams = { stdout: output, stderr: output, isTerminal: false, signal: request.signal };
    const text = buffer(output);
    await connection.exec(targetOf(parts), query.get('cmd').split(' '), streams);
    output.end();
    return { status: 200, headers: { 'content-type': 'application/json' }, body: await text };
  };

  const fetchPage = async ({ request }: Call): Promise<ApiResponse> => {
    const { method, headers, signal } = request;
    const path = request.query === '' ? request.path : `${request.path}?${request.query}`;
    const page = await connection.fetch({ method, path, headers, signal });
    const body: Readable = page.body;
    return { status: page.status, headers: page.headers, stream: (sink) => pump(body, sink, signal) };
  };

  return async (request) => {
    const [, first = '', ...parts] = request.path.split('/').map(decodeURIComponent);
    const call = { request, parts, query: new Query(request.query) };
    try {
      switch (first) {
        case 'exec':
        case 'attach':
          return await command(call, first === 'exec');
        case 'portForward':
          return forward(call);
        case 'run':
          return request.method === 'POST' ? await run(call) : plainAnswer(405, '405: Method Not Allowed');
        default:
          return await fetchPage(call);
      }
    } catch (error) {
      if (error instanceof StatusError) return plainAnswer(error.code, error.message);
      return plainAnswer(500, error instanceof Error ? error.message : String(error));
    }
  };
}
