import { badRequest, StatusError } from '../../../api/status.ts';
import type { NodeConnection } from '../../../api/streams/node-connection.ts';
import { answeredHeaders } from '../../aggregation/remote/front-proxy.ts';
import { rawRequestOf } from '../../http/app.ts';
import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import type { ApiResponse } from '../../http/message.ts';
import { networkErrorText } from '../../network-error.ts';
import { nodeNamed, reachNode } from '../connection.ts';
import { kubeletAddressOf, kubeletPortOf } from '../kubelet-address.ts';
import { isUpgradeRequest } from '../upgrade-request.ts';
import { answerFrom, backendHeaders, backendPathOf, redirectToRoot, throughProxy, withQuery } from './answer.ts';
import { serviceError } from './location.ts';
import { splitSchemeNamePort } from './scheme-name-port.ts';

/** `nodes/NAME/proxy`: the kubelet's own pages, or another port of the node. Upstream: registry/core/node ResourceLocation. */
export async function answerNodeProxy(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const asked = splitSchemeNamePort(call.info.name);
  if (asked === undefined) throw badRequest(`invalid node request ${JSON.stringify(call.info.name)}`);
  const { scheme, name, port } = asked;
  const node = nodeNamed(deps, name);
  if (port === '' || Number(port) === kubeletPortOf(node)) {
    const { connection, remote } = reachNode(deps, name);
    if (connection !== undefined) return fromKubelet(connection, call);
    return answerFrom(deps, call, { ...remote.address, isTls: true, isOutside: true, credential: remote.credential });
  }
  const { host } = kubeletAddressOf(node);
  if (!/^\d+$/.test(port)) throw serviceError(`dial tcp: lookup tcp/${port}: unknown port`);
  const isOutside = deps.nodes?.local()?.connectionTo(name) === undefined;
  return answerFrom(deps, call, { host, port: Number(port), isTls: scheme === 'https', isOutside });
}

async function fromKubelet(connection: NodeConnection, call: ResourceCall): Promise<ApiResponse> {
  const { request } = call;
  if (isUpgradeRequest(request))
    throw badRequest('connections to a node of this process are upgraded at its pods, not through the node');
  const path = backendPathOf(call);
  const redirect = path === '' ? redirectToRoot(call) : undefined;
  if (redirect !== undefined) return redirect;
  const raw = rawRequestOf(request);
  try {
    const { status, headers, body } = await connection.fetch({
      method: request.method,
      path: withQuery(path === '' ? '/' : path, request.query),
      headers: backendHeaders(request, false),
      signal: request.signal,
      ...(raw === undefined ? {} : { body: raw }),
    });
    return await throughProxy(call, { status, headers: answeredHeaders(headers), body }, { host: '', path });
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw serviceError(networkErrorText(error, { host: '', port: 0 }, ''));
  }
}
