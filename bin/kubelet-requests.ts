import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../api/clock.ts';
import { StatusError } from '../api/status.ts';
import type { ContainerName, NodeConnection } from '../api/streams/node-connection.ts';
import type { Handle } from '../server/http/app.ts';
import type { ApiRequest, ApiResponse } from '../server/http/message.ts';
import { pump } from '../server/http/pump.ts';
import { Query } from '../server/http/query.ts';
import { joinCommand } from '../server/nodes/command/join-command.ts';
import { joinForward } from '../server/nodes/forward/join-forward.ts';
import { plainAnswer } from '../server/nodes/upgrade-request.ts';

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
  const command = ({ request, query, parts }: Call, isExec: boolean): Promise<ApiResponse> => {
    const tty = query.bool('tty');
    const choice = {
      tty,
      stdin: query.bool('input') || query.bool('stdin'),
      stdout: query.bool('output') || query.bool('stdout'),
      stderr: !tty && (query.bool('error') || query.bool('stderr')),
    };
    const asked = { connection, target: targetOf(parts), isExec, command: query.all('command'), choice };
    return joinCommand(request, asked, clock);
  };

  const forward = ({ request, query, parts }: Call): ApiResponse => {
    const [namespace = '', pod = '', uid] = parts;
    const target = { namespace, pod, ...(uid === undefined ? {} : { uid }) };
    const open = (port: number) => connection.portForward(target, port);
    return joinForward(request, { query, forward: open, name: pod }, clock);
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
