import { StatusError } from '../../../api/status.ts';
import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import type { ApiResponse } from '../../http/message.ts';
import { reachNode } from '../connection.ts';
import { containerOf, nodeOf, podOf, targetOf } from '../pod-target.ts';
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
import { joinSpdy, spdyCommandProtocols } from './over-spdy.ts';
import { commandProtocols, joinWebSocket } from './over-web-socket.ts';
import { type CommandSession, type Run, type StreamChoice, startSession } from './session.ts';

const noStreams = 'you must specify at least 1 of stdin, stdout, stderr';

/** `pods/exec` and `pods/attach`. */
export async function answerCommand(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { query, request, info } = call;
  const pod = podOf(call);
  const container = containerOf(pod, query.get('container'));
  const node = reachNode(deps, nodeOf(pod));
  const raw = upgradeRequestOf(request);
  if (node.connection === undefined) {
    const { forwardToKubelet, commandPath } = await import('../remote/forward.ts');
    return forwardToKubelet(call, node.remote, commandPath(info, container, query));
  }
  const choice = choiceOf(call);
  if (!choice.stdin && !choice.stdout && !choice.stderr) return plainAnswer(400, noStreams);
  const { connection } = node;
  const target = targetOf(pod, container);
  const command = query.all('command');
  const isExec = info.subresource === 'exec';
  const run: Run = async (streams) => {
    if (isExec) return connection.exec(target, command, streams);
    await connection.attach(target, streams);
    return 0;
  };
  const { clock } = deps.registry;
  const start = async (): Promise<CommandSession> => {
    const session = await startSession(run, choice, command, clock);
    const failing = isExec ? 'error executing command in container' : 'error attaching to container';
    request.signal.addEventListener('abort', session.abandon, { once: true });
    return {
      ...session,
      outcome: session.outcome.then((end) => ('failure' in end ? { failure: `${failing}: ${end.failure}` } : end)),
    };
  };
  try {
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
  } catch (error) {
    // A kubelet answers in plain text, which goes to the client as it is.
    if (error instanceof StatusError) return plainAnswer(error.code, error.message);
    throw error;
  }
}

function choiceOf({ query }: ResourceCall): StreamChoice {
  const tty = query.bool('tty');
  const [stdin, stdout] = [query.bool('stdin'), query.bool('stdout')];
  // On a terminal both outputs are one.
  return { tty, stdin, stdout, stderr: query.bool('stderr') && !tty };
}
