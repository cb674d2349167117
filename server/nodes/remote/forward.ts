import { badRequest, StatusError } from '../../../api/status.ts';
import { answeredHeaders } from '../../aggregation/remote/front-proxy.ts';
import type { ResourceCall } from '../../http/handlers/handler.ts';
import type { ApiResponse } from '../../http/message.ts';
import type { Query } from '../../http/query.ts';
import type { ResourceRequest } from '../../http/request-info.ts';
import { InvalidUpgrade, upgraded } from '../../http/upgraded-backend.ts';
import { networkErrorText } from '../../network-error.ts';
import type { RemoteKubelet } from '../connection.ts';
import { backendHeaders } from '../proxy/answer.ts';
import { sendTo } from '../proxy/exchange.ts';
import { isWebSocketRequest } from '../upgrade-request.ts';

/** What a kubelet calls the streams. */
const streamParameters = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;

export function commandPath(
  { subresource, namespace, name }: ResourceRequest,
  container: string,
  query: Query,
): string {
  const parameters = new URLSearchParams();
  for (const [ours, theirs] of Object.entries(streamParameters)) if (query.bool(ours)) parameters.append(theirs, '1');
  for (const word of query.all('command')) parameters.append('command', word);
  return `/${subresource}/${namespace}/${name}/${container}?${parameters}`;
}

export function forwardPath({ namespace, name }: ResourceRequest, query: Query): string {
  const ports = query.all('ports').join(',');
  return `/portForward/${namespace}/${name}${ports === '' ? '' : `?port=${encodeURIComponent(ports)}`}`;
}

/** The upgrade itself goes on to the kubelet: from there on this server only carries bytes. */
export async function forwardToKubelet(
  { request }: ResourceCall,
  { address, credential }: RemoteKubelet,
  path: string,
): Promise<ApiResponse> {
  // Clients take that for a reason to fall back on SPDY, which every kubelet speaks.
  if (isWebSocketRequest(request) && !address.speaksWebSocket)
    throw badRequest('the kubelet of this node does not speak WebSocket: SPDY/3.1 is required');
  const outgoing = sendTo(
    { host: address.host, port: address.port, isTls: true, credential },
    { method: request.method, path, headers: backendHeaders(request, true) },
    undefined,
    request.signal,
  );
  outgoing.end();
  try {
    return await upgraded(outgoing, answeredHeaders);
  } catch (error) {
    const text =
      error instanceof InvalidUpgrade
        ? error.message
        : `error dialing backend: ${networkErrorText(error, address, address.host)}`;
    throw new StatusError('', text, { cause: error });
  }
}
