import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import type { ApiResponse } from '../../http/message.ts';
import { reachNode } from '../connection.ts';
import { nodeOf, podOf } from '../pod-target.ts';
import { upgradeRequestOf } from '../upgrade-request.ts';
import type { Forward } from './forwarding.ts';
import { joinForward } from './join-forward.ts';

/** `pods/portforward`. */
export async function answerPortForward(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { request, info, query } = call;
  const pod = podOf(call);
  const node = reachNode(deps, nodeOf(pod));
  upgradeRequestOf(request);
  if (node.connection === undefined) {
    const { forwardToKubelet, forwardPath } = await import('../remote/forward.ts');
    return forwardToKubelet(call, node.remote, forwardPath(info, query));
  }
  const { connection } = node;
  const { uid } = pod.metadata ?? {};
  const target = { namespace: info.namespace, pod: info.name, ...(uid === undefined ? {} : { uid }) };
  const forward: Forward = (port) => connection.portForward(target, port);
  return joinForward(request, { query, forward, name: uid ?? info.name }, deps.registry.clock);
}
