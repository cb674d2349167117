import type { Clock } from '../../../api/clock.ts';
import { StatusError } from '../../../api/status.ts';
import type { ContainerName, NodeConnection } from '../../../api/streams/node-connection.ts';
import type { ApiRequest, ApiResponse } from '../../http/message.ts';
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

export interface AskedCommand {
  readonly connection: NodeConnection;
  readonly target: ContainerName;
  /** Else it is joined. */
  readonly isExec: boolean;
  readonly command: readonly string[];
  readonly choice: StreamChoice;
}

/** An upgrade to the streams of a command, or of a container's first process: as an API server and as a kubelet answer it. */
export async function joinCommand(request: ApiRequest, asked: AskedCommand, clock: Clock): Promise<ApiResponse> {
  const { connection, target, isExec, command, choice } = asked;
  const raw = upgradeRequestOf(request);
  if (!choice.stdin && !choice.stdout && !choice.stderr) return plainAnswer(400, noStreams);
  const run: Run = async (streams) => {
    if (isExec) return connection.exec(target, command, streams);
    await connection.attach(target, streams);
    return 0;
  };
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
