import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import type { ApiResponse } from '../../http/message.ts';
import { reachNode } from '../connection.ts';
import { containerOf, nodeOf, podOf, targetOf } from '../pod-target.ts';
import { upgradeRequestOf } from '../upgrade-request.ts';
import { joinCommand } from './join-command.ts';
import type { StreamChoice } from './session.ts';

/** `pods/exec` and `pods/attach`. */
export async function answerCommand(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { query, request, info } = call;
  const pod = podOf(call);
  const container = containerOf(pod, query.get('container'));
  const node = reachNode(deps, nodeOf(pod));
  upgradeRequestOf(request);
  if (node.connection === undefined) {
    const { forwardToKubelet, commandPath } = await import('../remote/forward.ts');
    return forwardToKubelet(call, node.remote, commandPath(info, container, query));
  }
  const asked = {
    connection: node.connection,
    target: targetOf(pod, container),
    isExec: info.subresource === 'exec',
    command: query.all('command'),
    choice: choiceOf(call),
  };
  return joinCommand(request, asked, deps.registry.clock);
}

function choiceOf({ query }: ResourceCall): StreamChoice {
  const tty = query.bool('tty');
  const [stdin, stdout] = [query.bool('stdin'), query.bool('stdout')];
  // On a terminal both outputs are one.
  return { tty, stdin, stdout, stderr: query.bool('stderr') && !tty };
}
